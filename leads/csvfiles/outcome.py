"""What an import came to, and the rows on their way."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from leads.csvfiles.fields import CRM_ID
from leads.csvfiles.header import Header

# By the word for a field, what each row of the file says; None is a blank cell. The crm_id is the key of the row.
Cells: TypeAlias = Mapping[str, Sequence[Any]]
# Bad rows and remarks that are kept to show them; the others are only counted.
_SHOWN = 1000
# Rows that a dry run shows.
_FIRST_ROWS = 5


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BadRow:
    """A row that was not imported, or a remark on one that was."""

    line: int
    # One sentence for the person who fixes the file.
    sentence: str


@dataclass(slots=True, kw_only=True, repr=False)
class Imported:
    """What an import came to."""

    created: int = 0
    updated: int = 0
    # Leads that were there already and were left alone.
    kept: int = 0
    bad: int = 0
    # The first of the bad rows.
    bad_rows: list[BadRow] = field(default_factory=list)
    # What was passed over and is no row, in sentences: notes above the header, headers inside.
    told: list[str] = field(default_factory=list)
    # What the number of a row counts: "Line" of a text, "Row" of a sheet.
    unit: str = "Line"
    # The program that wrote the file, as far as it is known.
    program: str = ""
    # All titles, as they stand.
    titles: list[str] = field(default_factory=list)
    # The titles of the columns of each field; the first that is filled counts.
    columns: dict[str, list[str]] = field(default_factory=dict)
    # The titles of columns that are no field of a lead.
    ignored_columns: list[str] = field(default_factory=list)
    # Columns that say something of a lead and are not imported: the end of a sentence, by the title.
    left_out_columns: dict[str, str] = field(default_factory=dict)
    # By what leads that are there were found, and how many.
    found_by: dict[str, int] = field(default_factory=dict)
    # By what rows are known, and how many: crm_id, or what a new crm_id follows from.
    known_by: dict[str, int] = field(default_factory=dict)
    # What has to be told of rows that came in.
    remarked: int = 0
    remarks: list[BadRow] = field(default_factory=list)
    # Cells that were left out of rows that came in.
    left_out: int = 0
    # The first rows as they are stored.
    first_rows: list[dict[str, str]] = field(default_factory=list)

    def note(self, header: Header) -> None:
        """Note which column is what."""
        self.program, self.columns = header.program, header.titles
        self.ignored_columns, self.left_out_columns = header.unknown, header.left_out

    def refuse(self, row: BadRow) -> None:
        """Count a row that is not imported."""
        self.bad += 1
        if self.bad <= _SHOWN:
            self.bad_rows.append(row)

    def remark(self, remarks: Mapping[int, str]) -> None:
        """Count what has to be told of rows, by their lines."""
        self.remarked += len(remarks)
        for line in sorted(remarks)[: max(_SHOWN - len(self.remarks), 0)]:
            self.remarks.append(BadRow(line=line, sentence=f"{self.unit} {line}: {remarks[line]}"))

    def look_at(self, batch: RowBatch, words: Collection[str]) -> None:
        """Count by what rows are known, and keep the first as they are stored."""
        self.known_by = _sum(self.known_by, batch.known_by)
        self.remark(batch.remarks)
        self.left_out += batch.left_out
        cells = {CRM_ID: batch.ids} | {name: values for name, values in batch.cells.items() if name != CRM_ID}
        for number in range(min(_FIRST_ROWS - len(self.first_rows), len(batch.lines))):
            row = {word: cells[word][number] for word in words if word in cells}
            self.first_rows.append({word: str(cell) for word, cell in row.items() if cell is not None})

    def add(self, written: Written, count: int) -> None:
        """Add what became of so many rows."""
        self.created += written.created
        self.updated += written.updated
        self.found_by = _sum(self.found_by, written.found_by)
        self.kept += count - written.created - written.updated - len(written.refused)
        self.remark({line: told for line, told in written.remarks.items() if line not in written.refused})
        for line, why in sorted(written.refused.items()):
            self.refuse(BadRow(line=line, sentence=f"{self.unit} {line}: {why}"))


@dataclass(slots=True, kw_only=True, repr=False)
class RowBatch:
    """Rows that can be stored: the lines on which they begin, and by the word for each field what they say."""

    lines: list[int]
    cells: Cells
    # Who each row is about; no two rows of a file are about the same.
    ids: list[str]
    # By what that is known.
    known_by: Counter[str] = field(default_factory=Counter)
    # What is to be told of rows, by their lines, and how many cells were left out.
    remarks: dict[int, str] = field(default_factory=dict)
    left_out: int = 0

    def part(self, start: int, stop: int) -> RowBatch:
        """Return some of the rows."""
        cells = {name: values[start:stop] for name, values in self.cells.items()}
        return replace(self, lines=self.lines[start:stop], cells=cells, ids=self.ids[start:stop])

    def only(self, kept: Collection[bool]) -> RowBatch:
        """Return the rows for which ``kept`` is true."""
        cells = {name: list(itertools.compress(values, kept)) for name, values in self.cells.items()}
        lines = list(itertools.compress(self.lines, kept))
        return replace(self, lines=lines, cells=cells, ids=list(itertools.compress(self.ids, kept)))


@dataclass(slots=True, kw_only=True, repr=False)
class Written:
    """What became of a batch."""

    created: int = 0
    updated: int = 0
    found_by: Counter[str] = field(default_factory=Counter)
    # Why rows are refused, and what is to be told of others, by their lines.
    refused: dict[int, str] = field(default_factory=dict)
    remarks: dict[int, str] = field(default_factory=dict)

    def add(self, more: Written) -> None:
        """Add what became of other rows."""
        self.created += more.created
        self.updated += more.updated
        self.found_by.update(more.found_by)
        self.refused |= more.refused
        self.remarks |= more.remarks


def _sum(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Return both together; a plain dict, which becomes JSON."""
    return dict(Counter(counts) + Counter(more))
