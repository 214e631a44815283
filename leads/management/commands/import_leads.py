"""``manage.py import_leads``."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandParser

from enrow_webhooks.management.base import EnrowCommand, needs_person, wrong_call
from leads.csvfiles.columns import HeaderError
from leads.csvfiles.importing import Imported, import_leads
from leads.management.progress import ProgressBar

# Bad rows that a person reads before opening the file.
_SHOWN = 100


class Command(EnrowCommand):
    """Read leads from a CSV file."""

    help = (
        "Create a lead for every row of a CSV file: UTF-8, separated by comma, semicolon or tab.\n"
        "The first line names the columns: crm_id, firstname, lastname, fullname, company_name, company_domain,\n"
        "linkedin_url, country_code, email, phone, …; the usual other names (First Name, Website, Company, …) are\n"
        "understood, unknown columns are left out. A row without a crm_id gets one generated, so give ids to a file\n"
        "that you may import twice. A lead that is there already is left alone; with --update the row's filled cells\n"
        "are written to it, and a blank cell never erases. A row that cannot be imported is named with its line, and\n"
        "the rest is imported."
    )
    examples = """
  manage.py import_leads examples/leads.csv
  manage.py import_leads leads.csv --update
  zcat leads.csv.gz | manage.py import_leads - --json
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", metavar="FILE.csv", help="the file to read; '-' for stdin")
        parser.add_argument(
            "--update", action="store_true", help="write filled cells onto leads that are there already"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, file: str, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Import, and say how it went."""
        try:
            with contextlib.nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
                done = self._import(stream, update=options["update"])
        except OSError as error:
            raise wrong_call(f"Cannot read {file}: {error.strerror}.") from error
        except HeaderError as error:
            raise wrong_call(f"{file}: {error}") from error
        if options["json"]:
            self.tell_json(dataclasses.asdict(done))
        else:
            self._tell(done)
        if done.bad:
            raise needs_person(f"{done.bad:,} rows were not imported; fix them, and import the file again.")

    def _import(self, stream: BinaryIO, *, update: bool) -> Imported:
        total = os.fstat(stream.fileno()).st_size if stream.seekable() else None
        with ProgressBar(self.stderr) as bar:
            return import_leads(
                stream,
                update=update,
                watch=lambda done: bar.show(_line(done), done=stream.tell() if total else 0, total=total),
            )

    def _tell(self, done: Imported) -> None:
        if done.ignored_columns:
            names = ", ".join(map(repr, done.ignored_columns))
            self.stderr.write(f"These columns are no field of a lead and were left out: {names}.")
        for sentence in done.told:
            self.stderr.write(sentence)
        for row in done.bad_rows[:_SHOWN]:
            self.stderr.write(row.sentence)
        if done.bad > _SHOWN:
            self.stderr.write(f"… and {done.bad - _SHOWN:,} more.")
        self.stdout.write(_line(done))


def _line(done: Imported) -> str:
    return f"{done.created:,} created, {done.updated:,} updated, {done.kept:,} left alone, {done.bad:,} refused."
