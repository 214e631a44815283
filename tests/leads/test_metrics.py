"""Plain numbers of how the site does: right, indexed, and as many queries for a million rows as for none."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import plans, rows
from enrow_webhooks.models import WebhookEvent
from leads.enrichment import enrich, enrich_later
from leads.metrics import collect
from leads.models import AccountReading, EnrichmentRun, Lead, SearchJob
from leads.upkeep.sweep import sweep
from tests.conftest import finish

pytestmark = pytest.mark.django_db


def test_where_nothing_is_nothing_waits():
    """Zeros, and None for what nobody knows yet."""
    seen = collect()
    assert (seen.job_age, seen.run_age, seen.event_age, seen.sweep_age) == (0, 0, 0, None)
    assert not any([*seen.jobs.values(), *seen.runs.values(), *seen.events.values()])
    assert (seen.found_rates, seen.credits_left_today, seen.balance) == ({}, None, None)


def test_what_waits_is_counted_with_its_age(make_leads):
    """Jobs, runs and events; the oldest that is due says for how long nobody came."""
    make_leads(2)
    enrich(Lead.objects.filter(crm_id="lead-0"), find={"email"})
    enrich_later(Lead.objects.filter(crm_id="lead-1"), find={"email"}, max_credits=1)
    now = timezone.now() + dt.timedelta(minutes=5)
    due = now - dt.timedelta(seconds=90)
    SearchJob.objects.update(next_check_at=due)
    EnrichmentRun.objects.filter(has_selection=True).update(next_plan_at=due - dt.timedelta(seconds=10))
    for number, (state, reference) in enumerate([("received", ""), ("failed", "x"), ("dead", ""), ("processed", "")]):
        WebhookEvent.objects.create(
            event="e", enrow_id=str(number), reference=reference, state=state, next_attempt_at=due, payload="{}"
        )
    seen = collect(now=now)
    assert (seen.jobs["queued"], seen.runs["planning"], seen.runs["running"]) == (1, 1, 1)
    assert seen.events == {"waiting": 2, "dead": 1}
    assert (seen.job_age, seen.run_age, seen.event_age) == (90, 100, 90)


def test_what_ended_is_told_of_the_latest_day(make_leads, sandbox, enrow):
    """Found rates by kind, results without a webhook event, credits, the balance, and the last sweep."""
    enrow(DAILY_CREDIT_LIMIT=10)
    make_leads(3)
    make_leads(1, prefix="none", lastname="Nobody")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    AccountReading.objects.create(credits=Decimal(77))
    AccountReading.objects.create()
    sweep()
    seen = collect()
    assert (seen.searched["find_email"], seen.found["find_email"], seen.found_rates) == (4, 3, {"find_email": 0.75})
    assert (seen.jobs_finished, seen.jobs_polled) == (1, 1)
    assert (seen.credits_spent, seen.credits_reserved, seen.credits_left_today) == (3, 0, 7)
    assert seen.balance == 77
    assert 0 <= seen.sweep_age < 60
    later = collect(now=timezone.now() + dt.timedelta(days=2))
    assert (later.jobs_finished, later.found_rates) == (0, {})
    assert later.sweep_age > 86_000


def test_it_costs_the_same_however_many_rows_there_are(make_leads, sandbox):
    """The number of queries does not grow."""
    with CaptureQueriesContext(connection) as before:
        collect()
    make_leads(20)
    for lead in Lead.objects.all():
        enrich(Lead.objects.filter(pk=lead.pk), find={"email"})
    with CaptureQueriesContext(connection) as after:
        collect()
    assert len(before) == len(after) < 25


@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_no_number_reads_a_big_table_from_end_to_end():
    """Each is found by an index, or bounded."""
    rows.fill(rows.Size(leads=30_000, searches=60_000, events=30_000))
    sizes = plans.sizes_of_big()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    planned = [plans.explain(statement) for statement in plans.recorded(collect)]
    assert len(planned) > 10
    assert [problem for plan in planned if plan for problem in plans.problems(plan, sizes)] == []
