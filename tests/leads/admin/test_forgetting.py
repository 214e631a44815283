"""Forgetting in the admin: confirmed first, and only by who may."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry

from leads.enrichment import enrich
from leads.erasing import NotForgotten
from leads.mapping import registry
from leads.models import Lead, LeadSearch
from leads.results import applying
from tests.conftest import work
from tests.leads.admin_pages import fields_of, login, row_page, run_action, said, text
from tests.leads.answers import VIA, done, found
from tests.leads.traces import assert_forgotten

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_action_confirms_first(admin_client, site, pair):
    """The page says what there is; only its button deletes."""
    first, _ = pair
    enrich(Lead.objects.filter(pk=first.pk), find={"email"})
    work(site)
    page = run_action(admin_client, "forget", [first])
    assert "cannot be undone" in text(page)
    assert Lead.objects.count() == 2
    page = run_action(admin_client, "forget", [first], confirm="1")
    assert "Forgot 1 leads, 1 lead searches and 1 bodies" in said(page)
    assert_forgotten(first)


@pytest.mark.parametrize("mode", ["delete", "blank"])
def test_the_page_says_what_is_deleted_and_what_is_blanked(admin_client, pair, monkeypatch, mode):
    """As the mapping says; a row that stays is there afterwards, without its values."""
    first, _ = pair
    Lead.objects.update(email="ann@firm.com")
    monkeypatch.setattr(registry.of(Lead), "on_forget", mode)
    page = text(run_action(admin_client, "forget", [first]))
    assert ("<li>1 leads</li>" in page) == (mode == "delete")
    assert ("<li>1 leads: E-mail, E-mail status, " in page) == (mode == "blank")
    run_action(admin_client, "forget", [first], confirm="1")
    assert Lead.objects.filter(crm_id=first.crm_id, email="").exists() == (mode == "blank")
    assert Lead.objects.filter(email="ann@firm.com").count() == 1


def test_who_cannot_be_forgotten_is_told_in_a_sentence(admin_client, pair, monkeypatch):
    """Nothing is said to be forgotten."""

    def refuse(keys):
        raise NotForgotten("No.")

    monkeypatch.setattr(registry.of(Lead), "forget", refuse)
    page = run_action(admin_client, "forget", [pair[0]], confirm="1")
    assert said(page) == "No."
    assert Lead.objects.count() == 2


def test_the_log_of_the_admin_forgets_the_name(admin_client, admin_user, running):
    """Who decided what about others stays; that somebody forgot somebody is written down, without a name."""
    job = running(2)
    applying.apply(job.pk, done(found("who", "who@x.com")), via=VIA)
    aside = LeadSearch.objects.filter(effect="aside")
    run_action(admin_client, "give", aside, confirm="1", crm_id="lead-1")
    lead, other = Lead.objects.get(crm_id="lead-1"), Lead.objects.get(crm_id="lead-0")
    for row in (lead, other):
        admin_client.post(row_page(row), fields_of(admin_client.get(row_page(row))) | {"company_name": "New"})
    assert LogEntry.objects.filter(object_repr__contains="lead-1").count() == 2
    assert "Given to lead lead-1." in {entry.change_message for entry in LogEntry.objects.all()}
    run_action(admin_client, "forget", [lead], confirm="1")
    told = [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.filter(user=admin_user)]
    assert "lead-1" not in str(told)
    assert "lead-0" in str(told)
    assert "leads Forgot 1 leads and 2 lead searches." in told


@pytest.mark.parametrize(("codename", "left"), [("delete_lead", 2), ("forget_lead", 1)])
def test_who_may_forget_is_a_permission_of_its_own(pair, codename, left):
    """Deleting rows is another one: it leaves traces."""
    client = login("view_lead", codename)
    run_action(client, "forget", [pair[0]], confirm="1")
    assert Lead.objects.count() == left
