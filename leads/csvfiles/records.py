"""The rows of a text: block by block at the speed of csv.reader, and with care where a quote is out of order."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from leads.csvfiles.careful import FEW_LINES, Careful, Chunk, Read
from leads.csvfiles.decoding import MOST, Blocks
from leads.csvfiles.quotes import Row, State, grammar


class Records:
    """Rows with the line on which each begins, from the lines that were taken off already and the blocks below them."""

    def __init__(
        self, blocks: Blocks, delimiter: str, *, width: int, lines: list[str], line: int = 1, spaced: bool = False
    ) -> None:
        self._blocks = blocks
        self._grammar = grammar(delimiter)
        self._careful = Careful(blocks, delimiter, width=width, spaced=spaced)
        self._width = width
        self._lines = lines
        self._line = line
        # Whether the last row of the block before had no cell too few.
        self._full = False

    def __iter__(self) -> Iterator[Chunk]:
        block: str | None = self._blocks.end.join(self._lines) if self._lines else next(self._blocks, None)
        while block is not None:
            rows = self._regular(block)
            following = next(self._blocks, None) if rows and self._careful.may_open(block, rows[-1]) else None
            if rows and following is not None and self._continues(rows[-1], following):
                rows, block, following = None, f"{block}{self._blocks.end}{following}", None
            lines, reads = self._read_carefully(block) if rows is None else self._numbered(rows)
            self._look_at_end(reads, is_last=self._blocks.unended and following is None)
            yield Chunk(lines, reads)
            block = next(self._blocks, None) if following is None else following

    def _continues(self, row: list[str], following: str) -> bool:
        """Tell whether a row that ends in a quote may go on in the next block."""
        return self._careful.closes_only(row[-1], following.split(self._blocks.end, FEW_LINES)[:FEW_LINES]) > 0

    def _regular(self, text: str) -> list[list[str]] | None:
        """Return a row for each line, or None when one of them is not a row of its own."""
        if "\\" in text and (text.endswith(("\\", "\\\r")) or "\\\n" in text or "\\\r" in text):
            return None
        if self._blocks.end == "\n" and "\r" in text:
            text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").rstrip("\r")
        lines = text.split(self._blocks.end)
        stray = "\n" if self._blocks.end == "\r" else "\r"
        if stray in text or (len(text) > MOST and max(map(len, lines)) > MOST):
            return None
        if '"' not in text:
            delimiter = self._grammar.delimiter
            return [line.split(delimiter) for line in lines]
        return self._unquoted(lines)

    def _unquoted(self, lines: list[str]) -> list[list[str]] | None:
        """Return what csv.reader makes of the lines if it finds a row in each, and no quote out of place."""
        try:
            rows = list(csv.reader(lines, delimiter=self._grammar.delimiter, strict=True))
        except csv.Error:
            return None
        if len(rows) != len(lines):
            return None
        if '"' not in "".join(map("".join, rows)):
            return rows
        # Quotes inside cells: doubled ones, or stray ones, which csv.reader keeps without a word.
        for place, cells in enumerate(rows):
            if '"' in "".join(cells):
                row = Row(self._grammar, self._blocks.end)
                if row.feed(lines[place]) is not State.WHOLE:
                    return None
                rows[place] = row.cells
        return rows

    def _numbered(self, rows: list[list[str]]) -> tuple[Sequence[int], list[Read]]:
        """Return rows of one line each, and their lines."""
        first, self._line = self._line, self._line + len(rows)
        return range(first, self._line), [*rows]

    def _read_carefully(self, text: str) -> tuple[Sequence[int], list[Read]]:
        """Return row by row, and their lines; the last one may take lines of the next blocks."""
        lines = text.split(self._blocks.end)
        numbers: list[int] = []
        rows: list[Read] = []
        place = 0
        while place < len(lines):
            read, count = self._careful.at(lines, place, self._line)
            numbers.append(self._line + place)
            rows.append(read)
            place += count
        self._line += len(lines)
        return numbers, rows

    def _look_at_end(self, rows: list[Read], *, is_last: bool) -> None:
        """Refuse the last row of a file without a line end when it is shorter than the one before, or that is lost."""
        last = rows[-1]
        full = self._is_full(rows[-2]) if len(rows) > 1 else self._full
        self._full = self._is_full(last)
        if is_last and full and not self._full and isinstance(last, list) and any(last):
            told = f"the file ends in this row, after {len(last)} of {self._width} cells and without a line end"
            rows[-1] = f"{told}; is it cut? If it is whole, end its last line."

    def _is_full(self, read: Read) -> bool:
        """Tell whether the row has no cell too few; nobody knows of one that is lost."""
        return isinstance(read, str) or len(read) >= self._width
