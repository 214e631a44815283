"""Workers plan stored leads page by page; when one dies, each is searched once and the counts are exact."""

from __future__ import annotations

import contextlib
import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads.enrichment import Run, enrich, enrich_batched, enrich_later, sweep
from leads.models import EnrichmentRun, Lead, LeadSearch, RunLead, SearchJob
from leads.runs import planning
from leads.skips import Reason
from tests.conftest import finish
from tests.crm.models import Agent, Candidate, Contact

pytestmark = pytest.mark.django_db

EMAIL = {"find": {"email"}, "max_credits": None}


def row() -> EnrichmentRun:
    return EnrichmentRun.objects.get()


@pytest.fixture
def small_pages(enrow):
    """Pages of four leads, in batches of two."""
    enrow(BATCH_SIZE=2)
    planning_batches = planning._BATCHES
    planning._BATCHES = 2
    yield
    planning._BATCHES = planning_batches


def test_leads_are_stored_at_once_and_searched_by_workers(make_leads, sandbox, small_pages):
    """Nothing is planned while the person waits; a worker does all of it, and the run says what it came to."""
    make_leads(9)
    make_leads(1, prefix="has", email="ann@firm.com")
    with CaptureQueriesContext(connection) as queries:
        run = enrich_later(Lead.objects.all(), **EMAIL, requested_by="ann")
    assert len(queries) <= 6
    before = run.progress()
    assert (before.is_planned, before.selected, before.planned, before.asked) == (False, 10, 0, 0)
    assert not SearchJob.objects.exists()
    finish(sandbox)
    after = Run.get(run.id).progress()
    assert (after.state, after.planned, after.searched, after.done, after.skipped) == ("finished", 10, 9, 9, 1)
    assert sandbox.ledger.purchases.total() == 9
    assert not RunLead.objects.exists()
    assert {job.requested_by for job in SearchJob.objects.all()} == {"ann"}


def test_the_selection_is_what_it_was_when_somebody_asked(make_leads, sandbox):
    """Who comes later is not searched; who fits no more is, for that was confirmed."""
    make_leads(2)
    run = enrich_later(Lead.objects.filter(country_code=""), **EMAIL)
    Lead.objects.filter(crm_id="lead-0").update(country_code="FR")
    make_leads(1, prefix="late")
    finish(sandbox)
    assert set(LeadSearch.objects.values_list("crm_id", flat=True)) == {"lead-0", "lead-1"}
    assert run.progress().planned == 2


@pytest.mark.parametrize(
    "choose",
    [
        lambda leads: leads.order_by("-company_domain")[:3],
        lambda leads: leads.order_by().filter(crm_id="lead-1").union(leads.order_by().filter(crm_id="lead-2")),
        lambda leads: leads.distinct(),
        lambda leads: leads.none(),
        lambda leads: leads.using("default"),
    ],
    ids=["slice", "union", "distinct", "none", "using"],
)
def test_any_queryset_can_be_stored(make_leads, choose):
    """Each lead once, whatever the queryset is made of."""
    make_leads(4)
    chosen = choose(Lead.objects.all())
    run = enrich_later(chosen, **EMAIL)
    assert sorted(RunLead.objects.values_list("key", flat=True)) == sorted(str(lead.pk) for lead in chosen)
    assert run.progress().selected == len(chosen)


def test_the_leads_of_any_mapped_model_are_stored(sandbox):
    """Keys of other types come back as they were."""
    candidate = Candidate.objects.create(name="Ann Somebody", company="Firm")
    contact = Contact.objects.create(given_name="Bob", family_name="Somebody", linkedin="linkedin.com/in/bob-somebody")
    for model, find in ((Candidate, "email"), (Contact, "phone")):
        enrich_later(model.objects.all(), find={find}, max_credits=None)
    finish(sandbox)
    candidate.refresh_from_db()
    contact.refresh_from_db()
    assert candidate.email
    assert contact.mobile


@pytest.mark.parametrize("ask", ["later", "batched", "one by one"])
@pytest.mark.parametrize("part", [lambda rows: rows, lambda rows: rows[:2]], ids=["all", "a slice"])
def test_a_child_with_a_primary_key_of_its_own_is_the_row_of_its_parent(sandbox, ask, part):
    """Its own key is that of another lead, who is not searched instead."""
    names = {"family_name": "Somebody", "linkedin": "linkedin.com/in/bob-somebody"}
    others = [Contact.objects.create(given_name=f"Bob{number}", **names) for number in range(2)]
    names["linkedin"] = "linkedin.com/in/eve-somebody"
    for number, other in enumerate(others):
        Agent.objects.create(number=other.pk, given_name=f"Eve{number}", **names)
    agents = part(Agent.objects.order_by("given_name"))
    if ask == "later":
        enrich_later(agents, find={"phone"}, max_credits=None)
    else:
        enrich_batched(list(agents) if ask == "one by one" else agents, find={"phone"}, daily_credits=200)
    finish(sandbox)
    assert set(Contact.objects.exclude(mobile="").values_list("given_name", flat=True)) == {"Eve0", "Eve1"}


def test_a_rollback_leaves_no_run(make_leads):
    """It is part of the caller's transaction."""
    make_leads(1)
    with transaction.atomic():
        enrich_later(Lead.objects.all(), **EMAIL)
        transaction.set_rollback(True)
    assert not EnrichmentRun.objects.exists()
    assert not RunLead.objects.exists()


def test_a_cap_holds_over_all_pages(make_leads, sandbox, small_pages):
    """What no credits are left for is skipped, and counted."""
    make_leads(9)
    run = enrich_later(Lead.objects.all(), find={"email"}, max_credits=5)
    finish(sandbox)
    progress = run.progress()
    assert (progress.searched, progress.skipped, progress.asked) == (5, 4, 9)
    assert row().tally["skipped"] == {Kind.FIND_EMAIL: {Reason.OVER_CAP: 4}}
    assert row().worst_case == Decimal(5)


class Died(BaseException):
    """The worker was killed."""


@pytest.mark.parametrize("statement", range(1, 40))
def test_a_worker_that_dies_anywhere_leaves_whole_pages(make_leads, sandbox, small_pages, statement, monkeypatch):
    """Killed before any of its statements: who continues searches each lead once, and counts each once."""
    make_leads(7)
    make_leads(2, prefix="twin", firstname="Ann0", company_domain="firm0.com")
    run = enrich_later(Lead.objects.all(), **EMAIL)
    seen = 0

    def die(execute, *args):
        nonlocal seen
        seen += 1
        if seen == statement:
            raise Died
        return execute(*args)

    # Its connection is gone with it: what it had not committed is rolled back, and nothing tidies up.
    monkeypatch.setattr(planning.enqueueing, "drop", lambda reserved: None)
    with contextlib.suppress(Died), connection.execute_wrapper(die):
        while planning.plan_next():
            pass
    EnrichmentRun.objects.update(next_plan_at=timezone.now())
    finish(sandbox)
    progress = run.progress()
    assert (progress.state, progress.planned, progress.asked) == ("finished", 9, 9)
    assert (progress.searched, progress.shared + progress.reused, progress.skipped) == (7, 2, 0)
    assert sandbox.ledger.purchases.total() == 7
    assert SearchJob.objects.credits() == sandbox.ledger.spent


def test_what_a_dead_worker_reserved_counts_against_no_cap(make_leads, sandbox, enrow, monkeypatch):
    """Its job without searches is taken back before the page is planned again."""
    make_leads(3)
    enrow(DAILY_CREDIT_LIMIT=3)
    run = enrich_later(Lead.objects.all(), **EMAIL)
    monkeypatch.setattr(planning.enqueueing, "drop", lambda reserved: None)
    with monkeypatch.context() as dying:
        dying.setattr(planning.enqueueing, "fill", lambda *args, **kwargs: (_ for _ in ()).throw(Died))
        with pytest.raises(Died):
            planning.plan_next()
    assert SearchJob.objects.get().credits_reserved == 3
    EnrichmentRun.objects.update(next_plan_at=timezone.now())
    # At once, before the sweep finds the job empty.
    assert planning.plan_next()
    finish(sandbox)
    assert (run.progress().searched, run.progress().skipped) == (3, 0)


@pytest.mark.parametrize("is_next_claimed", [False, True])
def test_a_worker_that_outlives_its_lease_writes_nothing(
    make_leads, sandbox, small_pages, monkeypatch, is_next_claimed
):
    """Another one planned the page meanwhile; what the slow one reserved is given back. A third has the next page."""
    make_leads(6)
    run = enrich_later(Lead.objects.all(), **EMAIL)
    reserve = planning.enqueueing.reserve

    def slowly(*args, **kwargs):
        reserved = reserve(*args, **kwargs)
        monkeypatch.setattr(planning.enqueueing, "reserve", reserve)
        EnrichmentRun.objects.update(next_plan_at=timezone.now())
        assert planning.plan_next()
        assert not is_next_claimed or EnrichmentRun.objects.claim(run.id, lease=dt.timedelta(0))
        return reserved

    monkeypatch.setattr(planning.enqueueing, "reserve", slowly)
    assert planning.plan_next()
    assert (SearchJob.objects.count(), row().planned, row().state) == (2, 4, "planning")
    finish(sandbox)
    progress = run.progress()
    assert (progress.searched, progress.asked, progress.planned) == (6, 6, 6)
    assert sandbox.ledger.purchases.total() == 6


def test_a_page_that_cannot_be_planned_is_tried_again_and_says_why(make_leads, sandbox, monkeypatch):
    """The project's own code failed; nothing is lost."""
    make_leads(1)
    run = enrich_later(Lead.objects.all(), **EMAIL)
    with monkeypatch.context() as failing:
        failing.setattr(planning, "plan", lambda *args: 1 / 0)
        assert planning.plan_next()
    assert "Planning failed, and is tried again: ZeroDivisionError" in row().note
    assert not planning.plan_next(), "not before its lease is over"
    EnrichmentRun.objects.update(next_plan_at=timezone.now())
    finish(sandbox)
    assert (run.progress().searched, row().note) == (1, "")


def test_a_run_of_nobody_is_there_and_ends(make_leads):
    """A run that skipped everybody can be looked at, with the reasons."""
    make_leads(2, email="ann@firm.com")
    now, later = enrich(Lead.objects.all(), find={"email"}), enrich_later(Lead.objects.all(), **EMAIL)
    sweep()
    sweep()
    for run in (now, later):
        progress = run.progress()
        assert (progress.state, progress.skipped, progress.asked) == ("finished", 2, 2)
        assert EnrichmentRun.objects.get(pk=run.id).tally["skipped"] == {"find_email": {"already": 2}}
