"""The header of a file: which column says what of a lead.

What is chosen by a person wins; then our own words; then those of the program that wrote the file, as far as it is
recognised; then what the programs agree on.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from leads.csvfiles.columns import Column, HeaderError
from leads.csvfiles.fields import CRM_ID, FileColumn, fields
from leads.csvfiles.program import Program
from leads.csvfiles.programs import COMMON, COMPANYS_OWN, PROGRAMS
from leads.kinds import VALUES
from leads.mapping import LeadMapping

_MOST_COLUMNS = 1000
# Characters of a title that is compared with others, or quoted.
_LONGEST_TITLE = 100
# What is known of a value; another program's words for that are not ours.
_VERDICTS = {name: facts.value for facts in VALUES for name in (facts.status, facts.checked_at)}
# Titles that mean nothing outside of the one program that has them.
_ONLY_THERE = frozenset({"url", "home", "parentid", "parentname", "partnername", "countryid", "countryidid"})
_COMPANYS = "it is the company's, and nobody's own"

# For each title that is understood, which field it is, and its place among the titles of that field.
_Meaning: TypeAlias = tuple[str, int]
_Known: TypeAlias = dict[str, _Meaning]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the columns of a file are."""

    columns: list[Column] = field(default_factory=list)
    # The program that wrote the file, as far as it is known.
    program: str = ""
    # The titles of the columns of each field, by its word; the first that is filled counts.
    titles: dict[str, list[str]] = field(default_factory=dict)
    # The titles of columns that are no field of a lead.
    unknown: list[str] = field(default_factory=list)
    # Columns that are one, and are not imported: the end of a sentence by the title.
    left_out: dict[str, str] = field(default_factory=dict)


def columns_of(titles: Sequence[str], mapping: LeadMapping | None = None, chosen: Sequence[str] = ()) -> Header:
    """Return what each column says of a lead of the mapping, None: of ``leads.Lead``.

    ``chosen``: what a person says of columns, like "Record ID=crm_id"; without a field a column is left out. Raises
    HeaderError.
    """
    if len(titles) > _MOST_COLUMNS:
        raise HeaderError(f"The first line has {len(titles):,} columns; a file of leads has {_MOST_COLUMNS:,} at most.")
    own, titles = fields(mapping), [title.strip() for title in titles]
    picked = dict(_picks(titles, own, chosen))
    program = _program(titles)
    header = Header(program=program.name if program else "")
    places = _places(header, titles, own, picked, _known(titles, own, program))
    for name, found in places.items():
        _add(header, own[name], [place for _, place in sorted(found)], titles)
    if not any(own[column.name].field for column in header.columns):
        usable = ", ".join(name for name, each in own.items() if each.field)
        raise HeaderError(f"No column is a field of a lead; the first line must name some of {usable}.")
    return header


def known_titles(mapping: LeadMapping | None = None, chosen: Sequence[str] = ()) -> Callable[[Sequence[str]], int]:
    """Return a function that counts the cells of a row that are titles: our own, another program's, or chosen ones."""
    own = fields(mapping)
    known = set(map(_plain, own)) | _hosts(own).keys() | _titles(COMMON).keys()
    known |= {_plain(heading) for facts in VALUES for heading in facts.headings} | set(map(_plain, COMPANYS_OWN))
    for program in PROGRAMS:
        known |= _titles(program).keys() | {_plain(mark) for marks in program.marks for mark in marks}
    known |= {_plain(each.rpartition("=")[0]) for each in chosen} - {""}
    return lambda cells: sum(_plain(cell) in known for cell in cells)


def _places(
    header: Header, titles: Sequence[str], own: Mapping[str, FileColumn], picked: Mapping[int, _Meaning], known: _Known
) -> dict[str, list[tuple[int, int]]]:
    """Return where each field is, each place with its rank; note the columns that are left out."""
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    chosen = {name for name, _ in picked.values()}
    for place, title in enumerate(titles):
        name, rank = picked.get(place) or known.get(_plain(title), ("", 0))
        if place in picked:
            if name:
                places[name].append((rank, place))
            else:
                header.left_out[title] = "it was chosen so"
        elif why := f"{name} comes from what was chosen" if name in chosen - {""} else _why_not(own, title, name):
            header.left_out[title] = why
        elif name:
            places[name].append((rank, place))
        else:
            header.unknown.append(title)
    return places


def _picks(
    titles: Sequence[str], own: Mapping[str, FileColumn], chosen: Iterable[str]
) -> Iterator[tuple[int, tuple[str, int]]]:
    """Yield the columns that a person chose, with the field of each, blank for none. Raises HeaderError."""
    words = {_plain(name): name for name in own} | _hosts(own)
    for rank, each in enumerate(chosen):
        title, equals, word = (part.strip() for part in each.rpartition("="))
        if not equals:
            raise HeaderError(f"{each[:_LONGEST_TITLE]!r} maps no column; write HEADING=FIELD.")
        place = _place(titles, title)
        name = words.get(_plain(word), "")
        if word and not name:
            raise HeaderError(f"A lead in a file has no field {word[:_LONGEST_TITLE]!r}. {_near(word, own, 'Fields')}")
        if name and not (own[name].field or own[name].cell):
            raise HeaderError(f"{name} is not imported: {own[name].why}.")
        yield place, (name, rank)


def _place(titles: Sequence[str], title: str) -> int:
    if title in titles:
        return titles.index(title)
    plain = [_plain(each) for each in titles]
    if _plain(title) in plain:
        return plain.index(_plain(title))
    raise HeaderError(f"The file has no column {title[:_LONGEST_TITLE]!r}. {_near(title, titles, 'Columns')}")


def _near(word: str, known: Iterable[str], what: str) -> str:
    names = [each[:_LONGEST_TITLE] for each in known]
    near = difflib.get_close_matches(word[:_LONGEST_TITLE], names, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"{what}: {', '.join(names)}."


def _program(titles: Iterable[str]) -> Program | None:
    """Return the program that wrote the file: that which has the most of the titles, of those whose marks are there."""
    plain = set(map(_plain, titles))
    found = [each for each in PROGRAMS if any(set(map(_plain, marks)) <= plain for marks in each.marks)]
    return max(found, key=lambda each: len(plain & _titles(each).keys()), default=None)


def _known(titles: Sequence[str], own: Mapping[str, FileColumn], program: Program | None) -> _Known:
    """Return which field each title is; the nearer to us, the earlier it counts."""
    known = _behind(2, _agreed()) | _behind(1, _titles(COMMON))
    for facts in VALUES:
        known |= _behind(1, {heading: (facts.value, rank) for rank, heading in enumerate(facts.headings)})
    if program:
        known |= _titles(program)
        for title in map(_plain, program.other_meaning):
            known.pop(title, None)
    known |= {title: (name, 0) for title, name in _hosts(own).items() if title != "id" and _is_ours(titles, name)}
    known |= {_plain(name): (name, 0) for name in own if _is_ours(titles, name)}
    return {title: (name, rank) for title, (name, rank) in known.items() if name in own}


def _behind(steps: int, known: _Known) -> _Known:
    return {title: (name, rank + steps * _MOST_COLUMNS) for title, (name, rank) in known.items()}


def _is_ours(titles: Sequence[str], name: str) -> bool:
    """Tell whether a title that is like one of our words is ours: a status is, in a file that we wrote."""
    return name not in _VERDICTS or {name, _VERDICTS[name], CRM_ID} <= set(titles)


def _titles(program: Program) -> _Known:
    return {
        _plain(heading): (name, rank)
        for name, headings in program.headings.items()
        for rank, heading in enumerate(headings, start=1)
    }


def _agreed() -> _Known:
    """Return the titles that mean the same in each program that has them."""
    meanings: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for program in PROGRAMS:
        for title, meaning in _titles(program).items():
            meanings[title].append(meaning)
    return {
        title: found[0]
        for title, found in meanings.items()
        if len({name for name, _ in found}) == 1 and title not in _ONLY_THERE
    }


def _hosts(own: Mapping[str, FileColumn]) -> dict[str, str]:
    """Return the host's own names of the columns that a file fills."""
    return {_plain(each.field.name): name for name, each in own.items() if each.field is not None}


def _why_not(own: Mapping[str, FileColumn], title: str, name: str) -> str:
    """Return why a column that is known is not imported, as the end of a sentence."""
    if _plain(title) in set(map(_plain, COMPANYS_OWN)):
        return _COMPANYS
    is_foreign_id = name == CRM_ID and own[name].field is None and _plain(title) != _plain(CRM_ID)
    return "another program's id cannot become the key of a row" if is_foreign_id else ""


def _add(header: Header, known: FileColumn, places: Sequence[int], titles: Sequence[str]) -> None:
    """Note the columns of a field; one that fills nothing may help to find the lead."""
    first, *others = places
    if known.why:
        header.left_out.update({titles[place]: known.why for place in places})
    if known.name == CRM_ID:
        # Ids of two programs are no alternatives.
        header.left_out.update({titles[place]: f"{CRM_ID} comes from {titles[first]!r}" for place in others})
        others = []
    if reads_by := known.cell or known.field:
        header.columns.append(Column(place=first, others=tuple(others), field=reads_by, word=known.name))
        header.titles[known.name] = [titles[place] for place in (first, *others)]


def _plain(title: str) -> str:
    return re.sub(r"[\W_]+", "", title.casefold())
