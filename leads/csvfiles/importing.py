"""Leads from a CSV file: streamed, in batches of a constant number of queries. A bad row is named and left out."""

from __future__ import annotations

import bisect
import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO

from django.db import DataError, IntegrityError, connections, transaction

from enrow_webhooks.client.scrub import refusal
from enrow_webhooks.transactions import owned
from leads import sql
from leads.csvfiles import identity, mapped, own
from leads.csvfiles.careful import Chunk, Read
from leads.csvfiles.columns import AsTyped, CellError, Column, LeftOut
from leads.csvfiles.fields import CRM_ID, mapping_of_lead
from leads.csvfiles.header import columns_of, known_titles
from leads.csvfiles.outcome import BadRow, Imported, RowBatch, Written
from leads.csvfiles.tables import open_table
from leads.csvfiles.target import Mode, Target
from leads.mapping import LeadMapping

BATCH = 5000
# Cells that have to be told of.
_ODD = frozenset({CellError, LeftOut, AsTyped})
_TWICE = "crm_id {!r} stands in line {} already."
_SAME_PERSON = "it is about the same person as line {1}; give them crm_ids if they are two."


class Keeper:
    """Keeps nowhere what an import has come to: one that is broken off begins anew. A child keeps it."""

    # The last line of the file that is done already.
    line = 0

    def __init__(self, watch: Callable[[Imported], None] | None = None) -> None:
        self._watch = watch

    def commit(self, alias: str, done: Imported, count: int, chunk: Chunk, work: Callable[[], Written]) -> None:
        """Write so many rows in one transaction of that database, and add to ``done`` what became of them.

        ``chunk`` is what was read for them. Raises what the database says: then nothing of them stands.
        """
        done.add(owned(alias, work), count)
        if self._watch:
            self._watch(done)


def import_leads(
    file: BinaryIO,
    mapping: LeadMapping | None = None,
    *,
    update: bool = False,
    save: bool = False,
    dry_run: bool = False,
    chosen: Sequence[str] = (),
    watch: Callable[[Imported], None] | None = None,
) -> Imported:
    """Create a lead per row; with ``update`` also write the filled cells onto leads that are there.

    The leads are those of the mapping, None: ``leads.Lead``, of which a row without a crm_id gets one that follows from
    the person. ``chosen`` says of columns what they are, like "Record ID=crm_id". ``dry_run`` writes nothing, and tells
    what would be done. ``watch`` is called after each batch. Neither the model's ``save()`` nor its signals run, but
    with ``save``, and for models that only the ORM can write. Raises HeaderError when the file cannot be read as a
    table of leads.
    """
    mode = Mode(update=update, save=save, dry_run=dry_run)
    done = Imported()
    fill(file, mapping or mapping_of_lead(), mode, done, chosen=chosen, keeper=Keeper(watch))
    return done


def fill(
    file: BinaryIO, mapping: LeadMapping, mode: Mode, done: Imported, *, chosen: Sequence[str], keeper: Keeper
) -> None:
    """Do what ``import_leads`` does, and note it in ``done``; rows up to the line of the keeper are done already.

    Raises HeaderError; the titles are noted as far as there are any.
    """
    target = Target(mapping=mapping)
    table = open_table(file, titles=known_titles(mapping, chosen))
    done.unit, done.titles = table.unit, table.header
    header = columns_of(table.header, mapping, chosen)
    done.note(header)
    with _Seen() as seen:
        for whole in _batches(table.chunks()):
            before, chunk = _parted(whole, keeper.line)
            if before.lines:
                # Who was there already, for those who come again below.
                _batch(before, header.columns, seen, Imported(program=done.program, unit=done.unit))
            if chunk.lines:
                batch = _batch(chunk, header.columns, seen, done)
                done.look_at(batch, target.stored)
                commit = partial(keeper.commit, target.mapping.alias, done, len(batch.lines), chunk)
                _store(target, batch, partial(_write, target, mode), commit)
    done.told = table.told


def _parted(chunk: Chunk, line: int) -> tuple[Chunk, Chunk]:
    """Return the rows up to a line, and those below it."""
    at = bisect.bisect_right(chunk.lines, line)
    return Chunk(chunk.lines[:at], chunk.rows[:at]), Chunk(chunk.lines[at:], chunk.rows[at:])


def _batches(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield the same rows, BATCH of them at a time."""
    lines: list[int] = []
    rows: list[Read] = []
    for chunk in chunks:
        lines += chunk.lines
        rows += chunk.rows
        while len(lines) >= BATCH:
            yield Chunk(lines[:BATCH], rows[:BATCH])
            del lines[:BATCH], rows[:BATCH]
    if lines:
        yield Chunk(lines, rows)


def _batch(chunk: Chunk, columns: Sequence[Column], seen: _Seen, done: Imported) -> RowBatch:
    """Return the rows that can be stored, each crm_id of the file once; what cannot is refused."""
    bad = {line: cells for line, cells in zip(chunk.lines, chunk.rows, strict=True) if isinstance(cells, str)}
    lines = [line for line in chunk.lines if line not in bad] if bad else list(chunk.lines)
    whole = [cells for cells in chunk.rows if not isinstance(cells, str)]
    batch = _typed(lines, whole, columns, bad, has_program=bool(done.program))
    if repeats := seen.note(batch):
        bad |= repeats
        batch = batch.only([line not in repeats for line in batch.lines])
    for line in sorted(bad):
        done.refuse(BadRow(line=line, sentence=f"{done.unit} {line}: {bad[line]}"))
    return batch


def _typed(
    lines: list[int], cells: list[list[str]], columns: Sequence[Column], bad: dict[int, str], *, has_program: bool
) -> RowBatch:
    """Return the rows with their values, column by column; a row with a wrong cell goes to the bad ones."""
    by_place = list(zip(*cells, strict=True))
    values: dict[str, list[Any]] = {CRM_ID: [None] * len(cells)}
    values |= {column.name: column.values(by_place) if cells else [] for column in columns}
    for column in columns:
        values[column.name] = column.settled(values[column.name], values)
    wrong, remarks, left_out = _told(lines, values, [column.name for column in reversed(columns)])
    wrong |= _notes(lines, values) if has_program else {}
    if wrong:
        bad |= wrong
        kept = [line not in wrong for line in lines]
        lines = list(itertools.compress(lines, kept))
        values = {name: list(itertools.compress(cells, kept)) for name, cells in values.items()}
        remarks = {line: remark for line, remark in remarks.items() if line not in wrong}
    ids, known_by = identity.named(values)
    return RowBatch(lines=lines, cells=values, ids=ids, known_by=known_by, remarks=remarks, left_out=left_out)


def _notes(lines: Sequence[int], values: Mapping[str, Sequence[Any]]) -> dict[int, str]:
    """Return why rows are refused that hold a sentence in the place of the id: reports end so, with sums and rights."""
    others = [cells for name, cells in values.items() if name != CRM_ID]
    return {
        line: f"it has nothing but {text[:80]!r}; is it a note below the table?"
        for number, (line, text) in enumerate(zip(lines, values[CRM_ID], strict=True))
        if type(text) is str and " " in text and not any(cells[number] for cells in others)
    }


def _told(
    lines: Sequence[int], values: Mapping[str, list[Any]], names: Sequence[str]
) -> tuple[dict[int, str], dict[int, str], int]:
    """Return why rows are refused, what is to be told of others, and how many cells were left out.

    What is left of a cell is a value, or None.
    """
    wrong: dict[int, str] = {}
    remarks: dict[int, str] = {}
    left_out = 0
    for name in names:
        column = values[name]
        if _ODD.isdisjoint(map(type, column)):
            continue
        for number, (line, value) in enumerate(zip(lines, column, strict=True)):
            if type(value) is CellError:
                wrong[line] = str(value)
            elif type(value) is LeftOut:
                remarks[line] = f"{value} The cell is left out. {remarks.get(line, '')}".rstrip()
                column[number], left_out = None, left_out + 1
            elif type(value) is AsTyped:
                remarks[line] = f"{value.why} It is kept as typed. {remarks.get(line, '')}".rstrip()
                column[number] = str(value)
    return wrong, remarks, left_out


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
        given = dict(zip(batch.lines, batch.cells[CRM_ID], strict=True))
        return {
            line: (_TWICE if given[line] else _SAME_PERSON).format(crm_id, earlier)
            for line, (crm_id, earlier) in first.items()
            if earlier != line
        }


def _write(target: Target, mode: Mode, batch: RowBatch) -> Written:
    """Write rows in the caller's transaction."""
    if not target.is_own or mode.save:
        return mapped.write(target, batch, mode)
    sql.look_up_by_index()
    return own.write(target, batch, mode)


def _store(
    target: Target,
    batch: RowBatch,
    work: Callable[[RowBatch], Written],
    commit: Callable[[Callable[[], Written]], None],
) -> None:
    """Write rows in one transaction; where the database refuses, halve them until the culprit stands alone."""
    try:
        commit(lambda: work(batch) if batch.lines else Written())
    except (IntegrityError, DataError) as error:
        why = error
        commit(lambda: _halved(target, batch, work, why))


def _halved(target: Target, batch: RowBatch, work: Callable[[RowBatch], Written], error: Exception) -> Written:
    """Write the halves of rows that the database refused together; a row that it refuses alone is named."""
    count = len(batch.lines)
    if count == 1:
        return Written(refused={batch.lines[0]: f"the database refuses it ({refusal(error)})."})
    _check_at_once(target.mapping.alias)
    done = Written()
    for part in (batch.part(0, count // 2), batch.part(count // 2, count)):
        try:
            with transaction.atomic(using=target.mapping.alias):
                done.add(work(part))
        except (IntegrityError, DataError) as again:
            done.add(_halved(target, part, work, again))
    return done


def _check_at_once(alias: str) -> None:
    """Have PostgreSQL tell at each row what it may tell at the commit, when all rows would be lost."""
    connection = connections[alias]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
