"""Leads into a CSV file, streamed by primary key: memory does not grow with the table."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from django.db.models import F, QuerySet

from leads.csvfiles.columns import cell_of
from leads.csvfiles.fields import fields, mapping_of_lead
from leads.mapping import LeadMapping, Source

_PAGE = 2000


class Writable(Protocol):
    """Whatever takes text."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""


def export_leads(
    file: Writable,
    mapping: LeadMapping | None = None,
    *,
    leads: QuerySet[Any] | None = None,
    watch: Callable[[int], None] | None = None,
) -> int:
    """Write a header and a row per lead; return how many leads. ``import_leads`` makes the same leads of the file.

    The leads are those of the mapping, None: ``leads.Lead``; all that the model's own manager shows, or those of the
    queryset. ``watch`` is called after each page with the number of leads that are written.
    """
    mapping = mapping or mapping_of_lead()
    names = {name: each for name, each in fields(mapping).items() if each.goes_out}
    if leads is None:
        leads = mapping.model._default_manager.using(mapping.alias)
    writer = csv.writer(file)
    writer.writerow(names)
    total = 0
    for page in _pages(leads, [each.source for each in names.values()]):
        writer.writerows(map(cell_of, values) for values in _named(mapping.crm_id_prefix, page))
        total += len(page)
        if watch:
            watch(total)
    return total


def _named(prefix: str, page: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[Any]]:
    """Yield rows without their primary keys, and with the whole crm_id in the place of the key."""
    if not prefix:
        return (values for _, *values in page)
    return ([f"{prefix}{key}", *values] for _, key, *values in page)


def _pages(leads: QuerySet[Any], sources: Sequence[Source]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the leads in pages: the primary key of each, then these values."""
    # One source may stand in two columns, and an expression has no name.
    named = {f"leads_file_{place}": F(each) if isinstance(each, str) else each for place, each in enumerate(sources)}
    read = leads.order_by("pk").annotate(**named).values_list("pk", *named)
    page = list(read[:_PAGE])
    while page:
        yield page
        last, *_ = page[-1]
        page = list(read.filter(pk__gt=last)[:_PAGE])
