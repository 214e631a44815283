"""Check and import uploaded files: each batch of rows, what is refused of it, and the place in the file are one commit.

So a worker that dies at any moment leaves whole batches; the next one reads the file again and goes on below them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from typing import Any

from django.utils import timezone

from enrow_webhooks.client.scrub import describe, log_failure
from enrow_webhooks.transactions import owned
from leads import sql
from leads.csvfiles.careful import Chunk, Read
from leads.csvfiles.columns import HeaderError
from leads.csvfiles.importing import Keeper, fill
from leads.csvfiles.outcome import BadRow, Imported, Written
from leads.csvfiles.target import Mode
from leads.mapping import registry
from leads.models import FileImport, FileNote
from leads.models.uploads import FileImportQuerySet
from leads.uploads import leftovers, parts

logger = logging.getLogger(__name__)

State = FileImport.State
# Each batch renews it; a worker that died keeps its file waiting for as long as this.
LEASE = dt.timedelta(minutes=2)
# Workers that may die, or fail, over a file before a person has to look.
_MOST_CLAIMS = 5
# What is shown of a file that was checked, and what is counted.
_PREVIEW = ("titles", "columns", "left_out_columns", "program", "told", "unit", "first_rows")
_COUNTS = ("created", "updated", "kept", "bad", "known_by", "found_by", "remarked", "left_out")


class _Lost(Exception):  # noqa: N818 - it is an answer, no error
    """The file was cancelled, or taken by another worker."""


def work_next() -> bool:
    """Check or import the file that has waited longest; return False when there is none."""
    due = list(FileImport.objects.due().values_list("pk", flat=True)[:20])
    return any(map(work_on, due))


def work_on(pk: uuid.UUID) -> bool:
    """Check or import this file to its end; return False where another worker has it."""
    if not FileImport.objects.claim(pk, lease=LEASE):
        return False
    file = FileImport.objects.get(pk=pk)
    try:
        if file.claims_without_progress > _MOST_CLAIMS:
            _end(file, State.FAILED, note=file.note or "No worker gets through this file.")
        else:
            _work(file)
    except _Lost:
        logger.info("File %s is another worker's, or was cancelled.", pk)
    except Exception as error:  # noqa: BLE001 - a project's own code and database may raise anything
        # The lease lets it be tried again; it may be well by then.
        log_failure(logger, error, "File %s could not be read to its end; it is tried again:", pk)
        _mine(file).update(note=f"It failed, and is tried again: {describe(error)}"[:300])
    return True


def _mine(file: FileImport) -> FileImportQuerySet:
    return FileImport.objects.filter(pk=file.pk, state=file.state, claims=file.claims)


def _work(file: FileImport) -> None:
    is_check = file.state == State.CHECKING
    if is_check or not file.line:
        leftovers.delete_notes(file.pk)
    mapping = registry.labelled(file.model)
    if mapping is None:
        raise LookupError(f"{file.model} is not mapped any more.")
    done = _Whole(**({} if is_check else file.counts))
    mode = Mode(update=file.update, dry_run=is_check)
    try:
        with parts.opened(file) as stream:
            fill(stream, mapping, mode, done, chosen=file.chosen, keeper=_Kept(file, stream))
    except HeaderError as error:
        # With its titles a person can say what the columns are.
        can_be_mapped = is_check and bool(done.titles)
        _end(file, State.READY if can_be_mapped else State.FAILED, done, note=str(error)[:300])
        return
    _end(file, State.READY if is_check else State.FINISHED, done)


def _end(file: FileImport, state: State, done: Imported | None = None, *, note: str = "") -> None:
    """Note what a file came to. Raises _Lost where it is not ours any more."""
    values: dict[str, Any] = {"state": state, "note": note, "claims_without_progress": 0}
    if done is not None and file.state == State.CHECKING:
        values |= {"preview": _some(done, _PREVIEW), "counts": _some(done, _COUNTS), "rows_in_file": _rows(done)}
    if state in FileImport.ENDED:
        # The titles stand above the refused rows.
        titles = file.preview.get("titles", []) if done is not None and done.bad else []
        values |= {"ended_at": timezone.now(), "preview": {"titles": titles} if titles else {}}
    if not _mine(file).update(**values):
        raise _Lost
    if state in FileImport.ENDED:
        leftovers.delete_parts(file.pk)


def _some(done: Imported, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(done, name) for name in names}


def _rows(done: Imported) -> int:
    return done.created + done.updated + done.kept + done.bad


@dataclass(slots=True, kw_only=True, repr=False)
class _Whole(Imported):
    """What an import came to, with all that was refused since it was stored last."""

    def refuse(self, row: BadRow) -> None:
        """Count a row that is not imported."""
        self.bad += 1
        self.bad_rows.append(row)

    def remark(self, remarks: Mapping[int, str]) -> None:
        """Count what has to be told of rows."""
        self.remarked += len(remarks)
        self.remarks += [BadRow(line=line, sentence=f"{self.unit} {line}: {remarks[line]}") for line in sorted(remarks)]

    def with_written(self, written: Written, count: int) -> _Whole:
        """Return what it comes to with so many rows more."""
        whole = dataclasses.replace(self, bad_rows=[*self.bad_rows], remarks=[*self.remarks])
        whole.add(written, count)
        return whole


class _Kept(Keeper):
    """Keeps in the row of the file what an import has come to, and the lease."""

    def __init__(self, file: FileImport, stream: BufferedReader) -> None:
        super().__init__()
        self._file, self._stream = file, stream
        self.line = file.line if file.state == State.IMPORTING else 0

    def commit(self, alias: str, done: Imported, count: int, chunk: Chunk, work: Callable[[], Written]) -> None:
        """Write rows, and where the import is by now. Raises _Lost where the file is not ours any more.

        Leads in another database are committed just before: a worker that dies between both leaves a batch that is
        imported again, and whoever can be recognised is found there.
        """
        own = alias == sql.alias()
        written = sql.transact(partial(self._commit, done, count, chunk, work if own else partial(owned, alias, work)))
        done.add(written, count)
        done.bad_rows.clear()
        done.remarks.clear()

    def _commit(self, done: Imported, count: int, chunk: Chunk, work: Callable[[], Written]) -> Written:
        # First, so that the row is locked: another worker waits, and then it is too late for that one.
        if not _mine(self._file).update(next_work_at=timezone.now() + LEASE):
            raise _Lost
        written = work()
        assert isinstance(done, _Whole)  # noqa: S101 - said for mypy: it is made above
        self._keep(done.with_written(written, count), chunk)
        return written

    def _keep(self, done: Imported, chunk: Chunk) -> None:
        FileNote.objects.bulk_create(_notes(self._file, done, chunk), batch_size=1000)
        values: dict[str, Any] = {"rows": _rows(done), "read": self._stream.tell(), "note": ""}
        if self._file.state == State.IMPORTING:
            values |= {"line": chunk.lines[-1], "counts": _some(done, _COUNTS), "claims_without_progress": 0}
        _mine(self._file).update(**values)


def _notes(file: FileImport, done: Imported, chunk: Chunk) -> list[FileNote]:
    """Return what is to be told of rows; a row that is refused comes with its cells, so that it can be corrected."""
    if not (done.bad_rows or done.remarks):
        return []
    cells = dict(zip(chunk.lines, chunk.rows, strict=True))
    refused = [
        FileNote(file=file, line=row.line, is_refused=True, sentence=_safe(row.sentence), cells=_json(cells[row.line]))
        for row in done.bad_rows
    ]
    told = [FileNote(file=file, line=row.line, is_refused=False, sentence=_safe(row.sentence)) for row in done.remarks]
    return refused + told


def _json(read: Read) -> str:
    return _safe(json.dumps(read, ensure_ascii=False)) if isinstance(read, list) else ""


def _safe(text: str) -> str:
    """Return the text without what no database holds: NUL, and bytes that are no UTF-8."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
