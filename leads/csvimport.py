"""Leads from a CSV file: streamed, in batches of a constant number of queries. A bad row is named, the rest goes on."""

from __future__ import annotations

import csv
import io
import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from django.db import DataError, IntegrityError, transaction

from leads import csvupdate, sql
from leads.csvcolumns import CellError, Column, HeaderError, columns_of
from leads.models import get_lead_model
from leads.models.leads import new_crm_id

BATCH = 2000
# Bad rows that are kept to show them; the others are only counted.
_SHOWN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that was not imported."""

    line: int
    # One sentence for the person who mends the file.
    sentence: str


@dataclass(slots=True, kw_only=True)
class Imported:
    """What an import came to."""

    created: int = 0
    updated: int = 0
    # Leads that were there already and were left alone.
    kept: int = 0
    bad: int = 0
    # The first of the bad rows.
    bad_rows: list[BadRow] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)

    def refuse(self, row: BadRow) -> None:
        """Count a row that is not imported."""
        self.bad += 1
        if self.bad <= _SHOWN:
            self.bad_rows.append(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that can be stored: where it stands, and its values; blank cells are left out."""

    line: int
    values: dict[str, Any]

    @property
    def crm_id(self) -> str:
        """The lead it speaks of."""
        return str(self.values["crm_id"])


def import_leads(file: BinaryIO, *, update: bool = False, watch: Callable[[Imported], None] | None = None) -> Imported:
    """Create a lead per row; with ``update`` also write the filled cells onto leads that are there.

    A row without a crm_id gets one made up. ``watch`` is called after each batch. The model's signals are not sent.
    Raises HeaderError when the file cannot be read as a table of leads.
    """
    done = Imported()
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        lines, table = _open(text)
        columns, done.ignored_columns = columns_of(lines)
        rows = _rows(table, len(lines), columns, done)
        while batch := list(itertools.islice(rows, BATCH)):
            _store(batch, columns, done, update=update)
            if watch:
                watch(done)
    finally:
        text.detach()
    return done


def _open(text: io.TextIOWrapper) -> tuple[list[str], _Table]:
    """Return the header and the reader of what follows."""
    head = text.readline()
    if "\x00" in head or "\udcff" in head:
        raise HeaderError("The file is not UTF-8 text; save it as 'CSV UTF-8'.")
    # csv.Sniffer guesses from letters where it finds no comma; the header itself knows.
    table = _Table(itertools.chain([head], text), delimiter=max(",;\t", key=head.count))
    for _, cells in table:
        if isinstance(cells, list):
            return cells, table
    raise HeaderError("The file is empty; its first line must name the columns.")


class _Table:
    """csv.reader with the line on which each row begins, going on behind a row that it cannot read."""

    def __init__(self, lines: Iterator[str], *, delimiter: str) -> None:
        self._reader = csv.reader(lines, delimiter=delimiter)

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]:
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, f"cannot be read up to line {self._reader.line_num} ({error}); is a quote left open?"
            else:
                if any(map(str.strip, cells)):
                    yield line, cells


def _rows(table: _Table, width: int, columns: Sequence[Column], done: Imported) -> Iterator[Row]:
    """Yield the rows that can be stored, each crm_id once; what cannot is refused."""
    with _Seen() as seen:
        for line, cells in table:
            try:
                row = _row(line, cells, width, columns)
                earlier = seen.note(row)
            except CellError as error:
                done.refuse(BadRow(line=line, sentence=f"Line {line}: {error}"))
                continue
            if earlier:
                sentence = f"Line {line}: crm_id {row.crm_id!r} stands in line {earlier} already."
                done.refuse(BadRow(line=line, sentence=sentence))
            else:
                yield row


def _row(line: int, cells: list[str] | str, width: int, columns: Sequence[Column]) -> Row:
    if isinstance(cells, str):
        raise CellError(cells)
    if len(cells) != width:
        raise CellError(f"it has {len(cells)} cells, the header has {width}; is a cell with a comma not in quotes?")
    values = {column.field.name: column.read(cells[column.place]) for column in columns}
    filled = {name: value for name, value in values.items() if value is not None}
    return Row(line=line, values={"crm_id": new_crm_id()} | filled)


class _Seen:
    """The crm_ids of the file so far, in a temporary file: a million of them would fill the memory."""

    def __enter__(self) -> _Seen:
        # The blank name is SQLite's own temporary database, gone when closed. Nothing is ever committed.
        self._rows = sqlite3.connect("")
        self._rows.execute("CREATE TABLE seen (crm_id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        return self

    def __exit__(self, *error: object) -> None:
        self._rows.close()

    def note(self, row: Row) -> int:
        """Remember the row; return the line that had its crm_id before, 0 for none."""
        if self._rows.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (row.crm_id, row.line)).rowcount:
            return 0
        return int(self._rows.execute("SELECT line FROM seen WHERE crm_id = ?", (row.crm_id,)).fetchone()[0])


def _store(rows: Sequence[Row], columns: Sequence[Column], done: Imported, *, update: bool) -> None:
    """Write rows in one transaction; where the database refuses, halve them until the culprit stands alone."""
    try:
        with transaction.atomic(using=sql.alias()):
            known = _known(rows, columns, update=update)
            new = [row for row in rows if row.crm_id not in known]
            model = get_lead_model()
            model._default_manager.using(sql.alias()).bulk_create(model(**row.values) for row in new)
    except (IntegrityError, DataError) as error:
        if len(rows) == 1:
            reason = str(error).partition("\n")[0]
            done.refuse(BadRow(line=rows[0].line, sentence=f"Line {rows[0].line}: the database refuses it ({reason})."))
            return
        for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
            _store(half, columns, done, update=update)
    else:
        done.created += len(new)
        done.updated += len(known) if update else 0
        done.kept += 0 if update else len(known)


def _known(rows: Sequence[Row], columns: Sequence[Column], *, update: bool) -> set[str]:
    """Return the crm_ids that are there already; with ``update`` they are updated."""
    names = [column.field for column in columns if column.field.name != "crm_id"]
    if update and names:
        return csvupdate.update([row.values for row in rows], names)
    leads = get_lead_model()._default_manager.using(sql.alias())
    return set(leads.filter(crm_id__in=[row.crm_id for row in rows]).values_list("crm_id", flat=True))
