"""A row whose quotes are out of order, or may be: read line by line, so that no row swallows its neighbours.

A cell of several lines is right when its closing quote stands before a delimiter or the end of a line, the row then has
as many cells as the header, and no line in it could be a row of its own. Else the quote was left open: its line is
refused, and the next line is read as if nothing had been. Where both readings are possible, all lines in question are
refused: the text of a cell must not become a lead, nor a lead the text of a cell.

Each line is looked at a bounded number of times: a row ends at the first line with an odd number of quotes below it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from leads.csvfiles.decoding import MOST, Blocks
from leads.csvfiles.quotes import Row, State, escaped_length, grammar


class Lost(str):  # noqa: SLOT000 - a text cannot have slots
    """A sentence why a row cannot be read, with its lines: a header may stand in one of them."""

    lines: list[str]

    def __new__(cls, sentence: str, lines: list[str]) -> Lost:
        """Keep the lines beside the sentence."""
        self = super().__new__(cls, sentence)
        self.lines = lines
        return self


# The cells of a row, or a sentence why it cannot be read.
Read: TypeAlias = list[str] | str


class Chunk(NamedTuple):
    """Some rows, one below the other."""

    # The number of each row.
    lines: Sequence[int]
    rows: Sequence[Read]

    def __repr__(self) -> str:
        return "<Chunk>"


# Whether a line needs more than a split.
_TROUBLE = re.compile(r'["\r\n\\]').search
_BACKSLASH = re.compile(r"\\")
# Where a row may look whole, and is not if a backslash escapes.
_ESCAPING = re.compile(r'\\(?:"|\r*+\Z)')
# What means something else if a backslash escapes, also where such a row has as many lines and cells: an odd number of
# them before a quote, or before a carriage return that does not belong to the line end.
_OTHERWISE = re.compile(r'(?<!\\)(?:\\\\)*+\\(?:"|\r\r++\Z)').search
_ESCAPE = "a backslash stands before a quote or a line end; write a quote in a cell twice."
_BREAK = "a line end of another system stands in a cell; put the cell in quotes."
_CLOSED = "its first quote may be the end of a cell in the row above; put the quotes right."
# Lines that one row may have.
_MOST_LINES = 200
# Lines that are looked at below a row that is too short: does one of them end a quote that nobody opened?
FEW_LINES = 20
# Characters that are looked at for a row whose quotes are escaped by a backslash.
_ESCAPED = 1 << 16


class Careful:
    """Reads rows from lines that are in a list; takes more of them from the blocks where a row needs them."""

    def __init__(self, blocks: Blocks, delimiter: str, *, width: int = 0, spaced: bool = False) -> None:
        self._blocks = blocks
        self._grammar = grammar(delimiter)
        # Cells of the header; 0 while it is looked for, when any row that is whole is right.
        self._width = width
        # Whether a blank stands behind a delimiter of the header.
        self._spaced = spaced
        # Whether the last row that was read may have cells of the next one, and is refused.
        self._is_doubted = False

    def at(self, lines: list[str], place: int, first: int = 1) -> tuple[Read, int]:
        """Return the row at this place of the lines, and how many lines it has; ``first`` numbers the lines."""
        line = lines[place]
        if len(line) > MOST:
            return f"the line has more than {MOST:,} characters.", 1
        if not _TROUBLE(line) and len(cells := line.split(self._grammar.delimiter)) >= self._width:
            return cells, 1
        was_doubted, self._is_doubted = self._is_doubted, False
        read, count = self._troubled(lines, place, first)
        read = _CLOSED if was_doubted and isinstance(read, list) else read
        return Lost(read, lines[place : place + count]) if isinstance(read, str) else read, count

    def _troubled(self, lines: list[str], place: int, first: int) -> tuple[Read, int]:
        line = lines[place]
        row = Row(self._grammar, self._blocks.end)
        state = row.feed(line)
        if count := self._escaped(lines, place, state):
            return _ESCAPE, count
        if state is State.OPEN:
            return self._several(lines, place, row, first)
        if state is State.STRAY:
            told = f"a quote stands in cell {len(row.cells) + 1} where none can stand"
            return f"{told}; put the cell in quotes, and write a quote in it twice.", self._rest(lines, place, state)
        if row.is_broken:
            return _BREAK, 1
        if len(row.cells) < self._width and (count := self._rest(lines, place, state)) > 1:
            told = f"it has too few cells, and line {first + place + count - 1} closes a quote that is not open"
            return f"{told}.", count
        return self._sure(lines, place, 1, row, first)

    def _several(self, lines: list[str], place: int, row: Row, first: int) -> tuple[Read, int]:
        """Return the row whose quoted cell goes on behind its first line, or why it is none."""
        opened, is_complete = len(row.cells) + 1, self._is_complete(row)
        told = f"a quote is left open in cell {opened}; close it, or take it away."
        count, size, state = 1, len(lines[place]), State.OPEN
        while state is State.OPEN and count < _MOST_LINES and size < MOST:
            if not self._has(lines, place + count):
                told = f"a quote is left open: the file ends inside the quoted cell {opened}."
                if not any(map(self._may_be_a_row, lines[place + 1 : place + count])):
                    return told, count
                break
            line = lines[place + count]
            count, size, state = count + 1, size + len(line), row.feed(line)
        last = place + count - 1
        if state is State.WHOLE and self._fits(lines, place, last, row):
            if found := self._escaped(lines, place, state, count):
                return _ESCAPE, found
            if not self._is_doubtful(lines[place : last + 1], row, is_complete=is_complete):
                return (_BREAK, count) if row.is_broken else self._sure(lines, place, count, row, first)
            told = f"a quote opens in cell {opened} and closes in line {first + last}, but what stands between"
            return f"{told} could be other rows; put the quotes right.", count
        if found := self._escaped(lines, place, State.STRAY, count):
            return _ESCAPE, found
        return told, self._rest(lines, place, State.OPEN)

    def _sure(self, lines: list[str], place: int, count: int, row: Row, first: int) -> tuple[Read, int]:
        """Return a row that is whole, unless the quote that ends it may open a cell of the next one.

        So it is where the line end between two rows was changed into a quote: the last cell holds the first cells of
        the next row, and the line below closes what is open nowhere.
        """
        end = place + count
        if not self._width or not self.may_open(lines[end - 1], row.cells):
            return row.cells, count
        found = self.closes_only(row.cells[-1], itertools.islice(self._below(lines, end), FEW_LINES))
        if not found:
            return row.cells, count
        self._is_doubted = True
        told = f"it ends in a quote, and line {first + end + found - 1} closes one that is not open"
        return f"{told}; put the quotes right.", count + found - 1

    def _below(self, lines: list[str], place: int) -> Iterator[str]:
        while self._has(lines, place):
            yield lines[place]
            place += 1

    def may_open(self, text: str, cells: list[str]) -> bool:
        """Tell whether a row ends in a quote, and its last cell may hold cells of the next row."""
        ends = text[-1:] == '"' or text.rstrip(" \t\r")[-1:] == '"'
        return ends and any(mark in cells[-1] for mark in ('"', self._grammar.delimiter, self._blocks.end))

    def closes_only(self, cell: str, lines: Iterable[str]) -> int:
        """Return the number of the first line with a quote if that closes the last cell above, or one open nowhere.

        It is 0 where the line opens what it closes, or there is no such line before the next row.
        """
        delimiter = self._grammar.delimiter
        is_likely = '"' in cell and cell.rstrip(" ").endswith(delimiter)
        for number, line in enumerate(lines, start=1):
            if '"' in line:
                is_closing = is_likely or self._grammar.closing.match(line)
                is_open = not line.startswith(f'"{delimiter}') and self._alone(line) is not State.STRAY
                return number if is_closing and not is_open else 0
            if self._naive(line) >= self._width:
                return 0
        return 0

    def _fits(self, lines: list[str], place: int, last: int, row: Row) -> bool:
        """Tell whether the row has the header's cells; a shorter one fits where its last line is certainly its own."""
        count = len(row.cells)
        if not self._width or count == self._width:
            return True
        if count > self._width:
            return not any(map(str.strip, row.cells[self._width :]))
        return self._naive("".join(lines[place : last + 1])) < self._width and self._alone(lines[last]) is State.STRAY

    def _is_complete(self, row: Row) -> bool:
        """Tell whether the first line may be a row by itself, if the quote that is open there means nothing."""
        return len(row.cells) + self._naive(row.opened) >= self._width

    def _is_doubtful(self, lines: list[str], row: Row, *, is_complete: bool) -> bool:
        """Tell whether lines of this row could as well be rows of their own."""
        if not self._width:
            return False
        if row.is_closed_by_opening or (is_complete and self._is_like_a_row(lines[-1])):
            return True
        inside = [line for line in lines[1:-1] if self._is_like_a_row(line)]
        # A quote at the begin of the last line may open the next row, too.
        begins = is_complete and lines[-1].lstrip().startswith('"')
        return any(begins or self._alone(line) is State.WHOLE for line in inside)

    def _may_be_a_row(self, line: str) -> bool:
        """Tell whether the line is long enough for a row, and its quotes do not speak against it."""
        return self._naive(line) >= self._width and self._alone(line) is not State.STRAY

    def _is_like_a_row(self, line: str) -> bool:
        """Tell whether the line has as many cells as the header, and is no prose: there a blank follows each comma."""
        if self._naive(line) != self._width or not line.strip(f"{self._grammar.delimiter} \r"):
            return False
        rest = line.partition(self._grammar.delimiter)[2]
        return self._spaced or not rest or not all(part[:1] == " " for part in rest.split(self._grammar.delimiter))

    def _rest(self, lines: list[str], place: int, state: State) -> int:
        """Return how many lines belong to a row that is refused: too short ones complete it to the header's width.

        A row that seems whole needs a line with a stray quote for that; another one may end with the file.
        """
        total, last = self._naive(lines[place]), place
        if not self._width or (total >= self._width and state is not State.OPEN):
            return 1
        most = FEW_LINES if state is State.WHOLE else _MOST_LINES
        while last - place < most and self._has(lines, last + 1):
            line = lines[last + 1]
            count = self._naive(line)
            if count >= self._width or total + count - 1 > self._width:
                break
            if '"' in line:
                ends = total + count - 1 == self._width and self._alone(line) is State.STRAY
                return last + 2 - place if ends else 1
            total, last = total + count - 1, last + 1
        over = state is not State.WHOLE and not self._has(lines, last + 1)
        return last + 1 - place if over or (total == self._width and state is not State.WHOLE) else 1

    def _escaped(self, lines: list[str], place: int, state: State, count: int = 1) -> int:
        """Return how many lines the row has if a backslash escapes, 0 where that reading is not the likelier one.

        As it stands the row has so many lines as ``count`` says.
        """
        sign = _ESCAPING if state is State.WHOLE else _BACKSLASH
        if not any(map(sign.search, lines[place : place + count])):
            return 0
        size, last = len(lines[place]), place
        while size < _ESCAPED and last - place < FEW_LINES and self._has(lines, last + 1):
            last += 1
            size += len(lines[last])
        # Line ends of another system are no line ends.
        text = "\n".join(line.replace("\n", " ") for line in lines[place : last + 1])
        found, cells = escaped_length(text, self._grammar)
        differs = found != count or state is not State.WHOLE or any(map(_OTHERWISE, lines[place : place + count]))
        return found if cells == self._width and differs else 0

    def _alone(self, line: str) -> State:
        """Return what the line is by itself."""
        return Row(self._grammar, self._blocks.end).feed(line)

    def _naive(self, line: str) -> int:
        """Return how many cells the line has if quotes mean nothing."""
        return line.count(self._grammar.delimiter) + 1

    def _has(self, lines: list[str], place: int) -> bool:
        """Tell whether there is such a line, and fetch the next block for it."""
        if place >= len(lines) and (block := next(self._blocks, None)) is not None:
            lines += block.split(self._blocks.end)
        return place < len(lines)
