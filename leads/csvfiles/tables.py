"""A file as a table: its header, and each row below with the header's number of cells, or why it cannot be read.

The rows come as they stand: what a cell means is for ``columns`` to say. The file may be text with delimiters, in the
encodings of ``decoding``, or a workbook. Nothing is kept of it but one block, so a million rows take no more memory
than a thousand.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import BinaryIO

from leads.csvfiles.careful import Chunk, Lost, Read
from leads.csvfiles.columns import HeaderError
from leads.csvfiles.decoding import Blocks, head_of, texts
from leads.csvfiles.header_row import DELIMITERS, FIRST, HeaderRow, Titles, best, find, is_header, rows_above
from leads.csvfiles.records import Records
from leads.csvfiles.xlsx import MAGIC, sheets

# Texts of first cells that are remembered as no titles; names repeat, so few of them are asked about twice.
_REMEMBERED = 20_000
# Rows of a sheet that are looked at together.
_TOGETHER = 100
# What leads have, and titles of columns have not.
_DIGIT = re.compile(r"\d").search
_NO_TITLE = re.compile(r"@|://|\d{6}").search
# Characters of the longest title, and of a header, that are looked for behind a row.
_TITLE = 40
_JOINED = 4000
_PIECES = re.compile(f"[{DELIMITERS}]").split
_SEP = re.compile(r'"?sep=.{0,3}', re.IGNORECASE)
_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(slots=True, kw_only=True, repr=False)
class Table:
    """A header and the rows below it. The rows can be read once."""

    header: list[str]
    # What a row's number counts: "Line" of a text, "Row" of a sheet.
    unit: str = "Line"
    # What was passed over, in sentences; complete when the rows are read.
    told: list[str] = field(default_factory=list)
    _chunks: Iterable[Chunk]
    _titles: Titles
    _delimiter: str = ""
    # Times that the header came again, as where files were joined.
    _repeats: int = 0
    # The line of another header, below which nothing can be read; 0 for none.
    _other: int = 0
    _no_titles: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[tuple[int, Read]]:
        """Yield the number of each row that is not blank, and its cells, or a sentence."""
        for chunk in self.chunks():
            yield from zip(chunk.lines, chunk.rows, strict=True)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the same, many rows at a time."""
        for chunk in self._chunks:
            yield chunk if not self._other and self._are_usual(chunk.rows) else self._looked_at(chunk)
        if self._repeats:
            times = "once" if self._repeats == 1 else f"{self._repeats:,} times"
            self.told.append(f"The header came again {times} and was passed over; were files joined?")

    def _are_usual(self, rows: Sequence[Read]) -> bool:
        """Tell by one look at many rows whether each is a row of this table that needs no other look."""
        if set(map(type, rows)) != {list} or set(map(len, rows)) != {len(self.header)} or self.header in rows:
            return False
        last = [cells[-1] for cells in rows]
        if _other_delimiters(self._delimiter).search("\n".join(last)) and any(map(self._may_be_glued, last)):
            return False
        return all(self._holds_no_titles(cells) for cells in rows if not _DIGIT(cells[0]))

    def _looked_at(self, chunk: Chunk) -> Chunk:
        """Return the rows as they count, without those that are none."""
        lines: list[int] = []
        rows: list[Read] = []
        for line, cells in zip(chunk.lines, chunk.rows, strict=True):
            read = cells if self._is_usual(cells) else self._read(line, cells)
            if read is not None:
                lines.append(line)
                rows.append(read)
        return Chunk(lines, rows)

    def _is_usual(self, cells: Read) -> bool:
        """Tell the same of one row: it is as long as the header, not blank, and with what stands in no title."""
        return (
            isinstance(cells, list)
            and len(cells) == len(self.header)
            and not self._other
            and bool(_DIGIT(cells[0]) or self._holds_no_titles(cells))
            and cells != self.header
            and not self._may_be_glued(cells[-1])
        )

    def _holds_no_titles(self, cells: Sequence[str]) -> bool:
        is_known = cells[0].strip() and self._no_titles.issuperset(cells[:3])
        return bool(is_known or _NO_TITLE("\n".join(cells)))

    def _may_be_glued(self, cell: str) -> bool:
        return bool(_other_delimiters(self._delimiter).search(cell)) and self._is_glued(cell)

    def _read(self, line: int, read: Read) -> Read | None:
        """Return the row as it counts, None for one that is blank or the header again."""
        if isinstance(read, str):
            if isinstance(read, Lost) and any(map(self._ends_in_other_header, read.lines)):
                self._other = line
            return read
        if not any(map(str.strip, read)):
            return None
        cells = self._sized(read)
        # Where files were joined, the second one's mark stands before its first title.
        is_marked, named = read[0].startswith("\ufeff"), [read[0].lstrip("\ufeff"), *read[1:]]
        if cells == self.header or (is_marked and _bare(named) == _bare(self.header)):
            self._repeats += 1
            self._other = 0
            return None
        if self._other:
            return f"it stands below the other header in {self.unit.lower()} {self._other}."
        if place := self._place_of_other_header(named):
            self._other = line
            return f"another table begins {place}, with other columns or another delimiter; give it a file of its own."
        if len(read) > len(self.header) and self._ends_in_other_header(self._delimiter.join(read)):
            self._other = line
        return None if self._delimiter and len(read) <= 2 < len(self.header) and _SEP.fullmatch(read[0]) else cells

    def _sized(self, cells: list[str]) -> Read:
        """Return as many cells as the header has: blank ones at the end come and go, anything else is a sentence."""
        width = len(self.header)
        if len(cells) == 1 < width and any(mark in cells[0] for mark in DELIMITERS) and self._delimiter:
            return "it has one cell, and another delimiter in it; is it of another table?"
        if len(cells) <= width:
            return cells + [""] * (width - len(cells))
        surplus = any(map(str.strip, cells[width:]))
        # Where a backslash escapes, or there is one column alone, a cell at the end may be half of another one.
        if surplus or width == 1 or any(cell.endswith("\\") for cell in cells):
            name = _DELIMITER_NAMES.get(self._delimiter, self._delimiter)
            why = f"; is a cell with a {name} not in quotes?" if self._delimiter else "."
            return f"it has {len(cells)} cells, the header has {width}{why}"
        return cells[:width]

    def _is_other_header(self, cells: Sequence[str]) -> bool:
        """Tell whether the row names columns; one of its first three cells has to be a title, or hold several."""
        first = cells[:3]
        if self._no_titles.issuperset(first):
            return False
        if self._titles(first):
            return self._names_columns(cells)
        others = [mark for mark in DELIMITERS if self._delimiter and mark != self._delimiter and mark in cells[0]]
        if any(self._names_columns(self._delimiter.join(cells).split(mark)) for mark in others):
            return True
        if len(self._no_titles) > _REMEMBERED:
            self._no_titles.clear()
        self._no_titles.update(first)
        return False

    def _place_of_other_header(self, cells: list[str]) -> str:
        if self._is_other_header(cells):
            return "here"
        return "in its last cell" if self._is_glued(cells[-1]) else ""

    def _is_glued(self, cell: str) -> bool:
        """Tell whether a last cell ends in the header of another table with another delimiter."""
        # The first title is glued to what stood there; another one stands behind it.
        titles = _PIECES(cell)[1:]
        return bool(titles and self._titles(titles)) and self._ends_in_other_header(cell)

    def _ends_in_other_header(self, line: str) -> bool:
        """Tell whether another header than this one stands behind a row, in the same line: two files were joined."""
        for mark in DELIMITERS if self._delimiter else ():
            pieces = [piece.rstrip('"\r ').rpartition('"')[2] for piece in line[-_JOINED:].split(mark)]
            known = [self._titles([piece]) for piece in pieces]
            last = next((place for place in reversed(range(len(pieces))) if known[place]), 0)
            # The first title stands behind the last cell of the row, without anything between.
            for place in range(last):
                glued = _bare([pieces[place]]) if known[place] else self._title_at_end(pieces[place])
                titles = glued + _bare(pieces[place + 1 :])
                if glued and is_header(titles, self._titles(titles)):
                    return mark != self._delimiter or titles != _bare(self.header)
        return False

    def _title_at_end(self, cell: str) -> list[str]:
        """Return the longest known title with which the cell ends, in a list, or an empty one."""
        ends = (cell[-length:] for length in range(min(len(cell), _TITLE), 0, -1))
        return next(([end] for end in ends if self._titles([end])), [])

    def _names_columns(self, cells: Sequence[str]) -> bool:
        return is_header(cells, self._titles(cells))


@lru_cache(maxsize=8)
def _other_delimiters(delimiter: str) -> re.Pattern[str]:
    """Return what finds the usual delimiters but this one; nothing for a sheet, which has none."""
    return re.compile(f"[{DELIMITERS.replace(delimiter, '')}]" if delimiter else r"(?!)")


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
    head = head_of(file)
    return _of_workbook(file, head, titles) if head.startswith(MAGIC) else _of_text(file, head, titles)


def _of_text(file: BinaryIO, head: bytes, titles: Titles) -> Table:
    blocks = Blocks(texts(head, file))
    lines: list[str] = []
    header = find(blocks, lines, titles)
    rows = Records(
        blocks,
        header.delimiter,
        lines=lines[header.below :],
        line=header.below + 1,
        width=len(header.cells),
        spaced=f"{header.delimiter} " in lines[header.below - 1],
    )
    table = Table(header=header.cells, _chunks=rows, _titles=titles, _delimiter=header.delimiter)
    table.told += _told(header)
    return table


def _of_workbook(file: BinaryIO, head: bytes, titles: Titles) -> Table:
    """Return the table of the first sheet that names known columns, or else of the first one with rows."""
    found = []
    for sheet in (all_sheets := sheets(file, head)):
        first = list(itertools.islice(sheet.rows, FIRST))
        if headers := rows_above(((place, cells) for place, (_, cells) in enumerate(first, start=1)), titles):
            found.append((sheet, first, best(headers)))
            if found[-1][2].known:
                break
    if not found:
        raise HeaderError("The workbook is empty; the first row of a sheet must name the columns.")
    sheet, first, header = found[-1] if found[-1][2].known else found[0]
    rows_below = itertools.chain(first[header.below :], sheet.rows)
    table = Table(header=header.cells, unit="Row", _chunks=_chunks(rows_below), _titles=titles)
    others = len(all_sheets) - 1
    table.told += [f"Sheet {sheet.name!r} was read, {others} others were not."] if others else []
    table.told += _told(header)
    return table


def _chunks(rows: Iterator[tuple[int, Read]]) -> Iterator[Chunk]:
    while some := list(itertools.islice(rows, _TOGETHER)):
        yield Chunk([line for line, _ in some], [read for _, read in some])


def _told(header: HeaderRow) -> list[str]:
    if not header.notes:
        return []
    return [f"{header.notes} rows above the header were passed over."]
