"""enrich() inside a transaction of its caller: an estimate at first, the searches after the commit, else nothing."""

from __future__ import annotations

import contextlib
import socket
from decimal import Decimal

import pytest
from django.db import DataError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import TestCase

from enrow_webhooks.client.values import Kind
from leads import decisions
from leads.credits import budget
from leads.enrichment import Run, enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import purchases
from leads.skips import Reason
from tests.commands import run
from tests.conftest import finish
from tests.leads.admin_pages import run_action, said
from tests.leads.races import uncommitted

EMAIL = Kind.FIND_EMAIL
ADDRESS = "ann0@firm0.com"


def new_lead(name):
    return Lead.objects.create(crm_id=name, firstname=name, lastname="Somebody", company_domain=f"{name}.com")


def everybody():
    return enrich(Lead.objects.all(), find={"email"}, max_credits=100)


class UndoneError(Exception):
    """What makes a caller roll back."""


@pytest.mark.django_db(transaction=True)
def test_the_estimate_comes_first_and_the_searches_after_the_commit(make_leads, sandbox):
    """The same object tells both; leads that the caller has just made are counted."""
    make_leads(1)
    with transaction.atomic():
        new_lead("new")
        asked = everybody()
        assert (asked.is_planned, asked.tally.to_search[EMAIL], asked.tally.worst_case) == (False, 2, 2)
        assert (asked.progress().searched, asked.progress().is_over) == (0, False)
        assert not SearchJob.objects.exists()
        assert not LeadSearch.objects.exists()
    assert (asked.is_planned, asked.tally.to_search[EMAIL], asked.progress().searched) == (True, 2, 2)
    finish(sandbox)
    assert asked.wait(timeout=5)
    assert (asked.progress().found, asked.progress().is_over) == (2, True)


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_nothing(make_leads, sandbox, enrow):
    """No job, no credit, no request to Enrow; and a caller who waits for it is told."""
    make_leads(2)
    enrow(DAILY_CREDIT_LIMIT=2)
    with contextlib.suppress(UndoneError), transaction.atomic():
        undone = everybody()
        raise UndoneError
    with transaction.atomic(), contextlib.suppress(UndoneError), transaction.atomic():
        savepoint = everybody()
        raise UndoneError
    for asked in (undone, savepoint):
        assert not asked.is_planned
        with pytest.raises(TransactionManagementError, match=r"rolled back.* captureOnCommitCallbacks"):
            asked.wait()
    assert not SearchJob.objects.exists()
    assert budget.allowance(None).day == 2
    assert not sandbox.requests


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_the_callers_commit(make_leads, sandbox, enrow):
    """Another planner of the same people is through while the caller's transaction is open, and the cap holds."""
    make_leads(3)
    enrow(DAILY_CREDIT_LIMIT=4)
    with uncommitted(everybody) as others:
        new_lead("mine")
        mine = enrich(Lead.objects.order_by("pk"), find={"email"})
    [other] = others
    assert isinstance(other, Run)
    assert (other.tally.to_search[EMAIL], mine.tally.to_search[EMAIL]) == (3, 1)
    assert SearchJob.objects.credits() == 4


@pytest.mark.django_db(transaction=True)
def test_it_costs_no_more_than_the_estimate(make_leads, sandbox):
    """Leads that come into the queryset before the commit were not in the amount that the caller saw."""
    make_leads(2)
    with transaction.atomic():
        asked = everybody()
        new_lead("later")
    assert (asked.tally.to_search[EMAIL], asked.tally.worst_case, SearchJob.objects.credits()) == (2, 2, 2)
    assert asked.tally.skipped[EMAIL, Reason.OVER_CAP] == 1


@pytest.mark.django_db(transaction=True)
def test_caps_hold_after_the_commit(make_leads, sandbox, enrow):
    """Of the run, of the day, and of the balance, for which nobody is asked inside the transaction."""
    make_leads(5)
    enrow(DAILY_CREDIT_LIMIT=4)
    sandbox.configure(credits=3)
    with transaction.atomic():
        capped = enrich(Lead.objects.all(), find={"email"}, max_credits=2)
        rest = everybody()
        assert (capped.tally.worst_case, rest.tally.worst_case) == (2, 4)
        assert not sandbox.requests
    assert (capped.tally.worst_case, rest.tally.worst_case, SearchJob.objects.credits()) == (2, 1, 3)


@pytest.mark.django_db(transaction=True)
def test_a_wrong_argument_is_told_at_once():
    """Not behind the commit, where nobody sees it."""
    with transaction.atomic(), pytest.raises(TypeError):
        enrich([], find={"email"})


@pytest.mark.django_db(transaction=True)
def test_waiting_inside_the_transaction_is_an_error(make_leads, sandbox):
    """It would wait for a commit that comes after it; with SQLite, for its own lock."""
    make_leads(1)
    with transaction.atomic():
        asked = everybody()
        with pytest.raises(TransactionManagementError, match=r"inside transaction\.atomic\(\).* behind the block"):
            asked.wait()
    planned = everybody()
    with transaction.atomic(), pytest.raises(TransactionManagementError):
        planned.wait()


@pytest.mark.django_db(transaction=True)
def test_a_failure_after_the_commit_is_seen_and_harms_nothing(make_leads, sandbox, monkeypatch, caplog):
    """The caller's work is committed: they get no error. A log line and a failed job say what is missing."""
    make_leads(1)
    done = []

    def fail(*args, **options):
        raise DataError(ADDRESS)

    monkeypatch.setattr(purchases, "buy", fail)
    with transaction.atomic():
        asked = everybody()
        transaction.on_commit(lambda: done.append("what the caller does next"))
    [job] = asked.jobs()
    assert done
    assert (job.state, job.credits_cost, job.credits_reserved, job.kind) == ("failed", 0, 0, EMAIL)
    assert "could not be planned to its end (DataError" in job.last_error
    assert asked.progress().is_over
    assert f"Run {asked.id} could not be planned after the commit: DataError" in caplog.text
    assert ADDRESS not in caplog.text + job.last_error


@pytest.mark.django_db(transaction=True)
def test_no_request_leaves_inside_the_transaction(make_leads, sandbox, monkeypatch):
    """A slow Enrow would hold the caller's locks."""
    make_leads(2)
    open_blocks = []
    connect = socket.socket.connect

    def note(self, address):
        open_blocks.append(connection.in_atomic_block)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", note)
    with transaction.atomic():
        everybody()
    assert open_blocks
    assert not any(open_blocks)


@pytest.mark.django_db(transaction=True)
def test_an_admin_page_under_atomic_requests(admin_client, make_leads, sandbox, monkeypatch):
    """Each request is a transaction: the page says what is queued, and links to jobs that are there when it is read."""
    leads = make_leads(2)
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    page = run_action(admin_client, "find_email", leads, model=Lead, confirm="Confirm", max_credits="2")
    assert "2 queued; 2 credits reserved" in said(page)
    assert "See the search jobs" in said(page)
    assert SearchJob.objects.get().requested == 2


@pytest.mark.django_db(transaction=True)
def test_a_decision_in_a_transaction(job_in, sandbox):
    """Searching again what failed: all runs together keep to the cap, also after the commit."""
    job_in("failed")
    with transaction.atomic():
        [again] = decisions.retry(SearchJob.objects.filter(state="failed"), by="ann", max_credits=Decimal(1))
        assert (again.is_planned, again.tally.worst_case) == (False, 1)
    assert again.jobs().get().requested == 1
    job = job_in("unconfirmed")
    with transaction.atomic():
        assert decisions.resend(job.pk, by="ann")
        assert not SearchJob.objects.queued().filter(requested=2).exists()
    assert SearchJob.objects.queued().filter(requested=2).exists()


@pytest.mark.django_db(transaction=True)
def test_the_command_in_a_transaction(make_leads, sandbox):
    """As a data migration or a test calls it; to wait for what comes after is a wrong call, and nothing is bought."""
    make_leads(1)
    with transaction.atomic():
        outcome = run("enrich_leads", "--find", "email")
        refused = run("enrich_leads", "--find", "email", "--wait", 5)
        assert (outcome.code, refused.code) == (0, 2)
    assert "queued after the commit; 1 credits reserved" in outcome.out
    assert "--wait inside a transaction" in refused.err
    assert SearchJob.objects.get().requested == 1


@pytest.mark.django_db(transaction=True)
def test_a_caller_who_commits_by_hand_is_told(make_leads):
    """Django has no hook for their commit; nothing is asked or written."""
    make_leads(1)
    transaction.set_autocommit(False)
    try:
        with pytest.raises(TransactionManagementError, match="on_commit"):
            everybody()
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    assert not SearchJob.objects.exists()


class InATestCase(TestCase):
    """Tests of a project: Django wraps each in a transaction that is never committed."""

    def test_outside_of_blocks_it_plans_at_once(self):
        """As in the code that is tested."""
        new_lead("one")
        assert everybody().jobs().get().requested == 1

    def test_the_callbacks_of_a_block_are_captured(self):
        """By Django's own means; without them nothing is planned, and the error says so."""
        new_lead("one")
        with self.captureOnCommitCallbacks(execute=True), transaction.atomic():
            asked = everybody()
        assert asked.jobs().get().requested == 1
        with transaction.atomic():
            lost = everybody()
        with pytest.raises(TransactionManagementError, match="captureOnCommitCallbacks"):
            lost.wait()
