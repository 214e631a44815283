"""``manage.py enrow_runs``."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from enrow_webhooks import wake
from enrow_webhooks.management.base import EnrowCommand, needs_person, system_user, wrong_call
from leads.enrichment import Run
from leads.management import reports
from leads.management.naming import add_rows, named
from leads.management.progress import ProgressBar
from leads.models import EnrichmentRun
from leads.runs import following

_ACTIONS: dict[str, tuple[Callable[..., bool], str, str]] = {
    "pause": (Run.pause, "paused", "plan and send nothing more of them; what is sent comes home"),
    "resume": (Run.resume, "resumed", "go on with paused runs"),
    "cancel": (Run.cancel, "cancelled", "end them: nothing is bought for what is not sent, what is sent comes home"),
}
# Seconds between two looks of --watch.
_PAUSE = 0.5


class Command(EnrowCommand):
    """List runs, watch one, and decide about them."""

    help = (
        "List runs, the calls of enrich(): who asked and through what, how far each is, and why nothing moves.\n"
        "With an action, do it for the runs that are named by their ids or --state."
    )
    examples = """
  manage.py enrow_runs
  manage.py enrow_runs --state planning running --json
  manage.py enrow_runs 0d9a2c1e-3b4f-4e5a-8c6d-7e8f9a0b1c2d --watch
  manage.py enrow_runs --state running --pause
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_rows(parser, EnrichmentRun, shown=20)
        actions = parser.add_mutually_exclusive_group()
        actions.add_argument(
            "--watch", dest="action", action="store_const", const="watch", help="show how far one run is, to its end"
        )
        for name, (_, _, meaning) in _ACTIONS.items():
            actions.add_argument(f"--{name}", dest="action", action="store_const", const=name, help=meaning)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """List, watch or decide."""
        rows, action = named(EnrichmentRun, options["ids"], options["state"]), options["action"]
        if action is None:
            self._list(rows, most=options["limit"], as_json=options["json"])
        elif not (options["ids"] or options["state"]):
            raise wrong_call("Say which runs: give their ids or --state.")
        elif action == "watch":
            self._watch(rows, as_json=options["json"])
        else:
            self._decide(rows, action, as_json=options["json"])

    def _list(self, rows: Any, *, most: int, as_json: bool) -> None:  # noqa: ANN401 - a queryset of ours
        total, shown = rows.count(), rows.order_by("-created_at")[:most]
        told = [(row, following.progress(row)) for row in shown]
        if as_json:
            self.tell_json({"total": total, "runs": [reports.run_json(row, progress) for row, progress in told]})
            return
        for row, progress in told:
            self.stdout.write(reports.run_row(row, progress))
        if total > most:
            self.stdout.write(f"… and {total - most:,} older; --limit shows more.")
        elif not total:
            self.stdout.write("No run fits.")

    def _watch(self, rows: Any, *, as_json: bool) -> None:  # noqa: ANN401 - a queryset of ours
        if rows.count() != 1:
            raise wrong_call(f"--watch shows one run; these are {rows.count():,}. Give the id of one.")
        run = Run.get(rows.get().pk)
        with ProgressBar(self.stderr) as bar:
            while not (progress := run.progress()).is_over:
                note = f" ({progress.waits_for})" if progress.waits_for else ""
                bar.show(f"{progress.words}{note}", done=progress.done, total=progress.asked)
                time.sleep(_PAUSE)
        row = EnrichmentRun.objects.get(pk=run.id)
        if as_json:
            self.tell_json(reports.run_json(row, progress))
        else:
            self.stdout.write(reports.run_row(row, progress))

    def _decide(self, rows: Any, action: str, *, as_json: bool) -> None:  # noqa: ANN401 - a queryset of ours
        decide, done, _ = _ACTIONS[action]
        by, answers = system_user() or "enrow_runs", []
        for pk in list(rows.order_by("created_at").values_list("pk", flat=True)):
            is_done = decide(Run.get(pk), by=by)
            answers.append((is_done, EnrichmentRun.objects.get(pk=pk)))
        if as_json:
            told = [{**reports.run_json(row, following.progress(row)), "done": is_done} for is_done, row in answers]
            self.tell_json({"action": action, "runs": told})
        else:
            for is_done, row in answers:
                self.stdout.write(f"{'' if is_done else 'Not '}{done}: run {row.pk} is {row.state}.".capitalize())
        if not wake.flush():
            self.stderr.write("The broker takes no message; the sweep will do the work.")
        if left := sum(not is_done for is_done, _ in answers):
            raise needs_person(f"{left:,} of {len(answers):,} runs were left as they are.")
