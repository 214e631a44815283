"""The actions that search: one per kind, for those who may spend, up to a number of leads."""

from __future__ import annotations

import pytest
from django.contrib import admin

from enrow_webhooks.client.values import Kind
from leads.admin import EnrichActionsMixin, LeadAdmin
from leads.models import Lead, SearchJob
from tests.leads.admin_pages import list_page, login, run_action, said, text

pytestmark = pytest.mark.django_db


def test_every_kind_has_an_action_named_like_it(admin_client, make_leads):
    """In the words of the table of kinds."""
    make_leads(1)
    page = text(admin_client.get(list_page(Lead)))
    names = {Kind.FIND_EMAIL: "Find e-mail", Kind.VERIFY_EMAIL: "Verify e-mail", Kind.FIND_PHONE: "Find phone"}
    assert set(names) == set(Kind)
    assert all(f'<option value="{kind}">{name}</option>' in page for kind, name in names.items())


def test_a_host_may_ask_for_more_than_the_change_permission(rf, admin_user):
    """Who may spend is one method to override; the actions go with it."""

    class Strict(EnrichActionsMixin, admin.ModelAdmin):
        def has_enrich_permission(self, request):
            return False

    request = rf.get("/")
    request.user = admin_user
    assert not set(Kind) & set(Strict(Lead, admin.site).get_actions(request))
    assert set(Kind) <= set(LeadAdmin(Lead, admin.site).get_actions(request))


def test_the_page_may_lower_how_many_leads_are_searched_at_once(admin_client, sandbox, make_leads, monkeypatch):
    """The action hands the page's own number on, and names the command that has no limit."""
    monkeypatch.setattr(LeadAdmin, "max_enriched", 1)
    page = run_action(admin_client, "find_email", make_leads(2))
    assert "at most 1 here" in said(page)
    assert not SearchJob.objects.exists()


def test_who_may_only_view_leads_is_offered_no_search(make_leads):
    """The change permission is what it takes by default."""
    make_leads(1)
    assert 'value="find_email"' not in text(login("view_lead", "delete_lead").get(list_page(Lead)))
