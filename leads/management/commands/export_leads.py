"""``manage.py export_leads``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet

from enrow_webhooks.management.base import EnrowCommand, wrong_call
from leads import filters
from leads.csvfiles.exporting import (
    MOST_ROWS,
    Exported,
    Writable,
    can_write_workbooks,
    export_leads,
    export_workbook,
)
from leads.management.choosing import add_model, chosen_rows
from leads.management.progress import ProgressBar
from leads.mapping import LeadMapping

_WORKBOOK = ".xlsx"


class Command(EnrowCommand):
    """Write leads to a file."""

    help = (
        "Write leads to a CSV file, or to a workbook (.xlsx), that import_leads reads back to the same leads.\n"
        "Safe to open in a spreadsheet: what begins like a formula (= + - @), also behind a comma, a semicolon, a tab\n"
        "or a line break inside of a cell, gets an apostrophe in front; a plain phone like +15705551234 stays as it\n"
        "is. A CSV file is marked as UTF-8 for Excel (BOM); '-' writes CSV to stdout, without the mark. The row's own\n"
        "key and its times of creation and change are left out. A workbook needs the extra: django-enrow[xlsx].\n\n"
        "--model writes the leads of any mapped model, all that its default manager shows: the fields of the mapping,\n"
        "those of related rows among them, and its export_fields. --where FIELD__LOOKUP=VALUE says which, as for\n"
        "enrich_leads."
    )
    examples = """
  manage.py export_leads leads.csv
  manage.py export_leads lyon.xlsx --model crm.Contact --where employer__city=Lyon
  manage.py export_leads - | gzip > leads.csv.gz
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", metavar="FILE", help="the file to write, .csv or .xlsx; '-' for stdout")
        add_model(parser)
        parser.add_argument(
            "--where", nargs="+", action="extend", default=[], metavar="FIELD__LOOKUP=VALUE", help="which leads"
        )

    def handle(self, *args: Any, file: str, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Export, and say how many."""
        mapping, model = chosen_rows(options["model"])
        try:
            leads = filters.matching(mapping, options["where"], model=model)
        except filters.FilterError as error:
            raise wrong_call(str(error)) from error
        if file == "-":
            self._to_stdout(mapping, leads)
            return
        try:
            done = self._to_file(Path(file), mapping, leads)
        except OSError as error:
            raise wrong_call(f"Cannot write {file}: {error.strerror}.") from error
        self.stdout.write(f"Wrote {done.total:,} leads to {file}.")
        if done.guarded:
            self.stdout.write(
                f"{done.guarded:,} cells look like formulas and got an apostrophe, so that no spreadsheet runs them; "
                "import_leads takes it away again."
            )

    def _to_file(self, path: Path, mapping: LeadMapping, leads: QuerySet[Any]) -> Exported:
        if path.suffix.lower() != _WORKBOOK:
            with path.open("w", encoding="utf-8-sig", newline="") as out:
                return self._export(out, mapping, leads)
        if not can_write_workbooks():
            raise wrong_call("A workbook needs openpyxl: pip install 'django-enrow[xlsx]'. Or write a .csv file.")
        if (total := leads.count()) > MOST_ROWS:
            raise wrong_call(f"{total:,} leads do not fit into one sheet ({MOST_ROWS:,}); narrow them, or write .csv.")
        with path.open("wb") as book, ProgressBar(self.stderr) as bar:
            return export_workbook(
                book,
                mapping,
                leads=leads,
                watch=lambda done: bar.show(f"{done:,} of {total:,} leads.", done=done, total=max(done, total)),
            )

    def _export(self, out: Writable, mapping: LeadMapping, leads: QuerySet[Any]) -> Exported:
        # Counted once, for the bar alone; what is written meanwhile is exported all the same.
        total = leads.count()
        with ProgressBar(self.stderr) as bar:
            return export_leads(
                out,
                mapping,
                leads=leads,
                watch=lambda done: bar.show(f"{done:,} of {total:,} leads.", done=done, total=max(done, total)),
            )

    def _to_stdout(self, mapping: LeadMapping, leads: QuerySet[Any]) -> None:
        try:
            self._export(self.stdout, mapping, leads)
            self.stdout.flush()
        except BrokenPipeError:
            # The reader had enough, like "head". Python would complain once more when it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
