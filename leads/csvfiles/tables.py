"""A file as a table: its header, and each row below with the header's number of cells, or why it cannot be read.

The rows come as they stand: what a cell means is for ``columns`` to say. The file may be text with delimiters, in the
encodings of ``decoding``, or a workbook. Nothing is kept of it but one block, so a million rows take no more memory
than a thousand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from leads.csvfiles.careful import Read
from leads.csvfiles.decoding import Blocks, head_of, texts
from leads.csvfiles.headers import DELIMITERS, Header, Titles, find, is_header
from leads.csvfiles.records import Records

# Texts of first cells that are remembered as no titles; names repeat, so few of them are asked about twice.
_REMEMBERED = 20_000
_SEP = re.compile(r'"?sep=.{0,3}', re.IGNORECASE)
_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(slots=True, kw_only=True)
class Table:
    """A header and the rows below it. The rows can be read once."""

    header: list[str]
    # What a row's number counts: "Line" of a text, "Row" of a sheet.
    unit: str = "Line"
    # What was passed over, in sentences; complete when the rows are read.
    told: list[str] = field(default_factory=list)
    _rows: Iterator[tuple[int, Read]]
    _titles: Titles
    _delimiter: str = ""
    # Times that the header came again, as where files were joined.
    _repeats: int = 0
    # The line of another header, below which nothing can be read; 0 for none.
    _other: int = 0
    _no_titles: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[tuple[int, Read]]:
        """Yield the number of each row that is not blank, and its cells, or a sentence."""
        width = len(self.header)
        has_digit = re.compile(r"\d").search
        for row in self._rows:
            cells = row[1]
            # Most rows: as long as the header, and with a first cell that is no title.
            if len(cells) == width and type(cells) is list and has_digit(cells[0]) and not self._other:
                yield row
            elif (read := self._read(row[0], cells)) is not None:
                yield row[0], read
        if self._repeats:
            times = "once" if self._repeats == 1 else f"{self._repeats:,} times"
            self.told.append(f"The header came again {times} and was passed over; were files joined?")

    def _read(self, line: int, read: Read) -> Read | None:
        """Return the row as it counts, None for one that is blank or the header again."""
        if isinstance(read, str) or not any(map(str.strip, read)):
            return read or None if isinstance(read, str) else None
        cells = self._sized(read)
        if cells == self.header or self._is_same_header(read):
            self._repeats += 1
            self._other = 0
            return None
        if self._other:
            return f"it stands below the other header in {self.unit.lower()} {self._other}."
        if self._is_other_header(read):
            self._other = line
            return "another table begins here, with other columns or another delimiter; give it a file of its own."
        return None if self._delimiter and len(read) <= 2 < len(self.header) and _SEP.fullmatch(read[0]) else cells

    def _sized(self, cells: list[str]) -> Read:
        """Return as many cells as the header has: blank ones at the end come and go, anything else is a sentence."""
        width = len(self.header)
        if len(cells) <= width:
            return cells + [""] * (width - len(cells))
        surplus = any(map(str.strip, cells[width:]))
        # Where a backslash escapes, or there is one column alone, a cell at the end may be half of another one.
        if surplus or width == 1 or any(cell.endswith("\\") for cell in cells):
            name = _DELIMITER_NAMES.get(self._delimiter, self._delimiter)
            why = f"; is a cell with a {name} not in quotes?" if self._delimiter else "."
            return f"it has {len(cells)} cells, the header has {width}{why}"
        return cells[:width]

    def _is_same_header(self, cells: Sequence[str]) -> bool:
        return _bare(cells) == _bare(self.header)

    def _is_other_header(self, cells: Sequence[str]) -> bool:
        """Tell whether the row names columns; asked only where one of its first cells may be a title."""
        first = cells[:3]
        if self._no_titles.issuperset(first):
            return False
        if self._names_columns(cells):
            return True
        text = self._delimiter.join(cells)
        others = [mark for mark in DELIMITERS if self._delimiter and mark != self._delimiter and mark in text]
        if any(self._names_columns(text.split(mark)) for mark in others):
            return True
        if not self._titles(first):
            if len(self._no_titles) > _REMEMBERED:
                self._no_titles.clear()
            self._no_titles.update(first)
        return False

    def _names_columns(self, cells: Sequence[str]) -> bool:
        return is_header(cells, self._titles(cells))


def _bare(cells: Iterable[str]) -> list[str]:
    """Return titles without what joining files, or another program, puts around them."""
    bare = [cell.strip('\ufeff \t\r\n"') for cell in cells]
    while bare and not bare[-1]:
        bare.pop()
    return bare


def open_table(file: BinaryIO, *, titles: Titles) -> Table:
    """Return the table in a file; ``titles`` says how many cells of a row are titles of columns that are known.

    Raises HeaderError, with one sentence, when the file is no table.
    """
    blocks = Blocks(texts(head_of(file), file))
    lines: list[str] = []
    header = find(blocks, lines, titles)
    above = lines[: header.below]
    spaced = f"{header.delimiter} " in above[-1]
    rows = Records(
        blocks,
        header.delimiter,
        lines=lines[header.below :],
        line=header.below + 1,
        width=len(header.cells),
        spaced=spaced,
    )
    table = Table(header=header.cells, _rows=iter(rows), _titles=titles, _delimiter=header.delimiter)
    table.told += _told(header)
    return table


def _told(header: Header) -> list[str]:
    if not header.notes:
        return []
    return [f"{header.notes} rows above the header were passed over."]
