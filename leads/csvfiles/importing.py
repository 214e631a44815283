"""Leads from a CSV file: streamed, in batches of a constant number of queries. A bad row is named and left out."""

from __future__ import annotations

import csv
import io
import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO

from django.db import DataError, IntegrityError

from enrow_webhooks.transactions import owned
from leads import sql
from leads.csvfiles import mapped, storing
from leads.csvfiles.columns import CellError, Column, HeaderError
from leads.csvfiles.fields import CRM_ID, mapping_of_lead
from leads.csvfiles.header import columns_of
from leads.csvfiles.outcome import BadRow, Imported, RowBatch, Written
from leads.csvfiles.target import Target
from leads.mapping import LeadMapping
from leads.models.leads import new_crm_id

BATCH = 5000


def import_leads(
    file: BinaryIO,
    mapping: LeadMapping | None = None,
    *,
    update: bool = False,
    save: bool = False,
    watch: Callable[[Imported], None] | None = None,
) -> Imported:
    """Create a lead per row; with ``update`` also write the filled cells onto leads that are there.

    The leads are those of the mapping, None: ``leads.Lead``, of which a row without a crm_id gets one generated.
    ``watch`` is called after each batch. Neither the model's ``save()`` nor its signals run, but with ``save``, and for
    models that only the ORM can write. Raises HeaderError when the file cannot be read as a table of leads.
    """
    target = Target(mapping=mapping or mapping_of_lead())
    done = Imported()
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        lines, table = _open(text)
        header = columns_of(lines, target.mapping)
        done.ignored_columns, done.left_out_columns = header.unknown, header.left_out
        work = partial(_write, target, update=update, save=save)
        with _Seen() as seen:
            rows = iter(table)
            while read := list(itertools.islice(rows, BATCH)):
                _store(target, _batch(read, len(lines), header.columns, seen, done), done, work)
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
    """csv.reader with the line on which each row begins, continuing behind a row that it cannot read."""

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


def _batch(
    read: Sequence[tuple[int, list[str] | str]], width: int, columns: Sequence[Column], seen: _Seen, done: Imported
) -> RowBatch:
    """Return the rows that can be stored, each crm_id of the file once; what cannot is refused."""
    bad: dict[int, str] = {}
    lines, whole = [], []
    for line, cells in read:
        if isinstance(cells, str):
            bad[line] = cells
        elif len(cells) != width:
            sentence = "it has {} cells, the header has {}; is a cell with a comma not in quotes?"
            bad[line] = sentence.format(len(cells), width)
        else:
            lines.append(line)
            whole.append(cells)
    batch = _typed(lines, whole, columns, bad)
    repeats = seen.note(batch)
    bad |= repeats
    for line in sorted(bad):
        done.refuse(BadRow(line=line, sentence=f"Line {line}: {bad[line]}"))
    return batch.only([line not in repeats for line in batch.lines])


def _typed(lines: list[int], cells: list[list[str]], columns: Sequence[Column], bad: dict[int, str]) -> RowBatch:
    """Return the rows with their values, column by column; a row with a wrong cell goes to the bad ones."""
    by_place = list(zip(*cells, strict=True))
    values: dict[str, list[Any]] = {CRM_ID: [None] * len(cells)}
    values |= {column.name: column.read(by_place[column.place]) if cells else [] for column in columns}
    ids = [crm_id or new_crm_id() for crm_id in values[CRM_ID]]
    wrong: dict[int, str] = {}
    for column in reversed(columns):
        cells_of_lines = zip(lines, values[column.name], strict=True)
        wrong |= {line: str(value) for line, value in cells_of_lines if type(value) is CellError}
    bad |= wrong
    return RowBatch(lines=lines, cells=values, ids=ids).only([line not in wrong for line in lines])


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
        pairs = list(zip(batch.ids, batch.lines, strict=True))
        if self._rows.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", pairs).rowcount == len(pairs):
            return {}
        query = "SELECT line FROM seen WHERE crm_id = ?"
        first = {line: (crm_id, self._rows.execute(query, [crm_id]).fetchone()[0]) for crm_id, line in pairs}
        return {
            line: f"crm_id {crm_id!r} stands in line {earlier} already."
            for line, (crm_id, earlier) in first.items()
            if earlier != line
        }


def _write(target: Target, batch: RowBatch, *, update: bool, save: bool) -> Written:
    """Write rows in the caller's transaction."""
    if not target.is_own or save:
        return mapped.write(target, batch, update=update, save=save)
    sql.look_up_by_index()
    cells = {**batch.cells, CRM_ID: batch.ids}
    known = storing.update(target, cells) if update and len(cells) > 1 else set()
    kept = [crm_id not in known for crm_id in batch.ids]
    rest = {name: list(itertools.compress(values, kept)) for name, values in cells.items()} if known else cells
    return Written(updated=len(known), created=storing.insert(target, rest) if rest[CRM_ID] else 0)


def _store(target: Target, batch: RowBatch, done: Imported, work: Callable[[RowBatch], Written]) -> None:
    """Write rows in one transaction; where the database refuses, halve them until the culprit stands alone."""
    count = len(batch.lines)
    if not count:
        return
    try:
        written = owned(target.mapping.alias, lambda: work(batch))
    except (IntegrityError, DataError) as error:
        if count == 1:
            [line], reason = batch.lines, str(error).partition("\n")[0]
            done.refuse(BadRow(line=line, sentence=f"Line {line}: the database refuses it ({reason})."))
            return
        for part in (batch.part(0, count // 2), batch.part(count // 2, count)):
            _store(target, part, done, work)
    else:
        done.add(written, count)
