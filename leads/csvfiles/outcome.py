"""What an import came to, and the rows on their way."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

# By the word for a field, what each row of the file says; None is a blank cell. The crm_id is the key of the row.
Cells: TypeAlias = Mapping[str, Sequence[Any]]
# Bad rows and remarks that are kept to show them; the others are only counted.
_SHOWN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that was not imported, or a remark on one that was."""

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
    # Columns that say something of a lead and are not imported: the end of a sentence, by the title.
    left_out_columns: dict[str, str] = field(default_factory=dict)
    # By what leads that are there were found, and how many.
    found_by: Counter[str] = field(default_factory=Counter)

    def refuse(self, row: BadRow) -> None:
        """Count a row that is not imported."""
        self.bad += 1
        if self.bad <= _SHOWN:
            self.bad_rows.append(row)

    def add(self, written: Written, count: int) -> None:
        """Add what became of so many rows."""
        self.created += written.created
        self.updated += written.updated
        self.found_by += written.found_by
        self.kept += count - written.created - written.updated - len(written.refused)
        for line, why in sorted(written.refused.items()):
            self.refuse(BadRow(line=line, sentence=f"Line {line}: {why}"))


@dataclass(slots=True, kw_only=True)
class RowBatch:
    """Rows that can be stored: the lines on which they begin, and by the word for each field what they say."""

    lines: list[int]
    cells: Cells
    # Who each row is about; no two rows of a file are about the same.
    ids: list[str]

    def part(self, start: int, stop: int) -> RowBatch:
        """Return some of the rows."""
        cells = {name: values[start:stop] for name, values in self.cells.items()}
        return RowBatch(lines=self.lines[start:stop], cells=cells, ids=self.ids[start:stop])

    def only(self, kept: Collection[bool]) -> RowBatch:
        """Return the rows for which ``kept`` is true."""
        if all(kept):
            return self
        cells = {name: list(itertools.compress(values, kept)) for name, values in self.cells.items()}
        return RowBatch(
            lines=list(itertools.compress(self.lines, kept)),
            cells=cells,
            ids=list(itertools.compress(self.ids, kept)),
        )


@dataclass(slots=True, kw_only=True)
class Written:
    """What became of a batch."""

    created: int = 0
    updated: int = 0
    found_by: Counter[str] = field(default_factory=Counter)
    # Why rows are refused, by their lines.
    refused: dict[int, str] = field(default_factory=dict)
