"""Where the table begins: the line that names the columns, below any notes, and the delimiter that makes it do so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from leads.csvfiles.careful import Careful, Read
from leads.csvfiles.columns import HeaderError
from leads.csvfiles.decoding import Blocks

# Returns how many of the cells are titles of columns that are known.
Titles: TypeAlias = Callable[[Sequence[str]], int]

# Tried in this order where nothing else decides.
DELIMITERS = ",;\t|"
# Rows in which the header is looked for; LinkedIn writes three lines of notes, reports of CRMs up to a dozen.
FIRST = 30
_FIRST_LINES = 300
# The first line that Excel understands and other programs write for it; https://superuser.com/a/773692
_SEP = re.compile(r'\ufeff?"?sep=([^\w"\s\\]|\t)\1*"?\s*', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HeaderRow:
    """The row that names the columns."""

    cells: list[str]
    # How many of its cells are known titles.
    known: int
    # Rows above it that are not blank.
    notes: int
    # The place of the first line, or row, below it.
    below: int
    delimiter: str = ","

    @property
    def speaks_for_itself(self) -> bool:
        """Tell whether at least half of the filled cells are known titles, and two are."""
        return is_header(self.cells, self.known)


def is_header(cells: Sequence[str], known: int) -> bool:
    """Tell whether a row with so many known titles is a header wherever it stands."""
    return known >= 2 and 2 * known >= sum(map(bool, map(str.strip, cells)))


def best(found: Iterable[HeaderRow]) -> HeaderRow:
    """Return the first header that speaks for itself, or else the first with the most known titles.

    Without known titles it is the first row, as the delimiter with the most cells splits it. Raises HeaderError where
    there is no row.
    """
    headers = sorted(found, key=lambda header: header.below)
    if not headers:
        raise HeaderError("The file is empty; its first line must name the columns.")
    most = max(header.known for header in headers)
    fit = [header for header in headers if header.known == most or header.speaks_for_itself] if most else headers
    first = [header for header in fit if header.below == fit[0].below]
    return max(first, key=lambda header: (header.known, len(header.cells)))


def rows_above(rows: Iterable[tuple[int, Read]], titles: Titles, delimiter: str = ",") -> list[HeaderRow]:
    """Return each of the first rows that is not blank as a header; a row comes with the place below it."""
    found: list[HeaderRow] = []
    notes = 0
    for below, read in rows:
        if isinstance(read, list) and any(map(str.strip, read)):
            found.append(HeaderRow(cells=read, known=titles(read), notes=notes, below=below, delimiter=delimiter))
        notes += any(map(str.strip, read))
        if notes == FIRST:
            break
    return found


def find(blocks: Blocks, lines: list[str], titles: Titles) -> HeaderRow:
    """Return the header of a text, of which some lines are taken off the blocks. Raises HeaderError."""
    while len(lines) < _FIRST_LINES and (block := next(blocks, None)) is not None:
        lines += block.split(blocks.end)
    sep = _SEP.fullmatch(lines[0]) if lines else None
    named = _candidates(blocks, lines, titles, sep[1] if sep else "", 1 if sep else 0)
    header = best(named)
    if any(map(_is_undecoded, header.cells)):
        raise HeaderError("The file is not UTF-8 text; save it as 'CSV UTF-8' or .xlsx.")
    return header


def _candidates(blocks: Blocks, lines: list[str], titles: Titles, sep: str, start: int) -> list[HeaderRow]:
    """Return all headers that there could be: by the delimiter of a ``sep=`` line if that makes a known title."""
    for delimiters in filter(None, (sep, DELIMITERS)):
        found = [
            header
            for delimiter in delimiters
            for header in rows_above(_rows(blocks, lines, delimiter, start), titles, delimiter)
        ]
        if delimiters != sep or any(header.known for header in found):
            return found
    return []


def _rows(blocks: Blocks, lines: list[str], delimiter: str, start: int) -> Iterable[tuple[int, Read]]:
    """Yield the first rows, each with the place of the line below it."""
    careful = Careful(blocks, delimiter)
    place = start
    while place < min(len(lines), _FIRST_LINES):
        read, count = careful.at(lines, place)
        place += count
        yield place, read


def _is_undecoded(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
