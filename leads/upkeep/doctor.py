"""Is everything well? Findings about settings, account, inbox, broker, and here: jobs, results, credits. Free."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.timesince import timesince

from enrow_webhooks.bounded_counts import MOST, count
from enrow_webhooks.client.scrub import describe
from enrow_webhooks.conf import enrow_settings
from enrow_webhooks.doctor import (
    Finding,
    account_findings,
    broker_findings,
    fine,
    inbox_findings,
    settings_findings,
    trouble,
)
from enrow_webhooks.models import Heartbeat
from leads import home, sql
from leads.conf import lead_settings
from leads.credits.findings import balance_findings, credit_findings, reconciliation_findings, sum_findings
from leads.models import SearchJob
from leads.models.jobs import SearchJobQuerySet
from leads.upkeep.rules.findings import rule_findings
from leads.upkeep.sweep import SWEEP

State = SearchJob.State
# What lies further back is not news.
_RECENT = dt.timedelta(days=7)
# The sweep comes every few seconds; a job that is due for longer shows that it does not.
_LATE = dt.timedelta(minutes=5)
# A sweep in cron may come as seldom as this.
_LONG_AGO = dt.timedelta(hours=1)
_SWEEP_HINT = "Start Celery beat and a worker, or 'manage.py enrow_sweep --every 15'."
# Reasons why jobs are held that are told one by one.
_REASONS = 5
_ENDED_BADLY = {
    State.EXPIRED: "A late result is still taken. Else 'manage.py enrow_jobs --state expired --retry' searches again.",
    State.FAILED: "Nothing was billed. Fix what it says, then 'manage.py enrow_jobs --state failed --retry'.",
}


def diagnose() -> Iterator[Finding]:
    """Look at everything, and yield what was found."""
    yield from settings_findings()
    yield from account_findings()
    yield from broker_findings()
    ready = list(database_findings())
    yield from ready
    if not ready:
        yield from row_findings()
        yield from sum_findings()
        yield from reconciliation_findings()


def row_findings() -> Iterator[Finding]:
    """Look at the rows; indexed queries, as many for a million rows as for none. Asks nobody outside."""
    for look in _ROWS:
        yield from look()


def database_findings() -> Iterator[Finding]:
    """Look whether the database answers and has its tables; yields nothing when it has."""
    try:
        executor = MigrationExecutor(connections[sql.alias()])
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield trouble("database", f"The database does not answer: {describe(error)}.", "Look at DATABASES.")
        return
    if plan:
        yield trouble("database", f"{len(plan)} migrations are not applied.", "Run 'manage.py migrate'.")


def home_findings() -> Iterator[Finding]:
    """Look whether these rows belong to this database: a copy sends nothing until a person says what it is."""
    place = home.look()
    if place.is_home:
        yield fine("deployment", place.sentence)
        return
    yield trouble(
        "deployment",
        f"{place.sentence} {count(SearchJob.objects.unsent()):,} search jobs wait; nothing is sent from here.",
        "A copy, or an old backup: 'manage.py enrow_deployment --copy' cancels what waits here, and lets it search on "
        "its own. Moved, and the old place is off: 'manage.py enrow_deployment --moved' sends what waits.",
    )


def job_findings() -> Iterator[Finding]:
    """Count the jobs of the last days, and look for those that ended without a result."""
    recent = SearchJob.objects.filter(created_at__gt=timezone.now() - _RECENT)
    states = {
        state.value: count((SearchJob.objects if state in SearchJob.OPEN else recent).filter(state=state))
        for state in State
    }
    counts = ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()) if number) or "none"
    yield fine("jobs", f"Search jobs of the last {_RECENT.days} days: {counts}.")
    for state, hint in _ENDED_BADLY.items():
        yield from _latest(recent.filter(state=state), state.value, hint)


def _latest(jobs: SearchJobQuerySet, what: str, hint: str) -> Iterator[Finding]:
    latest = jobs.order_by("-created_at").first()
    if latest:
        yield trouble(
            "jobs", f"{count(jobs):,} search jobs are {what}; the latest is {latest.pk}: {latest.last_error}", hint
        )


def held_findings() -> Iterator[Finding]:
    """Tell why jobs are held: each reason names the setting to fix."""
    held = SearchJob.objects.filter(state=State.HELD).exclude(last_error=home.HELD).order_by()
    reasons = held.values("last_error").annotate(number=Count("pk"), newest=Max("created_at")).order_by("-newest")
    for reason, number in reasons.values_list("last_error", "number")[:_REASONS]:
        yield trouble(
            "held",
            f"{number:,} search jobs are held: {reason}",
            "Fix what it says; they then continue by themselves, and at once with "
            "'manage.py enrow_jobs --state held --resume'.",
        )


def unconfirmed_findings() -> Iterator[Finding]:
    """Look for jobs whose answer was lost and whose event is not to be expected any more."""
    lost = SearchJob.objects.filter(state=State.UNCONFIRMED)
    minutes = lead_settings.unconfirmed_for if enrow_settings.webhook_origin else dt.timedelta(0)
    since = timezone.now() - minutes
    if waiting := count(lost.filter(sent_at__gt=since)):
        yield fine(
            "unconfirmed",
            f"{waiting:,} search jobs are unconfirmed: sent less than "
            f"{minutes.total_seconds() / 60:g} minutes ago, so that their event may still come.",
        )
    yield from _latest(
        lost.exclude(sent_at__gt=since),
        "unconfirmed",
        "Enrow may have billed them; nothing is sent twice by itself. Look for them in Enrow's dashboard, then decide: "
        "'manage.py enrow_jobs --state unconfirmed' with --give-up or --resend.",
    )


def sweep_findings() -> Iterator[Finding]:
    """Look whether somebody sweeps."""
    last = Heartbeat.objects.filter(name=SWEEP).values_list("at", flat=True).first()
    if last and last < timezone.now() - _LONG_AGO:
        yield trouble("sweep", f"The last sweep was {timesince(last)} ago.", _SWEEP_HINT)
    else:
        yield fine("sweep", f"The last sweep was {timesince(last)} ago." if last else "No sweep has run yet.")
    overdue = SearchJob.objects.filter(state__in=SearchJob.SWEPT, next_check_at__lt=timezone.now() - _LATE)
    late = overdue.order_by("next_check_at").first()
    if late:
        yield trouble(
            "sweep",
            f"Search job {late.pk} is overdue since {timesince(late.next_check_at)}: no sweep runs.",
            _SWEEP_HINT,
        )


def result_findings() -> Iterator[Finding]:
    """Look for results that were paid for and did not reach their leads."""
    limit = timezone.now() - _LATE
    unwritten = SearchJob.objects.unwritten().filter(finished_at__lt=limit).order_by("created_at")
    oldest = unwritten.first()
    if oldest:
        yield trouble(
            "results",
            f"The results of {count(unwritten):,} search jobs are kept, but did not reach the "
            f"leads; the oldest is {oldest.pk}: {oldest.last_error}",
            "Fix what it says; the sweep then writes them, or 'manage.py enrow_sweep' does now.",
        )
    else:
        yield fine("results", "Every result that fits a lead has reached it.")


def aside_findings() -> Iterator[Finding]:
    """Look for results that fit nobody: they were paid for, and wait for a person."""
    jobs = SearchJob.objects.filter(kept_aside__gt=0).order_by("-created_at")
    latest = jobs.first()
    if latest:
        yield trouble(
            "kept aside",
            f"{count(jobs):,} search jobs brought results that fit none of their leads; the latest is {latest.pk}. "
            "They are kept aside, and leads of these jobs that got nothing are not bought again.",
            "In the admin open the list of search jobs, filter by 'kept aside', open a job and follow the number "
            "beside 'Kept aside': give each result to a lead, or drop it.",
        )


def refused_findings() -> Iterator[Finding]:
    """Look for leads that the host's table did not let us write, while all others were."""
    recent = SearchJob.objects.filter(created_at__gt=timezone.now() - _RECENT, refused__gt=0)
    latest = recent.order_by("-created_at").first()
    if latest:
        yield trouble(
            "refused",
            f"{count(recent):,} search jobs have leads that their table refused; the latest is {latest.pk}: "
            f"{latest.last_error}",
            f"Fix these leads, or the constraint; then 'manage.py enrow_jobs {latest.pk} --retry' writes what was "
            "bought. A later run with these leads does, too.",
        )


def webhook_findings() -> Iterator[Finding]:
    """Look whether results come by webhook, where webhooks are set up."""
    if not enrow_settings.webhook_origin:
        return
    recent = SearchJob.objects.filter(state=State.FINISHED, finished_at__gt=timezone.now() - _RECENT)
    ways = recent.order_by("-finished_at")[:MOST].aggregate(
        event=Count("pk", filter=Q(result_via=SearchJob.Via.WEBHOOK)),
        poll=Count("pk", filter=Q(result_via=SearchJob.Via.POLL)),
    )
    which = f"The latest {MOST:,} results" if sum(ways.values()) == MOST else f"Results of the last {_RECENT.days} days"
    sentence = (
        f"{which}: {ways['event']:,} came by webhook, {ways['poll']:,} had to be fetched by polling (missed webhooks)."
    )
    if ways["poll"] > ways["event"]:
        yield trouble(
            "webhooks",
            sentence,
            "Enrow does not reach this site: open its webhook URL from outside; see "
            'ENROW["WEBHOOK_ORIGIN"], DNS, certificate and firewall.',
        )
    else:
        yield fine("webhooks", sentence)


_ROWS: tuple[Callable[[], Iterator[Finding]], ...] = (
    home_findings,
    inbox_findings,
    job_findings,
    held_findings,
    unconfirmed_findings,
    sweep_findings,
    result_findings,
    refused_findings,
    aside_findings,
    webhook_findings,
    rule_findings,
    credit_findings,
    balance_findings,
)
