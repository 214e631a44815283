"""One row of a CSV file, read line by line: cells, quotes, and whether a quote is still open.

csv.reader takes what it gets: a quote that nobody closes swallows the rows below it, and one inside a cell is kept.
Here a row is whole, or it is not. The grammar is RFC 4180's (https://www.rfc-editor.org/rfc/rfc4180), with two forms
that spreadsheets and people write: blanks around a quoted cell, and ``="001"``, a text that must not lose its zeros.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

# The quantifiers are possessive: nothing is tried twice, so the time is linear.
_INSIDE = re.compile(r'(?:[^"]++|"")*+')
_PLAIN_REST = re.compile(r'[^"\r\n]*+(?=\r*+\Z)')
_FORMULA_TEXT = re.compile(r'="((?:[^"]++|"")*+)"')


class State(enum.Enum):
    """How far a row is after a line."""

    WHOLE = "whole"
    # A quoted cell goes on in the next line, if anywhere.
    OPEN = "open"
    # A quote stands where none can stand.
    STRAY = "stray"


class Grammar(NamedTuple):
    """What stands between quotes and delimiters, for one delimiter."""

    delimiter: str
    # A cell without quotes, or ="…" as a whole, and what ends it.
    plain: re.Pattern[str]
    # A cell without quotes in which a line end of another system stands, and what ends it.
    broken: re.Pattern[str]
    # The begin of a quoted cell. A mark of UTF-8 stands there where two files were joined.
    opening: re.Pattern[str]
    # What may follow a closing quote.
    behind: re.Pattern[str]
    # The end of a cell that was opened in a line above.
    closing: re.Pattern[str]
    # One cell where a backslash takes the meaning from the next character, and what ends it.
    escaped: re.Pattern[str]


@lru_cache(maxsize=64)
def grammar(delimiter: str) -> Grammar:
    """Return the grammar for a delimiter of one character."""
    d = re.escape(delimiter)
    blank = " " if delimiter == "\t" else r"[ \t]"
    return Grammar(
        delimiter=delimiter,
        plain=re.compile(rf'((?:{blank}*+="[^"{d}\r\n]*+"{blank}*+)|[^"{d}\r\n]*+)({d}|\r*+\Z)'),
        broken=re.compile(rf'([^"{d}]*+)({d}|\Z)'),
        opening=re.compile(rf'(?:\ufeff|{blank})*+"'),
        behind=re.compile(rf"{blank}*+({d}|\r*+\Z)"),
        closing=re.compile(rf'(?:[^"]++|"")*+"{blank}*+(?:{d}|\r*+\Z)'),
        escaped=re.compile(rf'(?:"(?:[^"\\]++|\\.|"")*+"|(?:[^"\\{d}\n]++|\\.)*+)({d}|\r?(?:\n|\Z))', re.DOTALL),
    )


@dataclass(slots=True, repr=False)
class Row:
    """The cells of a row so far."""

    grammar: Grammar
    # What stood between two lines, and stands so in a cell of several lines.
    end: str
    cells: list[str] = field(default_factory=list)
    # Whether a line end of another system stands in a cell without quotes: it may be one of a cell, or end a row.
    is_broken: bool = False
    # Whether a delimiter stands before the quote that closed a cell of several lines: it may be one that opens.
    is_closed_by_opening: bool = False
    # The pieces of the quoted cell that is open.
    _open: list[str] | None = None

    def feed(self, line: str) -> State:
        """Read one more line, without its end; after STRAY the row is lost."""
        place = 0
        if self._open is not None:
            state, place = self._close(line, 0)
            if state:
                return state
        while not self._take_plain(line, place):
            state, place = self._cell(line, place)
            if state:
                return state
        return State.WHOLE

    def _cell(self, line: str, place: int) -> tuple[State | None, int]:
        """Read one cell; return the row's state, None when the next cell begins at the returned place."""
        if opening := self.grammar.opening.match(line, place):
            self._open = []
            return self._close(line, opening.end())
        found = self.grammar.plain.match(line, place)
        if not found:
            found = self.grammar.broken.match(line, place)
            self.is_broken |= bool(found)
        if not found:
            return State.STRAY, place
        self.cells.append(unwrapped(found[1]))
        return None if found[2] == self.grammar.delimiter else State.WHOLE, found.end()

    @property
    def opened(self) -> str:
        """What the quoted cell that is open holds so far."""
        return self.end.join(self._open or [])

    def _take_plain(self, line: str, place: int) -> bool:
        """Take the rest of the line where nothing is to be looked at; most rows are so behind their last quote."""
        rest = _PLAIN_REST.match(line, place)
        if rest:
            self.cells += rest[0].split(self.grammar.delimiter)
        return bool(rest)

    def _close(self, line: str, place: int) -> tuple[State | None, int]:
        """Read the open cell on; return the row's state, None when the next cell begins at the returned place."""
        pieces = self._open if self._open is not None else []
        end = _INSIDE.match(line, place).end()  # type: ignore[union-attr] # it matches the blank text, too
        pieces.append(line[place:end])
        if end == len(line):
            return State.OPEN, end
        behind = self.grammar.behind.match(line, end + 1)
        if not behind:
            return State.STRAY, end
        self.cells.append(unwrapped(self.end.join(pieces).replace('""', '"')))
        self._open = None
        self.is_closed_by_opening |= len(pieces) > 1 and pieces[-1].endswith(self.grammar.delimiter)
        return None if behind[1] == self.grammar.delimiter else State.WHOLE, behind.end()


def unwrapped(cell: str) -> str:
    """Return ``001`` of ``="001"``, as which spreadsheets keep the zeros of a text."""
    if cell.lstrip().startswith('="') and (found := _FORMULA_TEXT.fullmatch(cell.strip())):
        return found[1].replace('""', '"')
    return cell


def escaped_length(text: str, grammar: Grammar) -> tuple[int, int]:
    r"""Return how many lines and cells the first row has where ``\"`` is a quote in a cell; (0, 0) for no row."""
    place = cells = 0
    while found := grammar.escaped.match(text, place):
        cells, place = cells + 1, found.end()
        if found[1] != grammar.delimiter:
            return text.count("\n", 0, found.start(1)) + 1, cells
    return 0, 0
