"""``manage.py enrich_rules``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from enrow_webhooks.client.scrub import describe
from enrow_webhooks.management.base import EnrowCommand, needs_person, system_user, wrong_call
from enrow_webhooks.wake import wake
from leads.enrichment import Estimate, Via, estimate
from leads.management import reports
from leads.rules import STALE
from leads.tasks import plan_runs, submit_jobs
from leads.upkeep.rules import deciding, overview
from leads.upkeep.rules.overview import Line

_ACTIONS: dict[str, tuple[Callable[..., bool], str, str]] = {
    "pause": (deciding.pause, "paused", "ask for nothing more, and pause its runs; what is sent comes home"),
    "resume": (deciding.resume, "resumed", "let a paused rule, and its runs, go on"),
}


class Command(EnrowCommand):
    """List rules, say what they would do, pause and resume them."""

    help = (
        'List the rules of ENROW["RULES"]: what each does, how it is, and what it spent of its cap today.\n'
        "With --dry-run, say whom each would ask for now and what that can cost; nothing is written or sent."
    )
    examples = """
  manage.py enrich_rules
  manage.py enrich_rules "new contacts" --dry-run
  manage.py enrich_rules "new contacts" --pause
  manage.py enrich_rules --json
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("name", nargs="?", metavar="NAME", help="only this rule")
        actions = parser.add_mutually_exclusive_group()
        actions.add_argument(
            "--dry-run", action="store_true", help="say what would be done now and what it may cost; change nothing"
        )
        for name, (_, _, meaning) in _ACTIONS.items():
            actions.add_argument(f"--{name}", dest="action", action="store_const", const=name, help=meaning)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """List, foresee or decide."""
        lines = _named(options["name"])
        if options["action"]:
            if options["name"] is None:
                raise wrong_call("Say which rule: give its name.")
            self._decide(lines[0], options["action"], as_json=options["json"])
        elif options["dry_run"]:
            self._foresee(lines, as_json=options["json"])
        elif options["json"]:
            self.tell_json({"rules": list(map(_json, lines))})
        else:
            for line in lines:
                self.stdout.write(_row(line))
            if not lines:
                self.stdout.write('There is no rule; ENROW["RULES"] lists them.')

    def _foresee(self, lines: list[Line], *, as_json: bool) -> None:
        told, wrong = [], 0
        for line in lines:
            try:
                plan = _estimate(line)
            except Exception as error:  # noqa: BLE001 - a project's own code may raise anything; the others are told
                wrong += 1
                said = f"it cannot be looked at: {describe(error)}"
                told.append({**_json(line), "error": said})
                self._tell(as_json, f"{line.rule.name}: {said}.")
                continue
            told.append({**_json(line), **reports.tally_json(plan.tally)})
            self._tell(as_json, f"{line.rule.name}: at most {plan.bill.words} now.")
            for sentence in reports.tally_lines(plan.tally, is_queued=False):
                self._tell(as_json, f"  {sentence}")
        if as_json:
            self.tell_json({"dry_run": True, "rules": told})
        self._tell(as_json, "Dry run: nothing was written, nothing was sent.")
        if wrong:
            raise needs_person(f"{wrong} of {len(lines)} rules cannot be looked at.")

    def _tell(self, is_silent: bool, sentence: str) -> None:
        if not is_silent:
            self.stdout.write(sentence)

    def _decide(self, line: Line, action: str, *, as_json: bool) -> None:
        decide, done, _ = _ACTIONS[action]
        is_done = decide(line.rule, by=system_user() or "enrich_rules")
        if is_done and action == "resume":
            wake(plan_runs)
            wake(submit_jobs)
        (now,) = _named(line.rule.name)
        if as_json:
            self.tell_json({"action": action, "rules": [{**_json(now), "done": is_done}]})
        else:
            self.stdout.write(f"{'' if is_done else 'Not '}{done}: rule {line.rule.name!r} is {now.how}.".capitalize())
        if not is_done:
            raise needs_person(f"Nothing was {done}.")


def _named(name: str | None) -> list[Line]:
    try:
        lines = overview.lines()
    except overview.UNREADABLE as error:
        raise wrong_call(f"The rules cannot be read ({describe(error)}); 'manage.py check' says why.") from error
    chosen = [line for line in lines if name in {None, line.rule.name}]
    if name is not None and not chosen:
        known = ", ".join(repr(line.rule.name) for line in lines) or "none"
        raise wrong_call(f"There is no rule {name!r}. Rules: {known}.")
    return chosen


def _estimate(line: Line) -> Estimate:
    """Return what enrich() would come to for the leads that the rule would ask for."""
    rule, foreseen = line.rule, overview.foresee(line.rule)
    is_stale = rule.when == STALE
    return estimate(
        foreseen.leads,
        find=rule.find,
        verify=rule.verify,
        max_credits=foreseen.credit,
        overwrite=is_stale,
        force=is_stale,
        requested_by=rule.requested_by,
        via=Via.RULE,
    )


def _row(line: Line) -> str:
    run = (
        f"; last run {line.state.last_run} at {line.state.last_run_at:%Y-%m-%d %H:%M}" if line.state.last_run_at else ""
    )
    return f"{line.rule.name}: {line.how}. {line.rule.model}, {line.what}; {line.of_the_cap}{run}."


def _json(line: Line) -> dict[str, Any]:
    return {
        "name": line.rule.name,
        "model": line.rule.model,
        "when": line.rule.when,
        "what": line.what,
        "state": "paused" if line.state.paused_at else "on" if line.state.switched_on_at else "new",
        "reason": line.state.reason,
        "last_error": line.state.last_error,
        "switched_on_at": line.state.switched_on_at,
        "looked_at": line.state.looked_at,
        "last_run": line.state.last_run,
        "last_run_at": line.state.last_run_at,
        "due": line.state.due,
        "credits_today": line.spent,
        "daily_credits": line.rule.cap,
    }
