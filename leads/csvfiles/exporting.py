"""Leads into a CSV file, streamed by primary key: memory does not grow with the table."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from leads.csvfiles.columns import cell_of, fields
from leads.models import Lead

_PAGE = 2000


class Writable(Protocol):
    """Whatever takes text."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""


def export_leads(file: Writable, *, watch: Callable[[int], None] | None = None) -> int:
    """Write a header and a row per lead; return how many leads. ``import_leads`` makes the same leads of the file.

    ``watch`` is called after each page with the number of leads that are written.
    """
    writer = csv.writer(file)
    writer.writerow(fields())
    total = 0
    for page in _pages(fields()):
        writer.writerows(map(cell_of, values) for _, *values in page)
        total += len(page)
        if watch:
            watch(total)
    return total


def _pages(names: Iterable[str]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the leads in pages: the primary key of each, then these values."""
    leads = Lead._default_manager.order_by("pk").values_list("pk", *names)
    page = list(leads[:_PAGE])
    while page:
        yield page
        last, *_ = page[-1]
        page = list(leads.filter(pk__gt=last)[:_PAGE])
