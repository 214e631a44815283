"""Buttons on the page of a job: the actions of its list that make sense for it, for whom they are offered there."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from tests.leads.admin_pages import login, row_page, said, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(sandbox, make_leads):
    """A queued job of one lead."""
    make_leads(1)
    return enrich(Lead.objects.all(), find={"email"}).jobs().get()


def put(job, state, **changes):
    SearchJob.objects.filter(pk=job.pk).update(state=state, **changes)


def offered(page) -> list[str]:
    return re.findall(r'name="decide" value="(\w+)"', text(page))


def decide_page(job) -> str:
    return reverse("admin:leads_searchjob_decide", args=[job.pk])


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("queued", ["cancel"]),
        ("held", ["resume", "check_now", "cancel"]),
        ("running", ["check_now"]),
        ("unconfirmed", ["give_up", "resend"]),
        ("finished", []),
    ],
)
def test_a_job_offers_what_makes_sense_in_its_state(admin_client, job, state, names):
    """A person need not know which action fits which state."""
    put(job, state)
    assert offered(admin_client.get(row_page(job))) == names


def test_search_again_is_offered_where_something_failed(admin_client, job):
    """Or was refused by the leads' own table; nowhere else."""
    put(job, "failed")
    LeadSearch.objects.update(outcome="error")
    assert offered(admin_client.get(row_page(job))) == ["retry"]
    LeadSearch.objects.update(outcome="found")
    put(job, "finished", refused=1)
    assert offered(admin_client.get(row_page(job))) == ["retry"]


def test_a_button_does_it_comes_back_and_is_in_the_log(admin_client, job):
    """As the action of the list, with the same sentence."""
    page = admin_client.post(decide_page(job), {"decide": "cancel"}, follow=True)
    assert page.redirect_chain == [(row_page(job), 302)]
    assert "Cancelled: 1." in said(page)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert LogEntry.objects.get().object_id == str(job.pk)


def test_what_costs_shows_its_page_first_and_comes_back(admin_client, job):
    """The page posts to where it came from; *Cancel* on it leads to the job."""
    put(job, "unconfirmed")
    page = admin_client.post(decide_page(job), {"decide": "resend"})
    assert "billed twice" in text(page)
    assert f'href="{decide_page(job)}"' in text(page)
    assert admin_client.get(decide_page(job)).url == row_page(job)
    assert SearchJob.objects.count() == 1
    done = admin_client.post(decide_page(job), {"action": "resend", "confirm": "1", "max_credits": "1"}, follow=True)
    assert done.redirect_chain == [(row_page(job), 302)]
    assert SearchJob.objects.count() == 2


def test_who_is_not_offered_the_action_gets_neither_button_nor_deed(job):
    """By the permissions of the list: to look, to operate, to spend."""
    put(job, "unconfirmed")
    looker = login("view_searchjob")
    assert offered(looker.get(row_page(job))) == []
    assert looker.post(decide_page(job), {"decide": "give_up"}).status_code == 403
    job.refresh_from_db()
    assert job.state == "unconfirmed"


def test_who_operates_without_spending_is_offered_only_what_is_free(job):
    """To send again costs; to give up does not. What is no action of the list is refused."""
    put(job, "unconfirmed")
    operator = login("view_searchjob", "change_searchjob")
    assert offered(operator.get(row_page(job))) == ["give_up"]
    for name in ("resend", "delete_selected", "get_urls", ""):
        assert operator.post(decide_page(job), {"decide": name}).status_code == 403


def test_a_button_spends_for_nobodys_hidden_leads(job):
    """Who may not see the leads does not send them, by a button no more than by the list."""
    put(job, "held")
    spender = login("view_searchjob", "change_searchjob", "spend_credits")
    page = spender.post(decide_page(job), {"decide": "resume"}, follow=True)
    assert "Left as they are: 1" in said(page)
    job.refresh_from_db()
    assert job.state == "held"
