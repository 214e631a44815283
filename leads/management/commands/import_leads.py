"""``manage.py import_leads``."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandParser

from enrow_webhooks.management.base import EnrowCommand, needs_person, wrong_call
from leads.csvfiles.columns import HeaderError
from leads.csvfiles.importing import import_leads
from leads.csvfiles.outcome import Imported
from leads.management import filereports
from leads.management.choosing import add_model, chosen_itself
from leads.management.progress import ProgressBar

# Bad rows that a person reads before opening the file.
_SHOWN = 100


class Command(EnrowCommand):
    """Read leads from a CSV file."""

    help = (
        "Create a lead for every row of a CSV file: UTF-8, separated by comma, semicolon or tab.\n"
        "The first line names the columns: crm_id, firstname, lastname, fullname, company_name, company_domain,\n"
        "linkedin_url, country_code, email, phone, …; the usual other names are understood, and those of Apollo,\n"
        "HubSpot, Salesforce, Odoo, LinkedIn, Pipedrive, Outlook, Google, Twenty, EspoCRM and SuiteCRM; --map says\n"
        "what another one is, and unknown columns are left out. A row without a crm_id gets one that follows from the\n"
        "profile, else the e-mail, else name and company, so that the same file makes nobody twice. A lead that is\n"
        "there already is left alone; with --update the row's filled cells are written to it, and a blank cell never\n"
        "erases. A row that cannot be imported is named with its line, and the rest is imported. --dry-run shows what\n"
        "would become of columns and rows.\n\n"
        "--model imports into any mapped model: the columns are the mapping's own fields and its import_fields. A row\n"
        "is about the lead with its crm_id, else with its LinkedIn profile, e-mail, or name and company; who is found\n"
        "nowhere is new, if the row has all that a new one needs. Rows are stored by few statements, so that neither\n"
        "the model's save() nor its signals run: --save saves each row by the ORM, which is far slower. A model that\n"
        "only the ORM can write (rows in two tables, a field that encrypts) is saved that way without being asked."
    )
    examples = """
  manage.py import_leads examples/leads.csv
  manage.py import_leads leads.csv --update
  manage.py import_leads contacts.csv --map "Record No=crm_id" --map "Switchboard="
  manage.py import_leads people.csv --model crm.Contact --save
  zcat leads.csv.gz | manage.py import_leads - --json
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", metavar="FILE.csv", help="the file to read; '-' for stdin")
        add_model(parser)
        parser.add_argument(
            "--update", action="store_true", help="write filled cells onto leads that are there already"
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="HEADING=FIELD",
            help="what a column is, against all else; without FIELD it is left out; may be given several times",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be done; write nothing")
        parser.add_argument(
            "--save", action="store_true", help="save each row by the ORM: the model's save() and signals run"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, file: str, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Import, and say how it went."""
        self.mapping = chosen_itself(options["model"])
        try:
            with contextlib.nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
                done = self._import(stream, options)
        except OSError as error:
            raise wrong_call(f"Cannot read {file}: {error.strerror}.") from error
        except HeaderError as error:
            raise wrong_call(f"{file}: {error}") from error
        if options["json"]:
            self.tell_json(dataclasses.asdict(done))
        else:
            self._tell(done, is_dry=options["dry_run"])
        if done.bad or done.left_out:
            raise needs_person(_problem(done, is_dry=options["dry_run"]))

    def _import(self, stream: BinaryIO, options: Mapping[str, Any]) -> Imported:
        total = os.fstat(stream.fileno()).st_size if stream.seekable() else None
        with ProgressBar(self.stderr) as bar:
            return import_leads(
                stream,
                self.mapping,
                update=options["update"],
                save=options["save"],
                dry_run=options["dry_run"],
                chosen=options["map"],
                watch=lambda done: bar.show(_line(done), done=stream.tell() if total else 0, total=total),
            )

    def _tell(self, done: Imported, *, is_dry: bool) -> None:
        for line in [*filereports.header_lines(done), *done.told]:
            self.stderr.write(line)
        if is_dry:
            for line in filereports.plan_lines(done):
                self.stdout.write(line)
        for row in done.remarks[:_SHOWN]:
            self.stderr.write(row.sentence)
        if done.remarked > _SHOWN:
            self.stderr.write(f"… and {done.remarked - _SHOWN:,} more remarks.")
        for row in done.bad_rows[:_SHOWN]:
            self.stderr.write(row.sentence)
        if done.bad > _SHOWN:
            self.stderr.write(f"… and {done.bad - _SHOWN:,} more.")
        self.stdout.write(f"Dry run, nothing was written: {_line(done)}" if is_dry else _line(done))


def _line(done: Imported) -> str:
    return f"{done.created:,} created, {done.updated:,} updated, {done.kept:,} left alone, {done.bad:,} refused."


def _problem(done: Imported, *, is_dry: bool) -> str:
    verb = "would not be" if is_dry else "were not"
    counts = [f"{done.bad:,} rows"] * bool(done.bad) + [f"{done.left_out:,} cells"] * bool(done.left_out)
    return f"{' and '.join(counts)} {verb} imported; fix them, and import the file{'' if is_dry else ' again'}."
