"""``manage.py enrow_deployment``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from enrow_webhooks import wake
from enrow_webhooks.management.base import EnrowCommand, needs_person
from leads import decisions, home
from leads.home import Place
from leads.models import Home, SearchJob


class Command(EnrowCommand):
    """Say where the rows belong, or decide it."""

    help = (
        "Say whether the rows of this database belong to it. A copy of a database holds the same queue; so that no\n"
        "search is bought twice, it sends nothing until you say what it is."
    )
    examples = """
  manage.py enrow_deployment              does this deployment send searches?
  manage.py enrow_deployment --copy       in a copy: cancel what waits here; what is searched from now on is its own
  manage.py enrow_deployment --moved      the old place is switched off: send from here
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--copy", action="store_true", help="this is a copy: cancel queued and held jobs here, keep what runs"
        )
        which.add_argument("--moved", action="store_true", help="the rows moved here: send what was held for that")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Look, or decide and look again."""
        done = ""
        if not home.look().is_home:
            done = _decide(copy=options["copy"], moved=options["moved"])
        place, waiting = home.look(), SearchJob.objects.unsent().count()
        if options["json"]:
            self.tell_json(_json(place, waiting, done))
        else:
            self.stdout.writelines(f"{line}\n" for line in (done, place.sentence) if line)
            self.stdout.write(f"Search jobs that wait to be sent: {waiting:,}.")
        if not wake.flush():
            self.stderr.write("The broker takes no message; the sweep will do the work.")
        if not place.is_home:
            raise needs_person("Nothing is sent from here. A copy: --copy. Moved, and the old place is off: --moved.")


def _decide(*, copy: bool, moved: bool) -> str:
    if copy:
        return f"Cancelled {decisions.keep_copy():,} search jobs that came with the copy."
    if moved:
        return f"Resumed {decisions.move_home():,} search jobs that were held."
    return ""


def _json(place: Place, waiting: int, done: str) -> dict[str, object]:
    return {
        "at_home": place.is_home,
        "sentence": place.sentence,
        "done": done,
        "here": _facts(place.here),
        "home": place.home and _facts(place.home),
        "waiting": waiting,
    }


def _facts(where: Home) -> dict[str, str]:
    return {"database": where.database, "environment": where.environment}
