"""Plain numbers for whatever watches the site: ``collect()``. Indexed queries, the same for a million rows and none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, Count, Q, QuerySet, Sum
from django.utils import timezone

from enrow_webhooks.bounded_counts import MOST, count
from enrow_webhooks.models import Heartbeat, WebhookEvent
from leads.conf import lead_settings
from leads.credits import statement
from leads.kinds import KINDS
from leads.models import AccountReading, EnrichmentRun, SearchJob
from leads.upkeep.sweep import SWEEP

_RUNS = (*EnrichmentRun.ACTIVE, EnrichmentRun.State.PAUSED)
# What is looked at of what has ended: a day, and of that so many jobs at most, the latest first.
_RECENT = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """How the site does; ages are seconds, zero where nothing waits."""

    # Search jobs that work or wait, by state; counts end at 10,000.
    jobs: Mapping[str, int]
    # Runs that have not ended, by state.
    runs: Mapping[str, int]
    # Webhook events that wait for a worker or for a person, by state.
    events: Mapping[str, int]
    # For how long the oldest has been due: a job to be sent or asked for, a run to be planned, an event.
    job_age: float
    run_age: float
    event_age: float
    # Since the last sweep; None where there was none yet.
    sweep_age: float | None
    # Of the latest day, by kind: leads that were paid for, and of these those that were found.
    searched: Mapping[str, int]
    found: Mapping[str, int]
    # Of the same jobs: those whose result had to be fetched, because no webhook event brought it, and all.
    jobs_polled: int
    jobs_finished: int
    # Credits of today: spent, reserved, and what the day's limit leaves; of the account as it was read last.
    credits_spent: Decimal
    credits_reserved: Decimal
    credits_left_today: Decimal | None
    balance: Decimal | None

    @property
    def found_rates(self) -> dict[str, float]:
        """The part that was found, by kind."""
        return {kind: self.found[kind] / number for kind, number in self.searched.items() if number}


def collect(*, now: dt.datetime | None = None) -> Metrics:
    """Look at the rows; asks nobody outside."""
    now = now or timezone.now()
    today, limit = statement.today(), lead_settings.daily_credit_limit
    ended = _ended(since=now - _RECENT)
    swept = Heartbeat.objects.filter(name=SWEEP).values_list("at", flat=True).first()
    reading = AccountReading.objects.filter(credits__isnull=False).order_by("-taken_at").first()
    inbox = WebhookEvent.objects
    lines = (inbox.proved().waiting(), inbox.unproved().waiting())
    jobs = SearchJob.objects.filter(state__in=SearchJob.SWEPT)
    runs = EnrichmentRun.objects.filter(state=EnrichmentRun.State.PLANNING, has_selection=True)
    return Metrics(
        jobs={state: count(SearchJob.objects.filter(state=state).order_by("-created_at")) for state in SearchJob.OPEN},
        runs={state: count(EnrichmentRun.objects.filter(state=state).order_by("-created_at")) for state in _RUNS},
        events={"waiting": sum(map(count, lines)), "dead": count(inbox.dead().order_by("-id"))},
        job_age=_age(jobs, "next_check_at", now),
        run_age=_age(runs, "next_plan_at", now),
        event_age=max(_age(line, "next_attempt_at", now) for line in lines),
        sweep_age=None if swept is None else _seconds(swept, now),
        searched={kind: ended[f"searched_{kind}"] for kind in KINDS},
        found={kind: ended[f"found_{kind}"] for kind in KINDS},
        jobs_polled=ended["polled"],
        jobs_finished=ended["finished"],
        credits_spent=today.spent,
        credits_reserved=today.reserved,
        credits_left_today=None if limit is None else max(Decimal(0), limit - today.committed),
        balance=reading.credits if reading else None,
    )


def _ended(*, since: dt.datetime) -> dict[str, int]:
    """Add up the latest search jobs that Enrow finished; one query."""
    latest = SearchJob.objects.filter(state=SearchJob.State.FINISHED, finished_at__gt=since).order_by("-finished_at")
    sums: dict[str, Aggregate] = {
        "finished": Count("pk"),
        "polled": Count("pk", filter=Q(result_via=SearchJob.Via.POLL)),
    }
    for kind in KINDS:
        sums[f"searched_{kind}"] = Sum("requested", filter=Q(kind=kind), default=0)
        sums[f"found_{kind}"] = Sum("found", filter=Q(kind=kind), default=0)
    return latest[:MOST].aggregate(**sums)


def _age(rows: QuerySet[Any], column: str, now: dt.datetime) -> float:
    """Return for how long the first of the rows has been due; zero where none is."""
    first = rows.order_by(column).values_list(column, flat=True).first()
    return 0.0 if first is None else _seconds(first, now)


def _seconds(since: dt.datetime, now: dt.datetime) -> float:
    return max(0.0, (now - since).total_seconds())
