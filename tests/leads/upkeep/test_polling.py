"""Polling and the sweep: what no message and no event finishes is finished all the same, or given up visibly."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.upkeep import polling
from tests.conftest import due_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(make_leads, sandbox):
    """Launch one job for so many leads, and let it run."""

    def make(count=1, **settings):
        sandbox.configure(**settings)
        make_leads(count)
        job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
        assert submission.submit(job.pk)
        job.refresh_from_db()
        assert job.state == "running"
        return job

    return make


def look(job):
    due_now()
    assert polling.check(SearchJob.objects.get(pk=job.pk))
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("profile", ["current", "legacy"])
@pytest.mark.parametrize("count", [1, 3])
def test_polling_brings_what_no_event_brought(running, count, profile):
    """Without any webhook the sweep fetches the results, and the job says that polling did it."""
    job = look(running(count, profile=profile))
    assert (job.state, job.result_via) == ("finished", "poll")
    assert Lead.objects.filter(email_status="valid").count() == count


@pytest.mark.parametrize("profile", ["current", "legacy"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_search_that_is_ongoing_is_looked_at_later_and_later(running, count, profile):
    """200 or 202, the body says ongoing: the next look is further away each time."""
    job = running(count, delay=60, profile=profile)
    pauses = []
    for _ in range(3):
        job = look(job)
        pauses.append(job.next_check_at - timezone.now())
    assert job.state == "running"
    assert pauses == sorted(pauses)
    assert pauses[-1] > 2 * pauses[0]


def test_before_its_time_a_job_is_left_alone(running):
    """The schedule is a column: a sweep that runs too often asks nothing."""
    running()
    SearchJob.objects.update(next_check_at=timezone.now() + dt.timedelta(minutes=1))
    assert not polling.check_next()


def test_a_search_that_never_ends_expires_by_the_deadline(running):
    """The job says so, its lead failed visibly and may be searched again."""
    job = running(2, delay=600)
    SearchJob.objects.update(sent_at=timezone.now() - dt.timedelta(hours=25))
    job = look(job)
    assert (job.state, "deadline" in job.last_error) == ("expired", True)
    assert set(Lead.objects.values_list("email_status", flat=True)) == {"failed"}
    assert not LeadSearch.objects.pending().exists()


@pytest.mark.parametrize(("profile", "count"), [("current", 2), ("legacy", 2)])
def test_an_id_that_enrow_forgot_expires_at_once_on_bulk(running, sandbox, profile, count):
    """A bulk 400, or the old 404, is unambiguous."""
    job = running(count, profile=profile)
    sandbox.reset()
    assert look(job).state == "expired"


def test_the_ambiguous_500_of_a_single_search_is_asked_a_few_times(running, sandbox):
    """It may be an outage: patience first, then expired."""
    job = running(1)
    sandbox.reset()
    for _ in range(12):
        assert look(job).state == "running"
    assert look(job).state == "expired"


def test_an_outage_while_polling_changes_nothing(running, enrow):
    """Enrow down is no answer."""
    job = running(2)
    enrow(BASE_URL="http://127.0.0.1:9")
    job = look(job)
    assert (job.state, "reached" in job.last_error) == ("running", True)


@pytest.mark.parametrize(("balance", "state"), [("1.99", "held"), ("2", "queued"), ("3", "queued")])
def test_a_held_job_goes_on_once_the_balance_covers_its_worst_case(job_in, sandbox, balance, state):
    """A top-up to exactly the price is enough, a cent less is not."""
    job = job_in("held", count=2)
    sandbox.configure(credits=Decimal(balance))
    assert look(job).state == state


def test_a_job_whose_worker_disappeared_is_never_sent_again_by_itself(running):
    """Its lease ran out while it was being sent: Enrow may have billed it."""
    job = running(2)
    SearchJob.objects.update(state="sending", enrow_id="")
    job = look(job)
    assert (job.state, "disappeared" in job.last_error) == ("unconfirmed", True)
