"""The same face over HTTP."""

from __future__ import annotations

import pytest
import requests

from leads.enrichment import enrich
from leads.models import SearchJob

GOOD = "ann@acme.com"


def test_without_a_site_results_are_fetched(enrow_server, contact, contacts):
    """Real requests to a port of this machine."""
    enrow_server.knows("Ann Lee", "acme.com", email=GOOD)
    enrich(contacts, find={"email"})
    enrow_server.run_all()
    assert (contacts.get().work_email, SearchJob.objects.get().result_via) == (GOOD, "poll")
    state = requests.get(f"{enrow_server.url}/_sandbox/state", timeout=10).json()
    assert (state["people"], enrow_server.spent) == (1, 1)


def test_with_a_site_events_arrive(live_server, enrow_server, contact, contacts):
    """From server to server."""
    enrow_server.knows("Ann Lee", "acme.com", email=GOOD)
    enrich(contacts, find={"email"})
    enrow_server.run_all()
    assert (contacts.get().work_email, SearchJob.objects.get().result_via) == (GOOD, "webhook")


def test_code_that_waits_for_its_run_does_not_wait_long(live_server, enrow_server, contact, contacts):
    """Its events are there before it looks again."""
    enrow_server.knows("Ann Lee", "acme.com", email=GOOD)
    assert enrich(contacts, find={"email"}).wait(timeout=0)
    assert contacts.get().work_email == GOOD


@pytest.mark.enrow(credits=5)
def test_it_has_the_same_words(enrow_server, contact, contacts):
    """Slow, well, credits and the marker."""
    assert enrow_server.balance == 5
    enrow_server.knows("Ann Lee", "acme.com", email=GOOD)
    enrow_server.is_slow()
    enrich(contacts, find={"email"})
    enrow_server.run_all()
    assert SearchJob.objects.get().state == SearchJob.State.RUNNING
    enrow_server.is_well()
    enrow_server.run_all()
    assert contacts.get().work_email == GOOD
