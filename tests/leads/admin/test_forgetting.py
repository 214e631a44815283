"""Forgetting in the admin: confirmed first, and only by who may."""

from __future__ import annotations

import pytest

from leads.enrichment import enrich
from leads.erasing import NotForgotten
from leads.mapping import registry
from leads.models import Lead
from tests.conftest import work
from tests.leads.admin_pages import login, run_action, said, text
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


@pytest.mark.parametrize(("codename", "left"), [("delete_lead", 2), ("forget_lead", 1)])
def test_who_may_forget_is_a_permission_of_its_own(pair, codename, left):
    """Deleting rows is another one: it leaves traces."""
    client = login("view_lead", codename)
    run_action(client, "forget", [pair[0]], confirm="1")
    assert Lead.objects.count() == left
