"""Enrow's balance is read once an hour, and compared with our own sums."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import requests
from django.utils import timezone

from leads.credits import budget, reconciliation
from leads.enrichment import enrich, sweep
from leads.models import AccountReading, Lead
from leads.outbox import submission
from leads.tasks import sweep_jobs
from tests.conftest import finish
from tests.leads.problems import job

pytestmark = pytest.mark.django_db


def test_a_reading_is_taken_once_an_hour_and_old_ones_go(sandbox):
    """The sweep may ask as often as it likes."""
    AccountReading.objects.create(credits=1, taken_at=timezone.now() - dt.timedelta(days=91))
    assert reconciliation.read_balance().credits == 100_000
    assert reconciliation.read_balance() is None
    assert AccountReading.objects.count() == 1


def test_an_enrow_that_does_not_answer_is_asked_once_an_hour_too(enrow, caplog):
    """The attempt is a row without credits; nothing is compared with it, and one line is logged."""
    enrow(BASE_URL="http://127.0.0.1:9")
    assert reconciliation.read_balance() is None
    assert reconciliation.read_balance() is None
    assert list(AccountReading.objects.values_list("credits", flat=True)) == [None]
    assert str(AccountReading.objects.get()).startswith("unknown at ")
    assert reconciliation.reconcile() is None
    now = timezone.now()
    AccountReading.objects.create(credits=5, taken_at=now + dt.timedelta(minutes=1))
    assert reconciliation.reconcile(budget.Balance(credits=Decimal(3), asked_at=now)).moved == 2
    assert caplog.text.count("The balance is not known") == 1


@pytest.mark.parametrize("a_pass", [sweep, sweep_jobs])
def test_the_sweep_reads_the_balance_once_an_hour(sandbox, a_pass):
    """However often it comes, by Celery or without, Enrow is asked once; that alone is no news of a pass."""
    for _ in range(3):
        assert not a_pass()
    assert sandbox.requests == {"GET /account/info 200": 1}
    AccountReading.objects.update(taken_at=timezone.now() - dt.timedelta(minutes=61))
    a_pass()
    assert AccountReading.objects.count() == 2


def test_our_own_searches_are_explained(make_leads, sandbox):
    """Jobs sent before and after the reading, refunds included, explain the whole movement."""
    make_leads(2, lastname="Nobody")
    make_leads(2, prefix="more")
    sandbox.configure(delay=3600)
    enrich(Lead.objects.filter(crm_id__startswith="lead"), find={"email"})
    submission.submit_next()
    reconciliation.read_balance()
    sandbox.finish_all()
    sandbox.configure(delay=0)
    enrich(Lead.objects.filter(crm_id__startswith="more"), find={"email"})
    finish(sandbox)
    seen = reconciliation.reconcile()
    assert (seen.moved, seen.unexplained) == (0, 0)


def test_what_was_spent_elsewhere_is_unexplained(make_leads, sandbox, settings, enrow):
    """Credits that no job of ours took are shown."""
    reconciliation.read_balance()
    body = {"fullname": "Ann Somebody", "company_domain": "x.com"}
    requests.post(f"{settings.ENROW['BASE_URL']}/email/find/single", json=body, headers={"x-api-key": "k"}, timeout=5)
    sandbox.wait_until_idle(5)
    assert reconciliation.reconcile().unexplained == Decimal(1)
    assert not reconciliation.reconcile().needs_person
    enrow(UNEXPLAINED_CREDITS="0.75")
    assert reconciliation.reconcile().needs_person


@pytest.mark.parametrize(
    ("state", "sent", "finished", "explained"),
    [
        # Billed and refunded before the reading: both are in it already.
        ("finished", -3, -2, 0),
        # Billed before, two of three given back since.
        ("finished", -3, 1, -2),
        ("finished", 1, 2, 1),
        # Sent once, then held: Enrow refused it, and took nothing.
        ("held", 1, None, 0),
        # The same, and cancelled after the reading: what was never taken cannot come back.
        ("cancelled", -3, 1, 0),
    ],
)
def test_only_what_moved_since_the_reading_explains(state, sent, finished, explained):
    """A job explains what it took, or got back, after the balance was read; never what the reading knew."""
    reading = timezone.now() - dt.timedelta(hours=4)
    AccountReading.objects.create(credits=100, taken_at=reading)
    hour = dt.timedelta(hours=1)
    finished_at = None if finished is None else reading + finished * hour
    cost = None if finished is None else 0 if state == "cancelled" else 1
    job(state=state, sent_at=reading + sent * hour, finished_at=finished_at, credits_reserved=3, credits_cost=cost)
    balance = budget.Balance(credits=Decimal(100), asked_at=timezone.now())
    assert reconciliation.reconcile(balance).explained == explained


def test_the_oldest_reading_of_the_last_days_is_compared():
    """One that is older than that is not, nor is the newest."""
    now = timezone.now()
    for left, days in ((90, 8), (70, 6), (50, 1)):
        AccountReading.objects.create(credits=left, taken_at=now - dt.timedelta(days=days))
    assert reconciliation.reconcile(budget.Balance(credits=Decimal(40), asked_at=now)).moved == 30


@pytest.mark.parametrize(("lost", "needs_person"), [("2.00", False), ("2.01", True)])
def test_up_to_the_setting_credits_may_leave_unexplained(enrow, lost, needs_person):
    """Exactly as many as ENROW["UNEXPLAINED_CREDITS"] says are let pass."""
    enrow(UNEXPLAINED_CREDITS=2)
    seen = reconciliation.Reconciliation(since=timezone.now(), moved=Decimal(lost), explained=Decimal(0))
    assert seen.needs_person is needs_person
