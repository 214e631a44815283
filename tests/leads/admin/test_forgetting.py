"""Forgetting in the admin: confirmed first, and only by who may."""

from __future__ import annotations

import pytest

from leads.enrichment import enrich
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


def test_who_may_not_delete_leads_may_not_forget_them(pair):
    """The action asks for the delete permission."""
    client = login("view_lead", "change_lead")
    run_action(client, "forget", [pair[0]], confirm="1")
    assert Lead.objects.count() == 2
