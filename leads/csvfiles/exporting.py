"""Leads into a file, streamed by primary key: memory does not grow with the table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from django.db.models import F, QuerySet

from leads.csvfiles.fields import fields, mapping_of_lead
from leads.csvfiles.guards import are_harmless, cell_of
from leads.mapping import LeadMapping, Source

try:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
except ImportError:  # the extra "xlsx" is not installed
    Workbook = None  # type: ignore[assignment,misc]  # it is asked for before it is used

_PAGE = 2000
_TEXTS = {str, type(None)}
# Rows of a sheet, below the header.
MOST_ROWS = 1_048_575


class Writable(Protocol):
    """Whatever takes text."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""


@dataclass(slots=True, kw_only=True)
class Exported:
    """What an export came to."""

    total: int = 0
    # Cells that got an apostrophe, so that no spreadsheet runs them.
    guarded: int = 0

    def column(self, values: Sequence[object]) -> list[str]:
        """Return the values of a column as cells."""
        if set(map(type, values)) <= _TEXTS:
            texts = ["" if value is None else str(value) for value in values]
            if are_harmless(texts):
                return texts
        return list(map(self.cell, values))

    def cell(self, value: object) -> str:
        """Return a value as a cell, and count it where it is guarded."""
        cell = cell_of(value)
        if type(value) is str and len(cell) != len(value):
            self.guarded += 1
        return cell


def export_leads(
    file: Writable,
    mapping: LeadMapping | None = None,
    *,
    leads: QuerySet[Any] | None = None,
    watch: Callable[[int], None] | None = None,
) -> Exported:
    """Write a header and a row per lead as CSV. ``import_leads`` makes the same leads of the file.

    The leads are those of the mapping, None: ``leads.Lead``; all that the model's own manager shows, or those of the
    queryset. ``watch`` is called after each page with the number of leads that are written.
    """
    done = Exported()
    for page in csv_pages(mapping or mapping_of_lead(), leads, done=done, watch=watch):
        file.write(page)
    return done


def csv_pages(
    mapping: LeadMapping,
    leads: QuerySet[Any] | None,
    *,
    done: Exported | None = None,
    watch: Callable[[int], None] | None = None,
) -> Iterator[str]:
    """Yield the same text page by page, for who sends it somewhere."""
    for page in _cells(done or Exported(), mapping, leads, watch):
        text = io.StringIO(newline="")
        csv.writer(text).writerows(page)
        yield text.getvalue()


def can_write_workbooks() -> bool:
    """Tell whether the extra ``xlsx`` is installed."""
    return Workbook is not None


def export_workbook(
    file: BinaryIO,
    mapping: LeadMapping | None = None,
    *,
    leads: QuerySet[Any] | None = None,
    watch: Callable[[int], None] | None = None,
) -> Exported:
    """Write the same as a workbook with one sheet, all of whose cells are texts. No sheet has more than MOST_ROWS.

    Control characters, which a workbook cannot hold, are left out.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Leads")
    done = Exported()
    for page in _cells(done, mapping or mapping_of_lead(), leads, watch):
        for row in page:
            sheet.append([_text(sheet, cell) for cell in row])
    book.save(file)
    return done


def _text(sheet: Any, text: str) -> Any:  # noqa: ANN401 - openpyxl's own types
    if not text:
        return None
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", text))
    # A text that begins like a formula would be one, and a date a number.
    cell.data_type = "s"
    return cell


def _cells(
    done: Exported, mapping: LeadMapping, leads: QuerySet[Any] | None, watch: Callable[[int], None] | None
) -> Iterator[Sequence[Sequence[str]]]:
    """Yield the header, then the rows in pages."""
    names = {name: each for name, each in fields(mapping).items() if each.goes_out}
    yield [list(names)]
    if leads is None:
        leads = mapping.model._default_manager.using(mapping.alias)
    for page in _pages(leads, [each.source for each in names.values()]):
        columns = zip(*_named(mapping.crm_id_prefix, page), strict=True)
        yield list(zip(*map(done.column, columns), strict=True))
        done.total += len(page)
        if watch:
            watch(done.total)


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
