"""Polling and the sweep: what no message and no event finishes is finished all the same, or given up visibly."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from enrow_webhooks.client.values import Answer, Result, SearchStatus, Verdict
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.results import applying
from leads.upkeep import polling
from tests.conftest import due_now
from tests.leads.answers import VIA, done, found, missed

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


@pytest.mark.parametrize("profile", ["current", "legacy"])
@pytest.mark.parametrize("count", [1, 2])
def test_an_id_that_enrow_does_not_know_is_asked_for_until_the_deadline(running, sandbox, enrow, profile, count):
    """A 400, a 500 or the old 404 may pass, and GETs are free: what was paid for ends by GIVE_UP_AFTER_HOURS alone."""
    enrow(GIVE_UP_AFTER_HOURS=3)
    job = running(count, profile=profile)
    sandbox.reset()
    for _ in range(30):
        assert look(job).state == "running"
    SearchJob.objects.update(sent_at=timezone.now() - dt.timedelta(hours=2.9))
    assert look(job).state == "running"
    SearchJob.objects.update(sent_at=timezone.now() - dt.timedelta(hours=3.1))
    job = look(job)
    assert (job.state, "deadline. Enrow answered" in job.last_error) == ("expired", True)


@pytest.fixture
def unended(running):
    """A batch that Enrow calls complete, with a row on which it still works; two leads share that purchase."""
    job = running(3)
    twin = Lead.objects.get(crm_id="lead-1")
    twin.pk, twin.crm_id = None, "twin"
    twin.save()
    enrich(Lead.objects.filter(crm_id="twin"), find={"email"})
    SearchJob.objects.update(enrow_id="enrow-1")
    applying.apply(job.pk, TWO_OF_THREE, via=VIA)
    job.refresh_from_db()
    return job


ONGOING = Result(verdict=Verdict.ONGOING, crm_id="lead-1", index=1)
TWO_OF_THREE = done(found("lead-0", "0@x.com"), ONGOING, missed("lead-2"), cost=Decimal(2))


def outcomes():
    return dict(LeadSearch.objects.values_list("crm_id", "outcome"))


def test_a_row_that_is_ongoing_in_a_complete_batch_is_waited_for(unended):
    """The others are written at once; the batch stays open for it, at its worst case, and says why."""
    assert outcomes() == {"lead-0": "found", "lead-1": "pending", "twin": "pending", "lead-2": "not_found"}
    assert Lead.objects.get(crm_id="lead-0").email == "0@x.com"
    assert (unended.state, unended.found, unended.credits_cost) == ("running", 1, None)
    assert "still works on some" in unended.last_error


def test_what_was_written_is_not_written_again_while_the_rest_is_waited_for(unended, django_assert_num_queries):
    """Each look asks the same; only what is new is written, and what a person changed meanwhile stays."""
    Lead.objects.filter(crm_id="lead-0").update(email="")
    before = list(LeadSearch.objects.order_by("pk").values())
    with django_assert_num_queries(5):  # savepoint, job, searches, job, savepoint
        applying.apply(unended.pk, TWO_OF_THREE, via=VIA)
    assert list(LeadSearch.objects.order_by("pk").values()) == before
    assert Lead.objects.get(crm_id="lead-0").email == ""


def test_a_row_that_ends_later_ends_its_batch(unended):
    """The job tells how its results began to come, and what it cost in the end."""
    answer = done(found("lead-0", "0@x.com"), found("lead-1", "1@x.com"), missed("lead-2"), cost=Decimal(2))
    applying.apply(unended.pk, answer, via=SearchJob.Via.POLL)
    unended.refresh_from_db()
    assert (unended.state, unended.found, unended.credits_cost) == ("finished", 2, 2)
    assert (unended.result_via, unended.last_error) == ("webhook", "")
    assert set(Lead.objects.filter(crm_id__in=["lead-1", "twin"]).values_list("email", flat=True)) == {"1@x.com"}


def test_a_row_that_never_ends_is_given_up_with_a_sentence(unended):
    """After GIVE_UP_AFTER_HOURS the batch is finished: its cost is known, and all others have their results."""
    SearchJob.objects.update(sent_at=timezone.now() - dt.timedelta(hours=25))
    applying.apply(unended.pk, TWO_OF_THREE, via=SearchJob.Via.POLL)
    unended.refresh_from_db()
    assert (unended.state, unended.credits_cost) == ("finished", 2)
    assert outcomes() == {"lead-0": "found", "lead-1": "unusable", "twin": "unusable", "lead-2": "not_found"}
    search = LeadSearch.objects.get(crm_id="twin")
    assert "still worked on this search when its time was over" in search.error


def test_a_result_that_fits_nobody_is_kept_once_while_the_rest_is_waited_for(unended):
    """It is told with every answer."""
    answer = done(ONGOING, found("stranger", "s@x.com"), found("stranger", "t@x.com"))
    for _ in range(3):
        applying.apply(unended.pk, answer, via=VIA)
    unended.refresh_from_db()
    assert (unended.kept_aside, LeadSearch.objects.filter(effect="aside").count()) == (2, 2)


def test_an_unconfirmed_job_that_brings_a_part_is_asked_for_the_rest(running):
    """Its answer was lost, but its event proved it: nobody has to decide any more."""
    job = running(2)
    SearchJob.objects.update(state="unconfirmed", enrow_id="")
    applying.apply(job.pk, done(ONGOING, found("lead-0")), via=VIA, enrow_id="e-1")
    job.refresh_from_db()
    assert (job.state, job.enrow_id) == ("running", "e-1")


@pytest.mark.parametrize("state", ["expired", "running"])
def test_a_batch_that_failed_or_was_given_up_waits_for_no_row(running, state):
    """Its searches were freed: somebody may have bought them again."""
    job = running(2)
    answer = done(ONGOING, found("lead-0"))
    if state == "expired":
        applying.end_without_result(job.pk, "expired", "Nothing came.")
    else:
        answer = Answer(status=SearchStatus.FAILED, results=answer.results)
    applying.apply(job.pk, answer, via=VIA)
    job.refresh_from_db()
    assert job.state == {"expired": "finished", "running": "failed"}[state]
    assert not LeadSearch.objects.pending().exists()


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
