"""The bytes of an uploaded file in rows: any worker reads them, also on another machine, one part at a time."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable, Iterator

from django.db import transaction

from leads import sql
from leads.models import FileImport, FilePart

# Bytes of a part.
PART = 1 << 20


def store(file: FileImport, pieces: Iterable[bytes]) -> None:
    """Write a new file and its bytes, all or nothing. A worker that is woken afterwards checks it."""
    with transaction.atomic(using=sql.alias()):
        file.size = 0
        file.save(force_insert=True)
        for number, data in enumerate(_cut(pieces)):
            FilePart.objects.create(file=file, number=number, data=data)
            file.size += len(data)
        file.save(update_fields=["size"])


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        rest += piece
        while len(rest) >= PART:
            yield rest[:PART]
            rest = rest[PART:]
    if rest:
        yield rest


def opened(file: FileImport) -> io.BufferedReader:
    """Return the file as it was uploaded, to be read and sought in."""
    return io.BufferedReader(_Stored(file.pk, file.size))


class _Stored(io.RawIOBase):
    """The parts as one file."""

    def __init__(self, file: uuid.UUID, size: int) -> None:
        super().__init__()
        self._file, self._size = file, size
        self._at = 0
        # The part that was read last.
        self._number, self._part = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any buffer, as the class below says
        """Fill the buffer, at most to the end of a part. Raises LookupError when the part was deleted."""
        if self._at >= self._size:
            return 0
        number, start = divmod(self._at, PART)
        if number != self._number:
            data = FilePart.objects.filter(file=self._file, number=number).values_list("data", flat=True).first()
            if data is None:
                raise LookupError("The uploaded file is not there any more.")
            self._number, self._part = number, bytes(data)
        some = self._part[start : start + len(buffer)]
        buffer[: len(some)] = some
        self._at += len(some)
        return len(some)
