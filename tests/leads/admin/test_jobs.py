"""What a person may do to search jobs: cancel, check now, give up."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.upkeep import polling
from tests.conftest import finish
from tests.leads.admin_pages import list_page, login, row_page, run_action, said, text

pytestmark = pytest.mark.django_db(transaction=True)

State = SearchJob.State


@pytest.fixture
def job(sandbox, make_leads):
    """A queued job of two leads."""
    make_leads(2)
    return enrich(Lead.objects.all(), find={"email"}).jobs().get()


def put(job, state):
    SearchJob.objects.filter(pk=job.pk).update(state=state)


@pytest.mark.parametrize("state", [State.QUEUED, State.HELD])
def test_a_job_that_was_not_sent_can_be_cancelled(admin_client, sandbox, job, state):
    """Nothing is sent, nothing is spent, the searches say who cancelled, and the leads are free again."""
    put(job, state)
    page = run_action(admin_client, "cancel", [job])

    job.refresh_from_db()
    assert (job.state, job.credits_cost, job.last_error) == ("cancelled", 0, "Cancelled by admin.")
    assert "Cancelled: 1." in said(page)
    assert set(LeadSearch.objects.values_list("outcome", "error")) == {("cancelled", "Cancelled by admin.")}
    finish(sandbox)
    assert sandbox.ledger.spent == 0
    assert enrich(Lead.objects.all(), find={"email"}).tally.to_search.total() == 2


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED, State.HELD}))
def test_a_job_that_was_sent_cannot_be_cancelled(admin_client, job, state):
    """What Enrow may have billed is waited for: cancelling would throw its result away."""
    put(job, state)
    page = run_action(admin_client, "cancel", [job])
    job.refresh_from_db()
    assert job.state == state
    assert "Not cancelled: 1; only queued and held jobs can be." in said(page)
    assert set(LeadSearch.objects.values_list("outcome", flat=True)) == {"pending"}


def test_only_an_unconfirmed_job_is_given_up(admin_client, job, sandbox):
    """Its leads may be searched again, its cost stays open, and a late result would still be taken."""
    page = run_action(admin_client, "give_up", [job])
    assert "Not given up: 1; only unconfirmed jobs can be." in said(page)
    put(job, State.UNCONFIRMED)
    run_action(admin_client, "give_up", [job])
    job.refresh_from_db()
    assert (job.state, job.credits_cost, job.last_error) == ("expired", None, "Given up by admin.")
    assert enrich(Lead.objects.all(), find={"email"}).tally.to_search.total() == 2


def test_check_now_brings_a_running_job_home(admin_client, job, sandbox):
    """A job that would be looked at tomorrow is looked at by the next worker."""
    submission.submit(job.pk)
    SearchJob.objects.update(next_check_at=timezone.now() + dt.timedelta(days=1))
    assert not polling.check_next()
    page = run_action(admin_client, "check_now", [job])
    assert "1 will be checked now." in said(page)
    assert polling.check_next()
    job.refresh_from_db()
    assert (job.state, job.found) == ("finished", 2)


def test_check_now_leaves_other_states_alone(admin_client, job):
    """A queued job has its own turn."""
    before = SearchJob.objects.get().next_check_at
    assert "Only running and held jobs can be checked." in said(run_action(admin_client, "check_now", [job]))
    assert SearchJob.objects.get().next_check_at == before


@pytest.mark.parametrize("action", ["cancel", "check_now", "give_up"])
def test_who_may_only_view_jobs_cannot_operate_them(job, action):
    """The actions are not offered, and posting one does nothing."""
    client = login("view_searchjob")
    assert f'value="{action}"' not in text(client.get(list_page(SearchJob)))
    put(job, State.UNCONFIRMED if action == "give_up" else State.HELD)
    before = SearchJob.objects.values().get()
    run_action(client, action, [job])
    assert SearchJob.objects.values().get() == before


def test_who_may_change_jobs_operates_but_does_not_edit_them(job):
    """The change permission gives the actions; the page stays read-only."""
    client = login("change_searchjob")
    assert 'name="_save"' not in text(client.get(row_page(job)))
    run_action(client, "cancel", [job])
    job.refresh_from_db()
    assert job.last_error == "Cancelled by ann."


def test_the_page_of_a_job_says_what_became_of_it(admin_client, job, sandbox):
    """State, counts, credits, times and the leads are on one page."""
    finish(sandbox)
    shown = text(admin_client.get(row_page(job)))
    for words in ("finished", "polling", "lead-0", "lead-1", Lead.objects.first().email, "2.00"):
        assert words in shown


def test_a_large_job_shows_its_first_leads(admin_client, sandbox, make_leads):
    """Sixty leads: twenty on the page, a link to all."""
    make_leads(60)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    shown = text(admin_client.get(row_page(job)))
    assert sum(f">lead-{number}<" in shown for number in range(60)) == 20
    assert admin_client.get(list_page(LeadSearch, job=job.pk)).context["cl"].result_count == 60
