"""What workers do, done at once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from enrow_webhooks.models import WebhookEvent
from leads.enrichment import enrich, sweep
from leads.models import AccountReading, SearchJob
from leads.signals import values_written
from leads.testing.working import work
from tests.crm.models import Contact

GOOD = "ann@acme.com"


def test_what_the_projects_own_code_asks_after_the_commit_is_done(enrow, contact, contacts):
    """A view that enriches in on_commit works in a test whose transaction never ends."""
    enrow.knows("Ann Lee", "acme.com", email=GOOD)
    with transaction.atomic():
        transaction.on_commit(lambda: enrich(contacts, find={"email"}))
    assert not SearchJob.objects.exists()
    enrow.run_all()
    assert contacts.get().work_email == GOOD


def test_receivers_after_the_commit_are_called(enrow, contact, contacts):
    """``values_written`` is sent, once; what the receiver asks for is done, too."""
    enrow.knows("Ann Lee", "acme.com", email=GOOD, phone="+33199001234")
    heard = []

    def listen(changes, **kwargs):
        heard.extend(change.field for change in changes)
        if heard == ["email"]:
            enrich(contacts, find={"phone"})

    values_written.connect(listen)
    try:
        enrich(contacts, find={"email"})
        enrow.run_all()
    finally:
        values_written.disconnect(listen)
    assert heard == ["email", "phone"]
    assert contacts.get().mobile == "+33199001234"


def test_inside_a_transaction_it_says_where_to_call_it(enrow, contact):
    """There nothing could be done, and the test would wonder why."""
    with (
        transaction.atomic(),
        pytest.raises(TransactionManagementError, match="leave the block first"),
    ):
        enrow.run_all()


def test_what_waits_for_its_time_is_looked_at(enrow, contact, contacts):
    """A result whose event got lost is fetched, an event that failed is tried again, without waiting."""
    enrow.knows("Ann Lee", "acme.com", email=GOOD)
    enrow.sandbox.configure(chaos="drop")
    enrich(contacts, find={"email"})
    enrow.run_all()
    assert (contacts.get().work_email, SearchJob.objects.get().result_via) == (GOOD, "poll")

    WebhookEvent.objects.create(
        event="verification_finished", enrow_id="x", payload="{}", state=WebhookEvent.State.FAILED,
        next_attempt_at=timezone.now() + dt.timedelta(hours=1),
    )  # fmt: skip
    enrow.run_all()
    assert WebhookEvent.objects.get().state != WebhookEvent.State.FAILED


def test_what_is_done_once_an_hour_is_left_to_a_sweep(enrow, contact, contacts):
    """It would cost each test a quarter of its time; who tests it calls ``sweep()``, which does all of it."""
    enrich(contacts, find={"email"})
    enrow.run_all()
    assert not AccountReading.objects.exists()
    sweep()
    assert AccountReading.objects.get().credits == 1000


def test_it_ends_though_nothing_can_be_done(enrow, contact, contacts):
    """A search that fails again and again is looked at a few times, and the test continues."""
    enrow.is_down()
    enrich(contacts, find={"email"})
    looks = []
    work(lambda: looks.append(1) or 0, looks=3)
    assert 3 <= len(looks) <= 12
    assert SearchJob.objects.get().state == SearchJob.State.QUEUED


@pytest.mark.usefixtures("transactional_db")
def test_with_real_commits(enrow, contact, contacts):
    """In a test with real transactions nothing waits for a commit; the rest is the same."""
    enrow.knows("Ann Lee", "acme.com", email=GOOD)
    with transaction.atomic():
        run = enrich(contacts, find={"email"})
    assert run.is_planned
    enrow.run_all()
    assert contacts.get().work_email == GOOD


def test_a_batch_of_many(enrow, contact, contacts):
    """One POST, one event, as in production; the number of queries does not grow with the leads."""
    people = [Contact(given_name=f"P{n}", family_name="Stone", employer=contact.employer) for n in range(200)]
    Contact.objects.bulk_create(people)
    for number in range(200):
        enrow.knows(f"P{number} Stone", "acme.com", email=f"p{number}@acme.com")
    enrich(contacts, find={"email"})
    enrow.run_all()
    assert contacts.exclude(work_email=None).count() == 200
    assert enrow.sandbox.requests["POST /email/find/bulk 201"] == 1
