"""``manage.py replay_events``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser

from enrow_webhooks.inbox.replaying import Preview, chosen, preview, replay
from enrow_webhooks.management.base import EnrowCommand, count, needs_person, wrong_call
from enrow_webhooks.models import WebhookEvent, WebhookEventQuerySet


class Command(EnrowCommand):
    """Process webhook events once more."""

    help = (
        "Put webhook events back in line and process them here, without a broker.\n"
        "Harmless to repeat: a result that is written already is not written again, and nothing is bought."
    )
    examples = """
  manage.py replay_events --state dead --dry-run          what is dead, and why
  manage.py replay_events --state dead                    after the cause is fixed
  manage.py replay_events --state dead --state ignored
  manage.py replay_events 17 18
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("ids", nargs="*", type=count, metavar="ID", help="events to replay")
        parser.add_argument(
            "--state",
            action="append",
            default=[],
            choices=WebhookEvent.State.values,
            help="replay the events in this state; may be given more than once",
        )
        parser.add_argument("--dry-run", action="store_true", help="tell what each would change, and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, ids: Sequence[int], state: Sequence[str], **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Replay, or list."""
        if not ids and not state:
            raise wrong_call("Say which events to replay: give their ids, or --state dead.")
        _must_exist(ids)
        events = chosen(ids, state)
        if options["dry_run"]:
            self._list(events, as_json=options["json"])
        else:
            self._replay(events, as_json=options["json"])

    def _list(self, events: WebhookEventQuerySet, *, as_json: bool) -> None:
        if as_json:
            self.tell_json({"dry_run": True, "events": list(map(_json, preview(events)))})
            return
        rows = changes = 0
        for row in preview(events):
            self.stdout.write(f"{row.pk}  {row.event}  {row.state}  {row.last_error}".rstrip())
            self.stdout.write(f"    {row.forecast.sentence}")
            rows, changes = rows + 1, changes + row.forecast.changes
        self.stdout.write(f"{rows:,} events would be replayed. {changes:,} of them could change anything.")

    def _replay(self, events: WebhookEventQuerySet, *, as_json: bool) -> None:
        done = replay(events)
        if as_json:
            self.tell_json(
                {"dry_run": False, "replayed": done.states.total(), "states": done.states, "pruned": done.pruned}
            )
        else:
            states = ", ".join(f"{number:,} {state}" for state, number in sorted(done.states.items()))
            self.stdout.write(f"Replayed {done.states.total():,} events" + (f": {states}." if states else "."))
        if done.pruned:
            raise needs_person(f"{done.pruned:,} events cannot be replayed: prune_events has blanked their bodies.")
        if done.unsettled:
            raise needs_person(
                f"{done.unsettled:,} events failed again; 'replay_events --state failed --dry-run' says why."
            )


def _json(row: Preview) -> dict[str, object]:
    told = dataclasses.asdict(row) | {"id": row.pk}
    return {key: told[key] for key in ("id", "event", "state", "last_error", "forecast")}


def _must_exist(ids: Sequence[int]) -> None:
    missing = set(ids) - set(WebhookEvent.objects.filter(pk__in=ids).values_list("pk", flat=True))
    if missing:
        raise wrong_call(f"There is no webhook event {min(missing)}.")
