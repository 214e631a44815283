"""The bytes of a file as text, and as blocks of whole lines; what is no text is refused with a sentence.

UTF-8 comes with or without a mark, UTF-16 with one. A byte that is no UTF-8 becomes a lone surrogate, so that only its
own cell is refused later.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from leads.csvfiles.columns import HeaderError

# Bytes that are read at once: large enough for csv.reader to work without interruption.
BLOCK = 1 << 18
# Characters of one line or one row. A longer one is refused without being kept in memory.
MOST = 1_000_000

# A line that is closed, and its end. Python on Windows writes two carriage returns where a file was opened wrongly.
_FIRST_LINE = re.compile(r'(?:[^"\r\n]++|"(?:[^"]++|"")*+")*+(\r*+\n|\r)')
_SAVE = "save it as 'CSV UTF-8' or .xlsx."
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# How files begin that people take for a table; https://en.wikipedia.org/wiki/List_of_file_signatures
_FOREIGN = {
    b"\xd0\xcf\x11\xe0": f"The file is an old Excel workbook (.xls), or one with a password; open it and {_SAVE}",
    b"%PDF": f"The file is a PDF; open the table in a spreadsheet and {_SAVE}",
    b"\x1f\x8b": "The file is compressed (gzip); unpack it first.",
    b"{\\rtf": f"The file is a text document (RTF); open the table in a spreadsheet and {_SAVE}",
    b"SQLite format 3": "The file is an SQLite database; export the table as CSV.",
    b"PAR1": "The file is a Parquet table; export it as CSV.",
}
_MARKUP = (b"<?xml", b"<!doctype", b"<html", b"<table", b"<head", b"<meta", b"<style", b"<body", b"<div")


def head_of(file: BinaryIO) -> bytes:
    """Return the first block, also of a pipe that gives fewer bytes at a time."""
    head = b""
    while len(head) < BLOCK and (more := file.read(BLOCK - len(head))):
        head += more
    return head


def texts(head: bytes, file: BinaryIO) -> Iterator[str]:
    """Yield the text that begins with these bytes and goes on in the file. Raises HeaderError for what is no text."""
    _refuse_foreign(head)
    encoding = next((name for mark, name in _UTF_16.items() if head.startswith(mark)), "utf-8")
    # UTF-16 knows no lone bytes; half a pair comes as the lone surrogate that it is.
    errors = "surrogateescape" if encoding == "utf-8" else "surrogatepass"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    blocks = itertools.chain([head], iter(lambda: file.read(BLOCK), b""))
    first = True
    for block in blocks:
        text = decoder.decode(block)
        yield text.removeprefix("\ufeff") if first else text
        first = False
    # What is left is half a character: the file is cut.
    if decoder.getstate()[0]:
        yield "\udcff"


def _refuse_foreign(head: bytes) -> None:
    """Raise HeaderError when the file is no text in an encoding that is read."""
    for begin, sentence in _FOREIGN.items():
        if head.startswith(begin):
            raise HeaderError(sentence)
    if head.removeprefix(codecs.BOM_UTF8).lstrip()[:16].lower().startswith(_MARKUP):
        raise HeaderError(
            f"The file is a web page or XML, whatever its name says; open it in a spreadsheet and {_SAVE}"
        )
    line = head.partition(b"\n")[0]
    marked = head.startswith(tuple(_UTF_16)) and not head.startswith(_UTF_32)
    if not marked and (b"\x00" in line or head.startswith(_UTF_32)):
        raise HeaderError(f"The file is not UTF-8 text (UTF-16 is read only with a mark at its begin); {_SAVE}")


def line_end(text: str) -> str:
    r"""Return what ends the lines: "\r" in files of an old Mac, else "\n", with or without "\r" before it.

    The first line says it; if no quote is left open there.
    """
    if first := _FIRST_LINE.match(text):
        return "\r" if first[1] == "\r" else "\n"
    return "\r" if "\r" in text and "\n" not in text else "\n"


class Blocks(Iterator[str]):
    """Whole lines, some at a time, without the end of the last one; a last line without an end comes by itself."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = iter(pieces)
        self._rest = next(self._pieces, "")
        self.end = line_end(self._rest)
        # Whether the last line of the file came, and had no end.
        self.unended = False
        self._blocks = self._split()

    def __next__(self) -> str:
        return next(self._blocks)

    def _split(self) -> Iterator[str]:
        # Parts of a line whose end has not come yet; of a line that is too long only so much that it is refused.
        parts: list[str] = []
        kept = 0
        for piece in itertools.chain([self._rest], self._pieces):
            whole, found, rest = piece.rpartition(self.end)
            if found:
                yield "".join([*parts, whole])
                parts, kept = [], 0
            if rest and kept <= MOST:
                parts.append(rest)
                kept += len(rest)
        if parts:
            self.unended = True
            yield "".join(parts)
