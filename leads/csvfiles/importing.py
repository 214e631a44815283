"""Leads from a CSV file: streamed, in batches of a constant number of queries. A bad row is named and left out."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from django.db import DataError, IntegrityError

from leads import sql
from leads.csvfiles import storing
from leads.csvfiles.columns import CellError, Column, columns_of, known_titles
from leads.csvfiles.tables import open_table
from leads.models.leads import new_crm_id

BATCH = 5000
# Bad rows that are kept to show them; the others are only counted.
_SHOWN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that was not imported."""

    line: int
    # One sentence for the person who fixes the file.
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
    # What was passed over and is no row, in sentences: notes above the header, headers inside.
    told: list[str] = field(default_factory=list)
    # What the number of a row counts: "Line" of a text, "Row" of a sheet.
    unit: str = "Line"

    def refuse(self, row: BadRow) -> None:
        """Count a row that is not imported."""
        self.bad += 1
        if self.bad <= _SHOWN:
            self.bad_rows.append(row)


@dataclass(slots=True, kw_only=True)
class RowBatch:
    """Rows that can be stored: the lines on which they begin, and by the name of each field what they say."""

    lines: list[int]
    cells: storing.Cells

    def part(self, start: int, stop: int) -> RowBatch:
        """Return some of the rows."""
        cells = {name: values[start:stop] for name, values in self.cells.items()}
        return RowBatch(lines=self.lines[start:stop], cells=cells)

    def only(self, kept: Collection[bool]) -> RowBatch:
        """Return the rows for which ``kept`` is true."""
        if all(kept):
            return self
        cells = {name: list(itertools.compress(values, kept)) for name, values in self.cells.items()}
        return RowBatch(lines=list(itertools.compress(self.lines, kept)), cells=cells)


def import_leads(file: BinaryIO, *, update: bool = False, watch: Callable[[Imported], None] | None = None) -> Imported:
    """Create a lead per row; with ``update`` also write the filled cells onto leads that are there.

    A row without a crm_id gets one generated. ``watch`` is called after each batch. The model's signals are not sent.
    Raises HeaderError when the file cannot be read as a table of leads.
    """
    done = Imported()
    table = open_table(file, titles=known_titles())
    columns, done.ignored_columns = columns_of(table.header)
    done.unit = table.unit
    with _Seen() as seen:
        rows = iter(table)
        while read := list(itertools.islice(rows, BATCH)):
            _store(_batch(read, columns, seen, done), done, update=update)
            if watch:
                watch(done)
    done.told = table.told
    return done


def _batch(
    read: Sequence[tuple[int, list[str] | str]], columns: Sequence[Column], seen: _Seen, done: Imported
) -> RowBatch:
    """Return the rows that can be stored, each crm_id of the file once; what cannot is refused."""
    bad: dict[int, str] = {}
    lines, whole = [], []
    for line, cells in read:
        if isinstance(cells, str):
            bad[line] = cells
        else:
            lines.append(line)
            whole.append(cells)
    batch = _typed(lines, whole, columns, bad)
    repeats = seen.note(batch)
    bad |= repeats
    for line in sorted(bad):
        done.refuse(BadRow(line=line, sentence=f"{done.unit} {line}: {bad[line]}"))
    return batch.only([line not in repeats for line in batch.lines])


def _typed(lines: list[int], cells: list[list[str]], columns: Sequence[Column], bad: dict[int, str]) -> RowBatch:
    """Return the rows with their values, column by column; a row with a wrong cell goes to the bad ones."""
    by_place = list(zip(*cells, strict=True))
    values: dict[str, list[Any]] = {"crm_id": [None] * len(cells)}
    values |= {column.field.name: column.read(by_place[column.place]) if cells else [] for column in columns}
    values["crm_id"] = [crm_id or new_crm_id() for crm_id in values["crm_id"]]
    wrong: dict[int, str] = {}
    for column in reversed(columns):
        cells_of_lines = zip(lines, values[column.field.name], strict=True)
        wrong |= {line: str(value) for line, value in cells_of_lines if type(value) is CellError}
    bad |= wrong
    return RowBatch(lines=lines, cells=values).only([line not in wrong for line in lines])


class _Seen:
    """The crm_ids of the file so far, in a temporary file: a million of them would fill the memory."""

    def __enter__(self) -> _Seen:
        # The blank name is SQLite's own temporary database, gone when closed. Nothing is ever committed.
        self._rows = sqlite3.connect("")
        self._rows.execute("CREATE TABLE seen (crm_id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        return self

    def __exit__(self, *error: object) -> None:
        self._rows.close()

    def note(self, batch: RowBatch) -> dict[int, str]:
        """Remember the rows; return a sentence for the line of each whose crm_id an earlier line had."""
        pairs = list(zip(batch.cells["crm_id"], batch.lines, strict=True))
        if self._rows.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", pairs).rowcount == len(pairs):
            return {}
        query = "SELECT line FROM seen WHERE crm_id = ?"
        first = {line: (crm_id, self._rows.execute(query, [crm_id]).fetchone()[0]) for crm_id, line in pairs}
        return {
            line: f"crm_id {crm_id!r} stands in line {earlier} already."
            for line, (crm_id, earlier) in first.items()
            if earlier != line
        }


def _store(batch: RowBatch, done: Imported, *, update: bool) -> None:
    """Write rows in one transaction; where the database refuses, halve them until the culprit stands alone."""
    count = len(batch.lines)
    if not count:
        return

    def write() -> tuple[int, int]:
        sql.look_up_by_index()
        known = storing.update(batch.cells) if update and len(batch.cells) > 1 else set()
        rest = batch.only([crm_id not in known for crm_id in batch.cells["crm_id"]])
        return len(known), storing.insert(rest.cells) if rest.lines else 0

    try:
        updated, created = sql.transact(write)
    except (IntegrityError, DataError) as error:
        if count == 1:
            [line], reason = batch.lines, str(error).partition("\n")[0]
            done.refuse(BadRow(line=line, sentence=f"{done.unit} {line}: the database refuses it ({reason})."))
            return
        for part in (batch.part(0, count // 2), batch.part(count // 2, count)):
            _store(part, done, update=update)
    else:
        done.created += created
        done.updated += updated
        done.kept += count - updated - created
