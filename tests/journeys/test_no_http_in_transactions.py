"""No HTTP inside a transaction: a slow Enrow never holds a lock of the database."""

from __future__ import annotations

import sys

import pytest
from django.db import connection

from leads.enrichment import enrich, estimate
from leads.ledger import read_balance
from leads.models import Lead, SearchJob
from tests.conftest import finish

pytestmark = pytest.mark.django_db(transaction=True)

watching: list[tuple[str, bool]] = []
is_on = False


def hook(event: str, args: tuple) -> None:
    """Note every request that leaves this thread, and whether a transaction was open."""
    if is_on and event == "http.client.connect":
        watching.append((f"{args[1]}:{args[2]}", connection.in_atomic_block))


@pytest.fixture
def requests_seen():
    """Collect the connections that are opened while the test runs."""
    global is_on  # noqa: PLW0603 - an audit hook cannot be removed, only switched off
    watching.clear()
    sys.addaudithook(hook)
    is_on = True
    yield watching
    is_on = False


def test_every_request_leaves_outside_of_any_transaction(sandbox, make_leads, requests_seen):
    """Estimating, sending single and bulk, refusals, polling, resuming and reading the balance."""
    make_leads(3)
    make_leads(1, prefix="bad", company_domain="refused.example")
    estimate(Lead.objects.all(), find={"email", "phone"})
    enrich(Lead.objects.all(), find={"email"})
    enrich(Lead.objects.all()[:1], find={"phone"})
    sandbox.configure(credits=0)
    for _ in range(2):
        finish_once(sandbox)
    sandbox.configure(credits=1000)
    finish(sandbox)
    finish(sandbox)
    read_balance()
    assert set(SearchJob.objects.values_list("state", flat=True)) == {"finished"}
    assert len(requests_seen) > 6
    assert not [target for target, in_transaction in requests_seen if in_transaction]


def finish_once(sandbox):
    """One round in which jobs may be held."""
    try:
        finish(sandbox)
    except AssertionError:
        assert SearchJob.objects.filter(state="held").exists()
