"""Every credit is accounted for: per day, user and run, and against the account's own balance."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import requests
from django.utils import timezone

from leads.credits import budget, reconciliation, statement
from leads.enrichment import enrich, sweep
from leads.models import AccountReading, Lead, SearchJob
from leads.outbox import submission
from leads.tasks import sweep_jobs
from tests.conftest import finish

pytestmark = pytest.mark.django_db


def test_sums_say_what_was_reserved_spent_and_released(make_leads, sandbox):
    """Two found, one not: 3 reserved, 2 spent, 1 released; what is open stands apart."""
    make_leads(2)
    make_leads(1, prefix="miss", lastname="Nobody")
    enrich(Lead.objects.all(), find={"email"}, requested_by="ann")
    finish(sandbox)
    enrich(Lead.objects.filter(crm_id="lead-0"), find={"phone"}, requested_by="bob")
    lines = {line.name: line for line in statement.per_user()}
    ann, bob = lines["ann"], lines["bob"]
    assert (ann.jobs, ann.requested, ann.found, ann.cost, ann.open, ann.released) == (1, 3, 2, 2, 0, 1)
    assert (bob.cost, bob.open, bob.released) == (0, 40, 0)
    assert [line.name for line in statement.per_day()] == [str(timezone.localdate())]
    assert statement.per_day()[0].cost + statement.per_day()[0].open == 42
    assert [line.open for line in statement.per_run()] == [40, 0]


def test_the_sum_of_costs_is_the_sandboxs_ledger(make_leads, sandbox):
    """All three kinds, hits and misses."""
    make_leads(6, lastname="Maybe")
    enrich(Lead.objects.all(), find={"email", "phone"})
    finish(sandbox)
    enrich(Lead.objects.exclude(email=""), verify=True, overwrite=True)
    finish(sandbox)
    assert SearchJob.objects.credits() == sandbox.ledger.spent
    assert sum(line.cost for line in statement.per_run()) == sandbox.ledger.spent


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
    assert reconciliation.drift() is None
    now = timezone.now()
    AccountReading.objects.create(credits=5, taken_at=now + dt.timedelta(minutes=1))
    assert reconciliation.drift(budget.Balance(credits=Decimal(3), asked_at=now)).moved == 2
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


def test_today_is_a_line_even_when_nothing_was_queued(make_leads, sandbox):
    """Days begin at midnight: what was queued a second earlier belongs to yesterday."""
    assert (statement.today().name, statement.today().committed) == (str(timezone.localdate()), 0)
    make_leads(2)
    enrich(Lead.objects.filter(crm_id="lead-0"), find={"email"})
    enrich(Lead.objects.filter(crm_id="lead-1"), find={"phone"})
    midnight = budget.start_of(timezone.localdate())
    SearchJob.objects.filter(kind="find_phone").update(created_at=midnight - dt.timedelta(seconds=1))
    SearchJob.objects.filter(kind="find_email").update(created_at=midnight)
    assert (statement.today().committed, statement.today().jobs) == (1, 1)
    assert [line.open for line in statement.per_day(days=2)] == [1, 40]


def test_of_many_runs_the_dearest_are_told(make_leads, sandbox):
    """A host that calls enrich() per lead does not make the page endless."""
    make_leads(4)
    for number in range(4):
        enrich(Lead.objects.filter(crm_id=f"lead-{number}"), find={"phone" if number == 2 else "email"})
    assert [line.open for line in statement.per_run(most=2)] == [40, 1]


def test_our_own_searches_are_no_drift(make_leads, sandbox):
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
    seen = reconciliation.drift()
    assert (seen.moved, seen.unexplained) == (0, 0)


def test_what_was_spent_elsewhere_is_drift(make_leads, sandbox, settings, enrow):
    """Credits that no job of ours took are shown."""
    reconciliation.read_balance()
    body = {"fullname": "Ann Somebody", "company_domain": "x.com"}
    requests.post(f"{settings.ENROW['BASE_URL']}/email/find/single", json=body, headers={"x-api-key": "k"}, timeout=5)
    sandbox.wait_until_idle(5)
    assert reconciliation.drift().unexplained == Decimal(1)
    assert not reconciliation.drift().needs_person
    enrow(UNEXPLAINED_CREDITS="0.75")
    assert reconciliation.drift().needs_person
