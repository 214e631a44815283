"""``manage.py forget_lead``."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser

from enrow_webhooks.management.base import EnrowCommand, needs_person, wrong_call
from leads import forgetting
from leads.erasing import Foreseen, NotForgotten
from leads.forgetting import Traces


class Command(EnrowCommand):
    """Delete all traces of people."""

    help = (
        "Forget people for good: the lead (its row, or the values in it, as its mapping says), what its searches\n"
        "hold (inputs seen, values found), and the bodies of the webhook events about it. A late event, a replay or\n"
        "polling does not bring anything back; a search that is at Enrow is paid for; its result is dropped.\n"
        "Another lead that shares a purchase keeps its own."
    )
    examples = """
  manage.py forget_lead crm-001 --dry-run      what there is of this person
  manage.py forget_lead crm-001 crm-002        asks before it deletes
  manage.py forget_lead crm-001 --yes --json   for programs
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("crm_ids", nargs="+", metavar="CRM_ID", help="whom to forget")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--dry-run", action="store_true", help="say what there is, and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, crm_ids: Sequence[str], **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Count, ask, forget."""
        if strangers := forgetting.unknown(crm_ids):
            raise wrong_call(f"Nothing is known of {strangers[0]!r}: no lead and no search has this CRM id.")
        foreseen = forgetting.foresee(crm_ids)
        if options["dry_run"]:
            self._tell(forgetting.traces(crm_ids), foreseen, "There are", dry_run=True, as_json=options["json"])
            return
        if not (options["yes"] or self._agreed(crm_ids, foreseen)):
            raise wrong_call("Nothing was forgotten; --yes forgets without asking.")
        try:
            done = forgetting.forget(crm_ids)
        except NotForgotten as error:
            raise needs_person(str(error)) from error
        self._tell(done, foreseen, "Forgot", dry_run=False, as_json=options["json"])

    def _agreed(self, crm_ids: Sequence[str], foreseen: Foreseen) -> bool:
        if not sys.stdin.isatty():
            return False
        self.stdout.write(_sentence(forgetting.traces(crm_ids), "This forgets for good"))
        self._list(foreseen)
        return input("Type 'yes' to go on: ") == "yes"

    def _tell(self, found: Traces, foreseen: Foreseen, verb: str, *, dry_run: bool, as_json: bool) -> None:
        if as_json:
            self.tell_json({"dry_run": dry_run, **dataclasses.asdict(found), **dataclasses.asdict(foreseen)})
            return
        self.stdout.write(_sentence(found, verb))
        self._list(foreseen)

    def _list(self, foreseen: Foreseen) -> None:
        """Say which rows of the project go, which fields are blanked, and what stands in the way."""
        for what, counts in (
            ("Deleted", foreseen.deleted),
            ("Blanked", foreseen.blanked),
            ("Kept from being deleted by", foreseen.protected),
        ):
            for label, number in counts.items():
                self.stdout.write(f"{what}: {number:,} {label}")


def _sentence(found: Traces, verb: str) -> str:
    return f"{verb} {found.leads:,} leads, {found.searches:,} lead searches, {found.bodies:,} bodies of events."
