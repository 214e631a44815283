"""``manage.py enrich_leads``."""

from __future__ import annotations

import functools
import math
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandParser
from django.db.models import QuerySet

from enrow_webhooks import wake
from enrow_webhooks.client.errors import EnrowError
from enrow_webhooks.connect import open_client
from enrow_webhooks.management.base import count, needs_person, seconds, system_user, wrong_call
from enrow_webhooks.transactions import is_open
from leads import filters, sql
from leads.credits.consent import credits_in_words
from leads.enrichment import Progress, Run, Tally, Via, enrich, estimate
from leads.kinds import JUDGING, KINDS, WORDS
from leads.management import reports
from leads.management.choosing import add_model, chosen_rows
from leads.management.idle_workers import IdleWorkers
from leads.management.progress import ProgressBar
from leads.management.spending import SpendingCommand

# Stuck jobs that are named one by one.
_SHOWN = 20


class Command(SpendingCommand):
    """Enrich leads."""

    # Seconds in which a worker that runs takes at least one job.
    patience = 10.0
    help = (
        "Search what leads lack, and verify what they have. This spends credits; --dry-run tells how many.\n"
        "Asks first when much would be reserved; where nobody can answer, give --max-credits or --yes.\n"
        "Only blank fields are searched and filled, except with --overwrite. What was bought lately is used again.\n\n"
        "--where FIELD=VALUE or FIELD__LOOKUP=VALUE says which leads, with any field of the model, also over\n"
        "relations, and any of Django's lookups; != turns a condition round; several must all be met. Without --where\n"
        "and --crm-id every lead is meant."
    )
    examples = """
  manage.py enrich_leads --find email --where company_domain__endswith=.com --dry-run
  manage.py enrich_leads --find email phone --limit 100 --max-credits 500 --wait
  manage.py enrich_leads --verify --where email!= --where email_status=
  manage.py enrich_leads --find phone --where country_code__in=FR,DE --where phone_status!=not_found
  manage.py enrich_leads --find email --where created_at__gte=2026-01-01 --where fullname__icontains=smith
  manage.py enrich_leads --find email --crm-id crm-001 crm-002 --overwrite
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_model(parser)
        parser.add_argument("--find", nargs="+", choices=list(WORDS), default=[], help="what to search")
        nouns = " and ".join(KINDS[kind].bare_noun for kind in JUDGING)
        parser.add_argument("--verify", action="store_true", help=f"verify the {nouns} that a lead has")
        parser.add_argument(
            "--where", nargs="+", action="extend", default=[], metavar="FIELD__LOOKUP=VALUE", help="which leads"
        )
        parser.add_argument("--crm-id", nargs="+", action="extend", default=[], metavar="ID", help="only these leads")
        parser.add_argument("--limit", type=count, metavar="N", help="only the first N of them, in order of their keys")
        self.add_consent(parser)
        parser.add_argument(
            "--overwrite", action="store_true", help="also search leads that have a value, and replace it"
        )
        parser.add_argument(
            "--force", action="store_true", help="buy again what was bought lately; says first how much that is"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be done and what it may cost; write and send nothing"
        )
        parser.add_argument(
            "--wait",
            nargs="?",
            type=seconds,
            const=math.inf,
            metavar="SECONDS",
            help="wait until the results are there, at most so many seconds",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Enrich, or estimate."""
        try:
            mapping, model = chosen_rows(options["model"])
            leads = filters.matching(mapping, options["where"], crm_ids=options["crm_id"], model=model)
        except filters.FilterError as error:
            raise wrong_call(str(error)) from error
        if options["limit"]:
            leads = filters.first(leads, options["limit"])
        if not (options["find"] or options["verify"]):
            raise wrong_call(f"Nothing to do: give {', '.join(f'--find {word}' for word in WORDS)} or --verify.")
        if not (options["where"] or options["crm_id"] or options["json"]):
            self.stdout.write("Every lead is meant: there is no --where and no --crm-id.")
        asked = {key: options[key] for key in ("find", "verify", "max_credits", "overwrite", "force")}
        if options["dry_run"]:
            self._estimate(leads, asked, yes=options["yes"], as_json=options["json"])
        else:
            self._consent(leads, asked, yes=options["yes"])
            self._enrich(leads, asked, wait=options["wait"], as_json=options["json"])

    def _estimate(self, leads: QuerySet[Any], asked: dict[str, Any], *, yes: bool, as_json: bool) -> None:
        plan = estimate(leads, **asked)
        problem = _why_no_balance() if plan.balance is None else ""
        asks = not yes and asked["max_credits"] is None and plan.bill.is_large
        if as_json:
            self.tell_json(
                {
                    "dry_run": True,
                    **reports.tally_json(plan.tally),
                    "posts": plan.posts,
                    "balance": plan.balance,
                    "balance_problem": problem,
                    "asks": asks,
                }
            )
            return
        for line in reports.tally_lines(plan.tally, is_queued=False):
            self.stdout.write(line)
        self.stdout.write(f"{plan.posts:,} POSTs; at most {plan.bill.words}.")
        self.stdout.write(f"The balance is not known: {problem}" if problem else f"Balance: {plan.balance} credits.")
        if asks:
            self.stdout.write("Without --max-credits or --yes it asks first.")
        self.stdout.write("Dry run: nothing was written, nothing was sent.")

    def _consent(self, leads: QuerySet[Any], asked: dict[str, Any], *, yes: bool) -> None:
        """Say what --force buys again, and bound the run by what was agreed to."""
        plan = functools.cache(lambda: estimate(leads, **asked))
        if asked["force"]:
            self._tell_again(plan().tally)
        asked["max_credits"] = self.agree(lambda: plan().bill, max_credits=asked["max_credits"], yes=yes)

    def _enrich(self, leads: QuerySet[Any], asked: dict[str, Any], *, wait: float | None, as_json: bool) -> None:
        if wait is not None and is_open(sql.alias()):
            raise wrong_call("--wait inside a transaction would wait for ever: searches are queued after its commit.")
        run = enrich(leads, **asked, requested_by=system_user(), via=Via.COMMAND)
        if not wake.flush():
            self.stderr.write("The broker takes no message; the sweep will do the work.")
        if not as_json:
            self._tell_plan(run)
        is_over = wait is None or self._wait(run, wait)
        progress = run.progress()
        if as_json:
            self.tell_json(
                {
                    "dry_run": False,
                    "run": run.id,
                    **reports.tally_json(run.tally),
                    **reports.progress_json(progress),
                    "jobs": list(map(reports.job_json, run.jobs())),
                }
            )
        elif wait is not None:
            self.stdout.write(f"{progress.words}.")
        self._judge(run, is_over=is_over)

    def _tell_again(self, tally: Tally) -> None:
        """Say before it happens what --force buys again; on stderr, where it is also read beside JSON."""
        if again := tally.again.total():
            self.stderr.write(
                f"--force buys {again:,} searches again that were bought lately; "
                f"with all others the run costs at most {credits_in_words(tally.worst_case)} credits."
            )

    def _tell_plan(self, run: Run) -> None:
        for line in reports.tally_lines(run.tally, is_queued=True):
            self.stdout.write(line)
        jobs = f"{run.jobs().count():,} search jobs" if run.is_planned else "queued after the commit"
        reserved = credits_in_words(run.tally.worst_case)
        self.stdout.write(f"Run {run.id}: {jobs}; {reserved} credits reserved.")
        if not wake.has_workers():
            self.stdout.write("Nobody works in the background; --wait, or 'manage.py enrow_sweep', does the work.")

    def _wait(self, run: Run, limit: float) -> bool:
        idle = IdleWorkers(run.jobs(), seconds=self.patience)
        with ProgressBar(self.stderr) as bar:

            def watch(progress: Progress) -> None:
                if complaint := idle.complaint():
                    bar.say(complaint)
                bar.show(progress.words, done=progress.done, total=progress.searched)

            try:
                return run.wait(timeout=None if limit == math.inf else limit, watch=watch)
            except KeyboardInterrupt:
                raise needs_person(f"No longer watched; the run {run.id} continues by itself.") from None

    def _judge(self, run: Run, *, is_over: bool) -> None:
        """Name the jobs that need a person, and set the exit code."""
        stuck = reports.stuck(run.jobs())
        for job in stuck[:_SHOWN]:
            self.stderr.write(reports.job_line(job))
        problems = [f"{stuck.count():,} search jobs need a person."] if stuck.exists() else []
        if unpaid := reports.unpaid(run.tally):
            problems.append(f"{unpaid:,} searches were not queued: the balance does not cover them; buy credits.")
        if not is_over:
            problems.append(f"The time is up; the run {run.id} continues by itself, as long as a worker or sweep runs.")
        if problems:
            raise needs_person(" ".join(problems))


def _why_no_balance() -> str:
    """Ask once more for the balance, for the sentence that says why it cannot be had."""
    try:
        with open_client() as client:
            client.account()
    except (EnrowError, ImproperlyConfigured) as error:
        return str(error)
    return "Enrow did not answer at first; try again."
