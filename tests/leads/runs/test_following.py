"""How far a run is, in two queries, and why nothing moves."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.enrichment import Run, enrich, enrich_later
from leads.models import EnrichmentRun, Lead, SearchJob
from tests.conftest import finish, work

pytestmark = pytest.mark.django_db

EMAIL = {"find": {"email"}, "max_credits": None}


def ago(seconds: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(seconds=seconds)


@pytest.mark.parametrize("count", [1, 40])
def test_progress_costs_two_queries(make_leads, sandbox, enrow, count):
    """However many jobs there are."""
    enrow(BATCH_SIZE=2)
    make_leads(count)
    run = enrich(Lead.objects.all(), **EMAIL)
    with CaptureQueriesContext(connection) as queries:
        run.progress()
    assert len(queries) == 2


def test_a_plan_that_no_worker_takes_says_so(make_leads):
    """Not in the first seconds: a worker needs a moment."""
    make_leads(1)
    run = enrich_later(Lead.objects.all(), **EMAIL)
    assert run.progress().waits_for == ""
    EnrichmentRun.objects.update(next_plan_at=ago(12))
    assert run.progress().waits_for == "waiting for a worker since 12 s"
    EnrichmentRun.objects.update(attempts=1)
    assert run.progress().waits_for == "", "somebody is at it"


@pytest.mark.parametrize(
    ("seconds", "changes", "said"),
    [
        (0, {}, ""),
        (30, {}, "waiting for a worker since 3"),
        (-600, {}, "tried again in "),
        (0, {"state": "held", "last_error": "The balance is 0."}, "held: The balance is 0."),
        (0, {"state": "unconfirmed"}, "unconfirmed: the answer to a POST was lost"),
        (0, {"state": "running"}, ""),
        (0, {"state": "sending"}, ""),
    ],
)
def test_what_a_run_waits_for_is_said(make_leads, seconds, changes, said):
    """In words that tell what to do."""
    make_leads(1)
    run = enrich(Lead.objects.all(), **EMAIL)
    SearchJob.objects.update(next_check_at=ago(seconds), **changes)
    waits_for = run.progress().waits_for
    assert waits_for.startswith(said)
    assert bool(waits_for) == bool(said)


def test_a_run_is_known_by_its_id_in_another_process(make_leads, sandbox):
    """The counts are in its row."""
    make_leads(2)
    make_leads(1, prefix="has", email="ann@firm.com")
    run = enrich(Lead.objects.all(), **EMAIL, requested_by="ann", via="admin")
    finish(sandbox)
    known = Run.get(run.id)
    assert known.progress() == run.progress()
    assert (known.tally.counts(), known.tally.worst_case) == (run.tally.counts(), run.tally.worst_case)
    row = EnrichmentRun.objects.get()
    assert (row.requested_by, row.via, row.kinds, row.model) == ("ann", "admin", "find_email", "leads.lead")
    with pytest.raises(EnrichmentRun.DoesNotExist):
        Run.get(next(iter(SearchJob.objects.values_list("pk", flat=True))))


def test_names_of_leads_are_not_in_the_row(make_leads):
    """It outlives them."""
    make_leads(1, email="ann@firm.com")
    enrich(Lead.objects.all(), **EMAIL)
    assert "lead-0" not in str(EnrichmentRun.objects.values().get())


def test_nothing_is_said_of_a_run_that_is_over(make_leads, sandbox):
    """Its page shows what became of it."""
    make_leads(1)
    run = enrich(Lead.objects.all(), **EMAIL)
    work(sandbox)
    finish(sandbox)
    assert (run.progress().state, run.progress().waits_for) == ("finished", "")
