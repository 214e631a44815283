"""Results that fit nobody, in the admin: found by the doctor's way, given or dropped after a page."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry

from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying
from tests.leads.admin_pages import HOSTILE, list_page, login, row_page, run_action, said, text
from tests.leads.answers import VIA, done, found

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(running):
    """Two leads got nothing; two results fit nobody, one with a hostile name."""
    job = running(2)
    applying.apply(job.pk, done(found("who", "who@x.com"), found(HOSTILE, "evil@x.com")), via=VIA)
    job.refresh_from_db()
    return job


def rows(**lookups):
    return LeadSearch.objects.filter(effect="aside", **lookups)


def test_the_way_to_them_is_a_filter_and_a_link(admin_client, job):
    """As the doctor says: the jobs that kept something aside, and from a job's page to what it kept."""
    page = admin_client.get(list_page(SearchJob, kept_aside="yes"))
    assert list(page.context["cl"].result_list) == [job]
    address = list_page(LeadSearch, job=job.pk, effect="aside")
    assert address.replace("&", "&amp;") in text(admin_client.get(row_page(job)))
    assert {search.crm_id for search in admin_client.get(address).context["cl"].result_list} == {"who", HOSTILE}
    SearchJob.objects.update(kept_aside=0)
    assert not admin_client.get(list_page(SearchJob, kept_aside="yes")).context["cl"].result_list
    assert address.replace("&", "&amp;") not in text(admin_client.get(row_page(job)))


def test_a_result_is_given_after_a_page_and_the_history_says_so(admin_client, job):
    """First the page, then a name that no lead has, then the right one; both histories know who it was."""
    chosen = rows(crm_id="who").get()
    page = text(run_action(admin_client, "give", [chosen]))
    assert "who@x.com" in page
    assert "CRM id of the lead" in page
    assert "no lead with this CRM id" in text(run_action(admin_client, "give", [chosen], confirm="1", crm_id="lead-9"))
    assert rows().count() == 2
    assert "Given to lead Ann1 Somebody of firm1.com (lead-1): written." in said(
        run_action(admin_client, "give", [chosen], confirm="1", crm_id="lead-1")
    )
    assert Lead.objects.get(crm_id="lead-1").email == "who@x.com"
    assert LogEntry.objects.get().change_message == "Given to lead lead-1."


def test_results_are_dropped_after_a_page_and_the_history_says_so(admin_client, job):
    """What Enrow, or a stranger, wrote into a name is shown as text."""
    page = text(run_action(admin_client, "drop", rows()))
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert rows().count() == 2
    assert "Dropped: 2." in said(run_action(admin_client, "drop", rows(), confirm="1"))
    assert (rows().count(), SearchJob.objects.get().kept_aside, LogEntry.objects.count()) == (0, 0, 2)


def test_only_what_is_kept_aside_can_be_decided(admin_client, job):
    """Nor can two be given at once, or what no lead can use."""
    others = LeadSearch.objects.exclude(effect="aside")
    assert "Only results that are kept aside" in said(run_action(admin_client, "drop", others))
    for chosen in (others, rows()):
        assert "Choose one result" in said(run_action(admin_client, "give", chosen))
    rows().update(outcome="error")
    assert "Choose one result" in said(run_action(admin_client, "give", rows(crm_id="who")))


def test_what_somebody_else_decided_meanwhile_is_said(admin_client, job, monkeypatch):
    """Between the page and its confirmation."""
    monkeypatch.setattr("leads.results.aside.give", lambda *args, **kwargs: False)
    chosen = rows(crm_id="who")
    assert "Only results that are kept aside" in said(
        run_action(admin_client, "give", chosen, confirm="1", crm_id="lead-1")
    )


@pytest.mark.parametrize("action", ["give", "drop"])
def test_who_may_only_view_searches_decides_nothing(job, action):
    """The permission to change lead searches is asked for."""
    client = login("view_leadsearch", "view_searchjob")
    run_action(client, action, rows(), confirm="1", crm_id="lead-1")
    assert rows().count() == 2
