"""``manage.py export_lead_data``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from enrow_webhooks.management.base import EnrowCommand, wrong_call
from leads import forgetting
from leads.disclosing import stored_of


class Command(EnrowCommand):
    """Print what is stored of a person."""

    help = (
        "Print what is stored of one person, for a person who asks: the lead, what is known of it, each search\n"
        "with its value, source, dates and who asked, and the bodies of events that are still kept. What your own\n"
        "tables hold beside the mapped fields is yours to add. It prints personal data: mind where it goes."
    )
    examples = """
  manage.py export_lead_data crm-001           what there is, for people
  manage.py export_lead_data crm-001 --json    one JSON object
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("crm_id", metavar="CRM_ID", help="whose data")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, crm_id: str, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Print it."""
        if forgetting.unknown([crm_id]):
            raise wrong_call(f"Nothing is known of {crm_id!r}: no lead and no search has this CRM id.")
        stored = stored_of(crm_id)
        if options["json"]:
            self.tell_json(stored)
            return
        for title in ("leads", "known", "searches", "events"):
            self.stdout.write(f"{title}: {len(stored[title]):,}")
            for one in stored[title]:
                self.stdout.write("  " + ", ".join(f"{name}: {value}" for name, value in one.items() if value))
