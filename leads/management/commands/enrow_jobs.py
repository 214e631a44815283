"""``manage.py enrow_jobs``."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Count
from django.utils.text import capfirst

from enrow_webhooks import wake
from enrow_webhooks.management.base import identifier, needs_person, system_user, wrong_call
from leads import decisions
from leads.credits.consent import credits_in_words
from leads.decisions import Decision
from leads.enrichment import Via
from leads.management import reports
from leads.management.naming import add_rows, named
from leads.management.spending import SpendingCommand, consent_to
from leads.models import SearchJob
from leads.models.jobs import SearchJobQuerySet

_DECISIONS = {
    "cancel": decisions.CANCEL,
    "give_up": decisions.GIVE_UP,
    "resend": replace(decisions.RESEND, decide=partial(decisions.resend, via=Via.COMMAND)),
    "resume": decisions.RESUME,
}
_ACTIONS = {
    "cancel": "do not send them: queued and held jobs",
    "give_up": "stop waiting for unconfirmed jobs: their leads may be searched again, a late result is taken",
    "resend": "send unconfirmed jobs again, which may be billed twice",
    "resume": "send held jobs now",
    "retry": "search the leads again whose search ended in an error, and write again what their table refused",
}


def _by() -> str:
    """Return who decides, for the history."""
    return system_user() or "enrow_jobs"


class Command(SpendingCommand):
    """List search jobs, and decide about them."""

    help = (
        "List search jobs: state, kind, searches, found, credits spent or reserved, who asked, last error.\n"
        "With an action, do it for the jobs that are named by their ids, --state or --run, and say for each what\n"
        "happened or why it could not."
    )
    examples = """
  manage.py enrow_jobs --state held unconfirmed
  manage.py enrow_jobs 5f0c1a52-7a5e-4c5b-9b0e-1d2f3a4b5c6d --resend
  manage.py enrow_jobs --state unconfirmed --give-up
  manage.py enrow_jobs --run 0d9a2c1e-3b4f-4e5a-8c6d-7e8f9a0b1c2d --retry --json
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_rows(parser, SearchJob, shown=50)
        parser.add_argument("--run", type=identifier, metavar="UUID", help="only the jobs of one run")
        actions = parser.add_mutually_exclusive_group()
        for name, meaning in _ACTIONS.items():
            actions.add_argument(
                f"--{name.replace('_', '-')}", dest="action", action="store_const", const=name, help=meaning
            )
        self.add_consent(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """List, or decide."""
        jobs = named(SearchJob, options["ids"], options["state"])
        jobs = jobs.of_run(options["run"]) if options["run"] else jobs
        action, as_json = options["action"], options["json"]
        if action is None:
            self._list(jobs, most=options["limit"], as_json=as_json)
            return
        if not (options["ids"] or options["state"] or options["run"]):
            raise wrong_call("Say which search jobs: give their ids, --state or --run.")
        if action == "retry":
            self._retry(jobs, max_credits=options["max_credits"], yes=options["yes"], as_json=as_json)
        elif action == "resend":
            self._resend(jobs, max_credits=options["max_credits"], yes=options["yes"], as_json=as_json)
        else:
            self._decide(jobs, action, as_json=as_json)

    def _list(self, jobs: SearchJobQuerySet, *, most: int, as_json: bool) -> None:
        total, shown = jobs.count(), jobs.order_by("-created_at")[:most]
        if as_json:
            self.tell_json({"total": total, "jobs": list(map(reports.job_json, shown))})
            return
        for job in shown:
            self.stdout.write(reports.job_row(job))
        if total > most:
            self.stdout.write(f"… and {total - most:,} older; --limit shows more.")
        elif not total:
            self.stdout.write("No search job fits.")

    def _resend(self, jobs: SearchJobQuerySet, *, max_credits: Decimal | None, yes: bool, as_json: bool) -> None:
        """Send again what fits into the credits; ask first, however little it is, since it may be billed twice."""
        bill = decisions.bill_again(jobs)
        if bill.worst_case and not yes and max_credits is None:
            self.ask(
                f"Enrow may have accepted these search jobs already. Sent again they reserve {bill.words}, and you may "
                "pay a second time.",
                "Send them again?",
                otherwise=f"Nothing was sent. {consent_to(bill)}",
            )
            max_credits = bill.worst_case
        self._decide(jobs, "resend", as_json=as_json, over=decisions.beyond(jobs, max_credits))

    def _decide(self, jobs: SearchJobQuerySet, action: str, *, as_json: bool, over: Collection[uuid.UUID] = ()) -> None:
        """Decide about each job that is not ``over`` the credits, and tell of all."""
        decision = _DECISIONS[action]
        pks = list(jobs.order_by("created_at").values_list("pk", flat=True))
        answers = []
        for pk in pks:
            done = pk not in over and decision.decide(pk, by=_by())
            job = SearchJob.objects.get(pk=pk)
            rule = "that would pass the credits agreed to, or the limit of the day" if pk in over else decision.rule
            answers.append((done, job, _sentence(decision, job, done=done, rule=rule)))
        if as_json:
            told = [{**reports.job_json(job), "done": done, "sentence": sentence} for done, job, sentence in answers]
            self.tell_json({"action": action, "jobs": told})
        else:
            self.stdout.writelines(f"{sentence}\n" for _, _, sentence in answers)
        self._end(sum(not done for done, _, _ in answers), len(answers))

    def _retry(self, jobs: SearchJobQuerySet, *, max_credits: Decimal | None, yes: bool, as_json: bool) -> None:
        failures = dict(decisions.failed(jobs).order_by().values_list("job").annotate(Count("pk")))
        refused = dict(decisions.refused(jobs).values_list("pk", "refused"))
        expected = decisions.foresee(jobs)
        bill = decisions.bill_of(expected)
        if not as_json:
            for job in jobs.order_by("created_at"):
                self.stdout.write(_failures(job, failures.get(job.pk, 0), refused.get(job.pk, 0)))
        agreed = self.agree(lambda: bill, max_credits=max_credits, yes=yes)
        most = bill.worst_case if agreed is None else min(bill.worst_case, agreed)
        if not as_json:
            sentence = f"Searched again, for at most {credits_in_words(most)} credits:"
            self.stdout.write(sentence if expected else "Nothing to search.")
        again = decisions.write_again(jobs)
        runs = decisions.retry(jobs, by=_by(), via=Via.COMMAND, max_credits=most)
        if as_json:
            told = [
                {"id": job.pk, "failed": failures.get(job.pk, 0), "refused": refused.get(job.pk, 0)}
                for job in jobs.order_by("created_at")
            ]
            self.tell_json(
                {
                    "action": "retry",
                    "jobs": told,
                    "refused_again": again.refused,
                    "runs": [{"run": run.id, **reports.tally_json(run.tally)} for run in runs],
                }
            )
        else:
            for run in runs:
                self.stdout.write(f"Run {run.id}:")
                self.stdout.writelines(f"{line}\n" for line in reports.tally_lines(run.tally, is_queued=True))
            if again.tried:
                self.stdout.write(f"Written again: {again.tried - again.refused:,}, refused again: {again.refused:,}.")
        self._end(jobs.exclude(pk__in={*failures, *refused}).count(), jobs.count(), refused=again.refused)

    def _end(self, left: int, total: int, *, refused: int = 0) -> None:
        """Hurry the workers, and set the exit code."""
        if not wake.flush():
            self.stderr.write("The broker takes no message; the sweep will do the work.")
        problems = [f"{left:,} of {total:,} search jobs were left as they are."] if left else []
        if refused:
            problems.append(f"The table of leads refused {refused:,} leads again; each has its reason in the admin.")
        if problems:
            raise needs_person(" ".join(problems))


def _sentence(decision: Decision, job: SearchJob, *, done: bool, rule: str) -> str:
    name = reports.job_name(job)
    if done:
        return f"{decision.done.capitalize()}: {name}."
    return f"Not {decision.done}: {name} is {job.state}; {rule}."


def _failures(job: SearchJob, failed: int, refused: int) -> str:
    name = capfirst(reports.job_name(job))
    counts = {"failed, those who share a search included": failed, "refused by their table": refused}
    if any(counts.values()):
        return f"{name}: {', '.join(f'{number:,} leads {what}' for what, number in counts.items() if number)}."
    return f"{name} is {job.state}; " + ("nothing failed." if job.state in SearchJob.ENDED else "it has not ended yet.")
