"""``manage.py prune_events``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import CommandParser

from enrow_webhooks.conf import enrow_settings
from enrow_webhooks.inbox import retention
from enrow_webhooks.management.base import EnrowCommand, days


class Command(EnrowCommand):
    """Blank the bodies of old webhook events."""

    help = (
        "Blank the bodies of webhook events that were dealt with long ago: they hold e-mail addresses and phones.\n"
        "The rows stay, so that a repeat of an old event is still known as a repeat. Beat does this once a day."
    )
    examples = """
  manage.py prune_events              after ENROW["PAYLOAD_DAYS"] days, 30 by default
  manage.py prune_events --days 0     everything that was dealt with, now
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--days", type=days, metavar="N", help='age in days; ENROW["PAYLOAD_DAYS"] by default')
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Prune, and say how many."""
        age = enrow_settings.payload_days if options["days"] is None else options["days"]
        pruned = retention.prune(older_than=dt.timedelta(days=age))
        if options["json"]:
            self.tell_json({"pruned": pruned, "days": age})
        else:
            self.stdout.write(f"Blanked the bodies of {pruned:,} events that were dealt with over {age} days ago.")
