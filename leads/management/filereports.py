"""What an import has to tell a person, as lines."""

from __future__ import annotations

from collections.abc import Iterator

from leads.csvfiles.identity import NOTHING
from leads.csvfiles.outcome import Imported

# Titles that are named one by one.
_NAMED = 30


def header_lines(done: Imported) -> Iterator[str]:
    """Yield what is to be known of the columns."""
    for name, titles in done.columns.items():
        if len(titles) > 1:
            yield f"{name} is read from {', else '.join(map(repr, titles))}."
    if done.ignored_columns:
        more = f", and {len(done.ignored_columns) - _NAMED} more" if len(done.ignored_columns) > _NAMED else ""
        names = ", ".join(map(repr, done.ignored_columns[:_NAMED]))
        yield f"These columns are no field of a lead and were left out: {names}{more}."
    for title, why in done.left_out_columns.items():
        yield f"{title!r} is not imported: {why}."
    if nameless := done.known_by.get(NOTHING):
        yield (
            f"{nameless:,} rows have neither an id, nor a profile, an address, or a name with a company: "
            "they will be made again with each import."
        )


def plan_lines(done: Imported) -> Iterator[str]:
    """Yield what a dry run found: the columns, the first rows as they would be, and who is who."""
    if done.program:
        yield f"The file looks like an export of {done.program}."
    for name, titles in done.columns.items():
        yield f"  {name} <- {', else '.join(map(repr, titles))}"
    yield "The first rows:"
    for row in done.first_rows:
        yield f"  {', '.join(f'{name}={cell!r}' for name, cell in row.items())}"
    known = ", ".join(f"{number:,} by {way}" for way, number in done.known_by.items() if number)
    yield f"Who a row is about is known: {known}."
    if found := ", ".join(f"{number:,} by {way}" for way, number in done.found_by.items()):
        yield f"Leads that are there were found: {found}."
