"""No HTTP inside a transaction: a slow Enrow never holds a lock of the database."""

from __future__ import annotations

import socket

import pytest
from django.db import connection

from leads.credits.reconciliation import read_balance
from leads.enrichment import enrich, estimate
from leads.models import Lead, SearchJob
from tests.conftest import finish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def requests_seen(monkeypatch):
    """Collect each connection that Python opens while the test runs, and whether a transaction was open."""
    seen: list[tuple[object, bool]] = []
    connect = socket.socket.connect

    def note(self, address):
        seen.append((address, connection.in_atomic_block))
        return connect(self, address)

    # Not an audit hook: those stay for ever, and let two threads of later tests collide in sys.settrace().
    monkeypatch.setattr(socket.socket, "connect", note)
    return seen


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
