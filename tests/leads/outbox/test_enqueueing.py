"""One batch is written with its credits, or given up."""

from __future__ import annotations

import uuid

import pytest
from django.db import DataError
from django.db.models.signals import post_save
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads.credits import budget
from leads.enrichment import enrich, estimate
from leads.management.reports import tally_lines
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import enqueueing
from leads.outbox.batches import Order
from leads.outbox.planning import plan
from leads.outbox.tally import Tally
from leads.results import applying
from leads.skips import Reason
from leads.upkeep.sweep import sweep
from tests.conftest import due_now, finish

pytestmark = pytest.mark.django_db


def test_who_shares_a_purchase_that_cannot_be_paid_hears_the_same_reason(make_leads, enrow, sandbox):
    """Another planner took what was left of the day since this one looked."""
    make_leads(2, prefix="a", firstname="Zoë", company_domain="acme.com")
    make_leads(1, prefix="other")
    enrow(DAILY_CREDIT_LIMIT=1)
    order, tally = Order(kinds=(Kind.FIND_EMAIL,)), Tally()
    (batch,) = plan(Lead.objects.filter(crm_id__startswith="a"), order, tally)
    enrich(Lead.objects.filter(crm_id__startswith="other"), find={"email"})
    queued = enqueueing.queue(batch, order, run=uuid.uuid4(), balance=None)
    tally.settle(batch.kind, queued)
    assert (queued.job, tally.skipped) == (None, {(Kind.FIND_EMAIL, Reason.OVER_DAY): 2})


def test_force_buys_again_what_was_bought_lately(make_leads, sandbox):
    """Without it a result of some days ago is used again."""
    make_leads(1, lastname="Nobody")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    make_leads(1, prefix="twin", lastname="Nobody")
    foreseen = estimate(Lead.objects.filter(crm_id="twin-0"), find={"email"}).tally
    assert (foreseen.worst_case, foreseen.reused[Kind.FIND_EMAIL], foreseen.missed[Kind.FIND_EMAIL]) == (0, 1, 1)
    assert any("searched lately and not found" in line for line in tally_lines(foreseen, is_queued=False))
    run = enrich(Lead.objects.filter(crm_id="lead-0"), find={"email"}, force=True)
    finish(sandbox)
    assert (run.tally.to_search[Kind.FIND_EMAIL], run.progress().searched) == (1, 1)
    assert max(sandbox.ledger.purchases.values()) == 2


def test_force_never_buys_what_is_being_bought(make_leads, sandbox):
    """A purchase in flight is shared, forced or not."""
    make_leads(1, prefix="a", firstname="Zoë", company_domain="acme.com")
    enrich(Lead.objects.all(), find={"email"})
    make_leads(1, prefix="b", firstname="Zoë", company_domain="acme.com")
    run = enrich(Lead.objects.all(), find={"email"}, force=True)
    assert (run.tally.worst_case, run.tally.shared[Kind.FIND_EMAIL]) == (0, 1)


def test_a_planner_that_dies_after_reserving_gives_its_credits_back(make_leads, enrow, sandbox, monkeypatch):
    """The reserved job is empty; the sweep finds it when its time has come, and cancels it."""
    make_leads(2)
    enrow(DAILY_CREDIT_LIMIT=2)

    class Died(BaseException):
        """As kill -9 ends a process: nothing is handled."""

    def die(*args, **options):
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(enqueueing.purchases, "buy", die)
        with pytest.raises(Died):
            enrich(Lead.objects.all(), find={"email"})
    job = SearchJob.objects.get()
    assert (job.state, job.credits_reserved, job.next_check_at > timezone.now()) == ("queued", 2, True)
    assert not sweep()
    due_now()
    sweep()
    job.refresh_from_db()
    assert (job.state, job.credits_cost, budget.allowance(None).day) == ("cancelled", 0, 2)


def test_a_planner_that_fails_leaves_no_reserved_job(make_leads, enrow, monkeypatch):
    """The caller sees the error, and the day has its credits back at once."""
    make_leads(2)
    enrow(DAILY_CREDIT_LIMIT=2)

    def fail(*args, **options):
        raise DataError("The database refuses it.")

    monkeypatch.setattr(enqueueing.purchases, "buy", fail)
    with pytest.raises(DataError):
        enrich(Lead.objects.all(), find={"email"})
    assert not SearchJob.objects.exists()
    assert budget.allowance(None).day == 2


def test_a_job_that_was_cancelled_before_it_was_filled_buys_nothing(make_leads):
    """A person may be that fast: the row is there, its searches are not."""
    make_leads(1)

    def cancel(sender, instance, created, **kwargs):
        if created:
            assert applying.cancel(instance.pk, "Cancelled by ann.")

    post_save.connect(cancel, sender=SearchJob)
    try:
        run = enrich(Lead.objects.all(), find={"email"})
    finally:
        post_save.disconnect(cancel, sender=SearchJob)
    assert SearchJob.objects.get().state == "cancelled"
    assert run.progress().is_over
    assert not LeadSearch.objects.exists()


def test_a_job_that_also_reuses_is_as_big_as_what_it_buys(make_leads, sandbox):
    """What was bought lately is written at once and costs nothing; the job is over when its own results came."""
    make_leads(1, prefix="a", firstname="Zoë", company_domain="acme.com")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    make_leads(1, prefix="b", firstname="Zoë", company_domain="acme.com")
    make_leads(2, prefix="c")
    job = enrich(Lead.objects.exclude(crm_id="a-0"), find={"email"}).jobs().get()
    assert (job.state, job.requested, job.credits_reserved, job.written_at) == ("queued", 2, 2, None)
    assert Lead.objects.get(crm_id="b-0").email
    finish(sandbox)
    job.refresh_from_db()
    assert (job.found, job.credits_cost, job.written_at is None) == (2, 2, False)
