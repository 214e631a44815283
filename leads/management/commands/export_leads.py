"""``manage.py export_leads``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from enrow_webhooks.management.base import EnrowCommand, wrong_call
from leads.csvfiles.exporting import Writable, export_leads
from leads.management.choosing import add_model, chosen
from leads.management.progress import ProgressBar
from leads.mapping import LeadMapping


class Command(EnrowCommand):
    """Write every lead to a CSV file."""

    help = (
        "Write every lead to a CSV file that import_leads reads back to the same leads.\n"
        "Safe to open in a spreadsheet: a cell that begins like a formula (= + - @) gets an apostrophe in front; a\n"
        "plain phone like +15705551234 stays as it is. A file is marked as UTF-8 for Excel (BOM); '-' writes to\n"
        "stdout, without the mark. The row's own key and its times of creation and change are left out.\n\n"
        "--model writes the leads of any mapped model, all that its default manager shows: the fields of the mapping,\n"
        "those of related rows among them, and its export_fields."
    )
    examples = """
  manage.py export_leads leads.csv
  manage.py export_leads - | gzip > leads.csv.gz
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", metavar="FILE.csv", help="the file to write; '-' for stdout")
        add_model(parser)

    def handle(self, *args: Any, file: str, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Export, and say how many."""
        mapping = chosen(options["model"])
        if file == "-":
            self._to_stdout(mapping)
            return
        try:
            with Path(file).open("w", encoding="utf-8-sig", newline="") as out:
                total = self._export(out, mapping)
        except OSError as error:
            raise wrong_call(f"Cannot write {file}: {error.strerror}.") from error
        self.stdout.write(f"Wrote {total:,} leads to {file}.")

    def _export(self, out: Writable, mapping: LeadMapping) -> int:
        # Counted once, for the bar alone; what is written meanwhile is exported all the same.
        total = mapping.model._default_manager.using(mapping.alias).count()
        with ProgressBar(self.stderr) as bar:
            return export_leads(
                out,
                mapping,
                watch=lambda done: bar.show(f"{done:,} of {total:,} leads.", done=done, total=max(done, total)),
            )

    def _to_stdout(self, mapping: LeadMapping) -> None:
        try:
            self._export(self.stdout, mapping)
            self.stdout.flush()
        except BrokenPipeError:
            # The reader had enough, like "head". Python would complain once more when it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
