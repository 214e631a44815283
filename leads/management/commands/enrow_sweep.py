"""``manage.py enrow_sweep``."""

from __future__ import annotations

import dataclasses
import signal
import threading
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError

from enrow_webhooks.client.scrub import describe
from enrow_webhooks.management.base import EnrowCommand, needs_person, pause
from leads.enrichment import sweep
from leads.upkeep.run_forever import patrol
from leads.upkeep.sweep import Swept


class Command(EnrowCommand):
    """Find and finish what was left behind."""

    help = (
        "Send queued searches, process waiting events, poll what is late, resume what was held, write what is\n"
        "unwritten. Needs neither Celery nor a broker: with --every this one process does all that workers and beat do."
    )
    examples = """
  manage.py enrow_sweep                one pass, for cron
  manage.py enrow_sweep --every 2      until Ctrl-C or SIGTERM; the pass under way is finished
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--every", type=pause, metavar="SECONDS", help="go on, with so long a pause between two passes"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object a line for a pass")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Sweep once, or until a signal."""
        self._as_json: bool = options["json"]
        if options["every"] is None:
            try:
                self._tell(sweep())
            except DatabaseError as error:
                raise needs_person(f"The database fails: {describe(error)}.") from error
            return
        stop = _stop_at_signal()
        patrol(every=options["every"], stop=stop, tell=lambda swept: self._tell(swept) if swept else None)

    def _tell(self, swept: Swept) -> None:
        if self._as_json:
            self.tell_json(dataclasses.asdict(swept), in_one_line=True)
        else:
            self.stdout.write(
                f"Swept: {swept.events:,} events processed, {swept.jobs:,} search jobs looked at, "
                f"{swept.written:,} written to the leads."
            )
        self.stdout.flush()


def _stop_at_signal() -> threading.Event:
    """Return an event that Ctrl-C and SIGTERM set; outside the main thread nobody can ask for signals."""
    stop = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
    return stop
