"""Runs in the admin."""

from __future__ import annotations

import pytest
from django.urls import reverse

from leads.enrichment import enrich
from leads.models import EnrichmentRun, Lead, SearchJob
from tests.leads.admin_pages import list_page, run_action, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(make_leads):
    """A run of two leads, and one that has an address."""
    make_leads(2)
    make_leads(1, prefix="has", email="ann@firm.com")
    return enrich(Lead.objects.all(), find={"email"}, requested_by="ann", via="admin")


def test_a_run_says_who_asked_what_became_of_it_and_why_nothing_moves(admin_client, asked):
    """Also why leads were skipped."""
    SearchJob.objects.update(state="held", last_error="The balance is 0.")
    listed = text(admin_client.get(list_page(EnrichmentRun)))
    assert "ann" in listed
    page = text(admin_client.get(reverse("admin:leads_enrichmentrun_change", args=[asked.id])))
    assert "held: The balance is 0." in page
    assert "0 of 2 searches are done." in page
    assert "already has it: 1" in page


def test_a_run_is_paused_resumed_and_cancelled(admin_client, asked):
    """From the list; the message says of how many."""
    for action, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        page = run_action(admin_client, action, EnrichmentRun.objects.all())
        assert "1 of 1 runs" in text(page)
        assert EnrichmentRun.objects.get().state == state
    assert "0 of 1 runs" in text(run_action(admin_client, "pause", EnrichmentRun.objects.all()))
