"""One person is bought once, however many ask."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads.enrichment import enrich, estimate
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import enqueueing
from leads.outbox.batches import Order
from leads.outbox.planning import plan
from leads.outbox.tally import Tally
from leads.results import applying, aside
from leads.skips import Reason
from tests.conftest import finish
from tests.leads.answers import VIA, done, found, missed
from tests.leads.problems import ago
from tests.leads.races import uncommitted

pytestmark = pytest.mark.django_db


def test_the_same_person_under_two_crm_ids_is_bought_once(make_leads, sandbox):
    """Other case, spaces and URL form are the same person: one purchase, both leads get the result."""
    make_leads(1, prefix="a", firstname="Zoë", lastname="Somebody", company_domain="acme.com")
    make_leads(1, prefix="b", firstname=" ZOË", lastname="somebody ", company_domain="https://www.ACME.com/team")
    run = enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    assert (run.tally.to_search[Kind.FIND_EMAIL], run.tally.shared[Kind.FIND_EMAIL]) == (1, 1)
    assert set(Lead.objects.values_list("email", flat=True)) == {"zoe.somebody@acme.com"}
    assert sandbox.ledger.spent == 1


def test_a_person_that_another_run_is_buying_is_shared(make_leads, sandbox):
    """A second run joins the first one's purchase instead of buying it again, and waits for it."""
    make_leads(1, prefix="a", firstname="Zoë", company_domain="acme.com")
    first = enrich(Lead.objects.all(), find={"email"})
    make_leads(1, prefix="b", firstname="Zoë", company_domain="acme.com")
    second = enrich(Lead.objects.filter(crm_id="b-0"), find={"email"})
    assert second.tally.shared[Kind.FIND_EMAIL] == 1
    assert not second.progress().is_over
    finish(sandbox)
    assert second.progress().is_over
    assert first.jobs().get() == second.jobs().get()
    assert Lead.objects.get(crm_id="b-0").email == "zoe.somebody@acme.com"
    assert sandbox.ledger.spent == 1


@pytest.mark.parametrize(("lastname", "status"), [("Somebody", "valid"), ("Nobody", "not_found")])
def test_a_person_bought_lately_is_not_bought_again(make_leads, sandbox, lastname, status):
    """What was found, or not found, some days ago is written to a new lead at once and for nothing."""
    make_leads(1, prefix="a", firstname="Zoë", lastname=lastname, company_domain="acme.com")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    spent = sandbox.ledger.spent
    make_leads(1, prefix="b", firstname="Zoë", lastname=lastname, company_domain="acme.com")
    run = enrich(Lead.objects.filter(crm_id="b-0"), find={"email"})
    finish(sandbox)
    assert (run.reused, run.tally.worst_case, sandbox.ledger.spent) == (1, 0, spent)
    assert run.progress().is_over
    assert Lead.objects.get(crm_id="b-0").email_status == status


def test_what_was_bought_long_ago_is_bought_again(make_leads, sandbox, enrow):
    """REUSE_DAYS bounds the reuse."""
    make_leads(1, prefix="a", firstname="Zoë", company_domain="acme.com")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    make_leads(1, prefix="b", firstname="Zoë", company_domain="acme.com")
    enrow(REUSE_DAYS={"find_email": {"found": 0}})
    assert enrich(Lead.objects.filter(crm_id="b-0"), find={"email"}).tally.to_search[Kind.FIND_EMAIL] == 1


def test_a_search_in_flight_is_not_started_again(make_leads):
    """A second call skips leads that are under way and says so."""
    make_leads(2)
    enrich(Lead.objects.all(), find={"email"})
    again = enrich(Lead.objects.all(), find={"email"})
    assert again.tally.skipped == {(Kind.FIND_EMAIL, Reason.IN_FLIGHT): 2}
    assert SearchJob.objects.count() == 1


def test_the_database_itself_refuses_a_second_pending_search(make_leads):
    """One pending search per lead and kind is a unique index, not a check."""
    make_leads(1)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    with pytest.raises(IntegrityError), transaction.atomic():
        LeadSearch.objects.create(job=job, model="leads.lead", crm_id="lead-0", kind="find_email")


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_planners_that_race_buy_each_person_once(make_leads):
    """Eight threads plan the same persons, in other orders and under other crm_ids, at the same moment."""
    make_leads(60, prefix="a")
    Lead.objects.bulk_create(
        Lead(crm_id=f"b-{number}", firstname=f"Ann{number}", lastname="Somebody", company_domain=f"firm{number}.com")
        for number in reversed(range(60))
    )
    barrier, failures = threading.Barrier(8), []

    def race():
        barrier.wait()
        try:
            enrich(Lead.objects.all(), find={"email"})
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert LeadSearch.objects.filter(position__isnull=False).count() == 60
    assert LeadSearch.objects.count() == 120
    assert sum(SearchJob.objects.values_list("requested", flat=True)) == 60


def twin(crm_id):
    """One more lead of the same person."""
    return Lead.objects.create(crm_id=crm_id, firstname="Zoë", lastname="Somebody", company_domain="acme.com")


@pytest.mark.parametrize("state", SearchJob.OPEN)
def test_a_person_is_shared_in_each_state_in_which_the_purchase_may_still_come(make_leads, state):
    """Also one that waits for credits, or whose answer was lost: it is never planned as a second purchase."""
    twin("a")
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.update(state=state)
    twin("b")
    run = enrich(Lead.objects.filter(crm_id="b"), find={"email"})
    assert (run.tally.to_search.total(), run.tally.shared[Kind.FIND_EMAIL]) == (0, 1)
    assert LeadSearch.objects.get(crm_id="b").job_id == job.pk


def test_after_a_purchase_by_force_its_value_is_the_one_that_is_shared(make_leads, sandbox):
    """Somebody paid to know it anew; the older result is out of date."""
    twin("a")
    for force in (False, True):
        enrich(Lead.objects.filter(crm_id="a"), find={"email"}, force=force, overwrite=force)
        finish(sandbox)
    oldest, newest = LeadSearch.objects.order_by("pk")
    LeadSearch.objects.filter(pk=oldest.pk).update(value="old@acme.com")
    twin("b")
    enrich(Lead.objects.filter(crm_id="b"), find={"email"})
    assert Lead.objects.get(crm_id="b").email == newest.value != "old@acme.com"


def test_a_reuse_does_not_prolong_the_window(make_leads, sandbox, enrow):
    """REUSE_DAYS counts from the purchase, however often it was used again meanwhile."""
    enrow(REUSE_DAYS={"find_email": {"found": 10}})
    twin("a")
    bought = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    finish(sandbox)
    tallies = []
    for crm_id, days in (("b", 9), ("c", 11)):
        SearchJob.objects.filter(pk=bought.pk).update(finished_at=timezone.now() - dt.timedelta(days=days))
        twin(crm_id)
        tallies.append(enrich(Lead.objects.filter(crm_id=crm_id), find={"email"}).tally)
    assert [(tally.reused.total(), tally.to_search.total()) for tally in tallies] == [(1, 0), (0, 1)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_nobody_joins_a_job_that_is_being_settled(make_leads):
    """Its searches were read already: a row that came now would stay pending in a finished job for ever."""
    twin("a")
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.update(state="running", enrow_id="e-1")
    twin("b")
    with uncommitted(then=lambda: enrich(Lead.objects.filter(crm_id="b"), find={"email"})):
        applying.apply(job.pk, done(found("a")), via=VIA)
    assert not LeadSearch.objects.pending().exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
@pytest.mark.parametrize(("lastname", "email"), [("Somebody", "zoe@acme.com"), ("Nobody", "")])
def test_who_comes_while_a_job_is_being_settled_gets_what_it_brought(make_leads, lastname, email):
    """It cannot be joined any more, and has its result a moment later: nobody is told that a search is under way."""
    twin("a")
    Lead.objects.update(lastname=lastname)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.update(state="running", enrow_id="e-1")
    twin("b")
    Lead.objects.update(lastname=lastname)
    with uncommitted(then=lambda: enrich(Lead.objects.filter(crm_id="b"), find={"email"})) as results:
        applying.apply(job.pk, done(found("a", email) if email else missed("a")), via=VIA)
    [run] = results
    assert (run.tally.reused.total(), run.tally.skipped) == (1, {})
    assert Lead.objects.get(crm_id="b").email == email
    assert LeadSearch.objects.get(crm_id="b").effect == "written"


def test_who_was_bought_since_the_planning_is_not_bought_again(make_leads, sandbox):
    """Another process bought the person, and has the result: it is used, and nothing is paid."""
    twin("a")
    order = Order(kinds=(Kind.FIND_EMAIL,))
    (batch,) = plan(Lead.objects.all(), order, Tally())
    twin("b")
    enrich(Lead.objects.filter(crm_id="b"), find={"email"})
    finish(sandbox)
    queued = enqueueing.queue(batch, order, run=uuid.uuid4(), balance=None)
    assert (queued.late, queued.reused, queued.job.credits_reserved) == (1, 1, 0)
    assert not LeadSearch.objects.pending().exists()


def test_while_a_person_is_bought_anew_the_new_result_is_shared(make_leads, sandbox):
    """Not the one that somebody pays to replace."""
    twin("a")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    again = enrich(Lead.objects.all(), find={"email"}, force=True, overwrite=True).jobs().get()
    twin("b")
    run = enrich(Lead.objects.filter(crm_id="b"), find={"email"})
    assert (run.tally.shared.total(), run.reused) == (1, 0)
    assert LeadSearch.objects.get(crm_id="b").job_id == again.pk


@pytest.fixture
def kept_aside(make_leads):
    """A job of two leads that brought one result, for nobody whom it knows."""
    make_leads(2)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.update(state="running", enrow_id="enrow-1")
    applying.apply(job.pk, done(found("a-stranger", "who@x.com")), via=VIA)
    return job


def test_who_may_be_among_the_results_that_fit_nobody_is_not_bought_again(make_leads, kept_aside):
    """It was paid for: a person looks at it first. The same holds for another lead of the same person."""
    make_leads(1, prefix="twin")
    run = enrich(Lead.objects.all(), find={"email"})
    assert run.tally.skipped == {(Kind.FIND_EMAIL, Reason.KEPT_ASIDE): 3}
    assert all(str(kept_aside.pk) in skip.sentence and "--force" in skip.sentence for skip in run.tally.examples)
    assert not run.jobs().exists()


def test_what_is_kept_aside_keeps_its_leads_from_being_bought_for_ever(make_leads, sandbox):
    """Also where Enrow took credits for more than it sent, and the days of what cannot be used are over."""
    make_leads(3)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.update(state="running", enrow_id="enrow-1")
    applying.apply(job.pk, done(found("a-stranger", "who@x.com"), cost=Decimal(3)), via=VIA)
    assert set(LeadSearch.objects.exclude(effect="aside").values_list("outcome", flat=True)) == {"unusable"}
    SearchJob.objects.update(finished_at=ago(days=100), sent_at=ago(days=100))
    assert estimate(Lead.objects.all(), find={"email"}).tally.to_search.total() == 0
    assert aside.drop(LeadSearch.objects.get(effect="aside").pk, by="ann")
    assert estimate(Lead.objects.all(), find={"email"}).tally.to_search.total() == 3


@pytest.mark.parametrize("way", ["force", "decided"])
def test_who_was_kept_back_is_bought_once_somebody_decided(make_leads, kept_aside, sandbox, way):
    """By --force, or when nothing of the job waits for a person any more; that value is then shared like any other."""
    if way == "decided":
        SearchJob.objects.update(kept_aside=0)
    enrich(Lead.objects.all(), find={"email"}, force=way == "force")
    finish(sandbox)
    assert sandbox.ledger.spent == 2
    make_leads(2, prefix="twin")
    twins = Lead.objects.filter(crm_id__startswith="twin")
    assert enrich(twins, find={"email"}).tally.reused == {Kind.FIND_EMAIL: 2}


def test_who_was_kept_aside_since_the_planning_is_not_bought_again(make_leads, sandbox):
    """A planner reads minutes before it queues."""
    make_leads(2)
    first = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    order, tally = Order(kinds=(Kind.FIND_EMAIL,)), Tally()
    LeadSearch.objects.update(outcome="cancelled")
    (batch,) = plan(Lead.objects.all(), order, tally)
    LeadSearch.objects.update(outcome="error")
    SearchJob.objects.update(state="finished", kept_aside=1)
    queued = enqueueing.queue(batch, order, run=uuid.uuid4(), balance=None)
    assert (queued.job, queued.late, len(queued.unserved)) == (None, 2, 2)
    assert list(SearchJob.objects.all()) == [first]


@pytest.mark.parametrize("count", [2, 30])
def test_looking_for_what_was_kept_aside_costs_one_query_more(make_leads, django_assert_num_queries, count):
    """However many are kept back."""
    make_leads(count)
    enrich(Lead.objects.all(), find={"email"})
    LeadSearch.objects.update(outcome="error")
    order = Order(kinds=(Kind.FIND_EMAIL,))
    for kept, queries in ((0, 3), (1, 4)):
        SearchJob.objects.update(state="finished", kept_aside=kept)
        with django_assert_num_queries(queries):
            assert len(list(plan(Lead.objects.all(), order, Tally()))) == 1 - kept
