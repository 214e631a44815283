"""Leads that come one by one are gathered into few POSTs, under a daily cap."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrow_webhooks.models import Heartbeat
from leads import tasks
from leads.enrichment import enrich, enrich_batched, sweep
from leads.models import BatchedLead, EnrichmentRun, Lead, LeadSearch, RunLead, SearchJob
from leads.runs import batching
from tests.conftest import finish
from tests.crm.models import Candidate, Stranger

pytestmark = pytest.mark.django_db

LATER = timezone.now() + dt.timedelta(hours=1)
EMAIL = {"find": {"email"}, "daily_credits": 100}


def test_leads_that_come_one_by_one_go_into_one_post(make_leads, sandbox):
    """Each once, however often it came, whatever it came as."""
    leads = make_leads(4)
    for lead in leads[:3]:
        assert enrich_batched(lead, **EMAIL) == 1
    assert enrich_batched(leads, **EMAIL) == 4
    assert enrich_batched(Lead.objects.all(), **EMAIL) == 4
    finish(sandbox)
    assert [(job.requested, job.found) for job in SearchJob.objects.all()] == [(4, 4)]
    run = EnrichmentRun.objects.get()
    assert (run.via, run.selected, run.planned, run.state) == ("batched", 4, 4, "finished")
    assert not BatchedLead.objects.exists()
    assert not RunLead.objects.exists()


def test_what_is_added_costs_one_insert(make_leads):
    """A signal handler waits for nothing else."""
    (lead,) = make_leads(1)
    with CaptureQueriesContext(connection) as queries:
        enrich_batched(lead, **EMAIL)
    assert [query["sql"].split()[0] for query in queries if "SAVEPOINT" not in query["sql"]].count("INSERT") == 1
    assert len(queries) <= 4


def test_a_rollback_adds_nothing(make_leads):
    """It is part of the caller's transaction."""
    make_leads(1)
    with transaction.atomic():
        enrich_batched(Lead.objects.all(), **EMAIL)
        transaction.set_rollback(True)
    assert not BatchedLead.objects.exists()


def test_several_models_and_wishes_become_a_run_each(make_leads, sandbox):
    """What is asked for and by whom is not mixed."""
    (lead,) = make_leads(1)
    candidate = Candidate.objects.create(name="Bob Somebody", company="Firm")
    enrich_batched([lead, candidate], **EMAIL, requested_by="ann")
    enrich_batched(lead, find={"phone"}, daily_credits=100, requested_by="bob")
    finish(sandbox)
    runs = EnrichmentRun.objects.values_list("model", "kinds", "requested_by")
    assert sorted(runs) == sorted(
        [
            (Lead._meta.label_lower, "find_email", "ann"),
            (Candidate._meta.label_lower, "find_email", "ann"),
            (Lead._meta.label_lower, "find_phone", "bob"),
        ]
    )
    assert set(LeadSearch.objects.values_list("outcome", flat=True)) == {"found"}


@pytest.mark.parametrize("by_setting", [True, False])
def test_the_cap_of_the_day_holds_over_all_runs(make_leads, sandbox, enrow, by_setting):
    """Also for what is planned later that day; the next day begins anew."""
    enrow(BATCHED_DAILY_CREDITS=3 if by_setting else 99)
    cap = {} if by_setting else {"daily_credits": 3}
    make_leads(2)
    enrich_batched(Lead.objects.all(), find={"email"}, **cap)
    finish(sandbox)
    make_leads(4, prefix="more", company_domain="other.com")
    enrich_batched(Lead.objects.filter(crm_id__startswith="more"), find={"email"}, **cap)
    finish(sandbox)
    assert sandbox.ledger.purchases.total() == 3
    assert EnrichmentRun.objects.latest("created_at").tally["skipped"] == {"find_email": {"over_cap": 3}}
    SearchJob.objects.update(created_at=timezone.now() - dt.timedelta(days=1))
    enrich_batched(Lead.objects.filter(crm_id__startswith="more"), find={"email"}, **cap)
    finish(sandbox)
    assert sandbox.ledger.purchases.total() == 6


def test_other_runs_do_not_count_against_it(make_leads, sandbox):
    """It is the cap of leads that come one by one."""
    make_leads(3)
    enrich(Lead.objects.all(), find={"email"})
    make_leads(3, prefix="more", company_domain="other.com")
    enrich_batched(Lead.objects.filter(crm_id__startswith="more"), find={"email"}, daily_credits=3)
    finish(sandbox)
    assert sandbox.ledger.purchases.total() == 6


def test_a_lead_that_changed_while_it_was_searched_is_planned_afterwards(make_leads, sandbox):
    """The first search is for who it was; nobody forgets who it is now."""
    (lead,) = make_leads(1)
    enrich_batched(lead, **EMAIL)
    batching.gather()
    Lead.objects.update(company_domain="other.com")
    enrich_batched(lead, **EMAIL)
    batching.gather()
    assert BatchedLead.objects.get().due_at > timezone.now()
    finish(sandbox)
    assert Lead.objects.get().email == ""
    BatchedLead.objects.update(due_at=timezone.now())
    finish(sandbox)
    assert Lead.objects.get().email == "ann0.somebody@other.com"
    assert not BatchedLead.objects.exists()


def test_a_lead_that_is_being_searched_makes_no_run_each_time_it_is_looked_at(make_leads, sandbox):
    """And keeps no other lead waiting."""
    (lead,) = make_leads(1)
    enrich(Lead.objects.all(), find={"email"})
    make_leads(1, prefix="other", company_domain="other.com")
    enrich_batched(lead, **EMAIL)
    enrich_batched(Lead.objects.get(crm_id="other-0"), **EMAIL | {"daily_credits": 99})
    for _ in range(3):
        BatchedLead.objects.update(due_at=timezone.now())
        batching.gather()
    assert [run.selected for run in EnrichmentRun.objects.filter(via="batched")] == [1]
    assert BatchedLead.objects.get().key == str(lead.pk)


def test_a_project_that_fails_keeps_nobody_from_being_sent(make_leads, sandbox, monkeypatch, caplog):
    """Its own key field, or its own database, may raise anything; the sweep does the rest, and tries again."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"phone"})
    enrich_batched(Lead.objects.all(), **EMAIL)
    other = Candidate.objects.create(name="Bob Somebody", company="Firm")
    enrich_batched(other, **EMAIL)
    work = batching._sorted
    fails = lambda mapping, *rest: 1 / 0 if mapping.model is Lead else work(mapping, *rest)  # noqa: E731
    monkeypatch.setattr(batching, "_sorted", fails)
    sweep()
    assert len(sandbox.jobs) == 1
    assert "could not be gathered" in caplog.text
    sweep()
    assert [row.model for row in BatchedLead.objects.all()] == [Lead._meta.label_lower]
    assert EnrichmentRun.objects.get(via="batched").model == Candidate._meta.label_lower


def test_the_cap_holds_while_another_worker_plans_what_was_gathered(make_leads, sandbox, monkeypatch):
    """What that run may still cost is not given to the next one; nor is more than it can cost kept from it."""
    make_leads(2)
    enrich_batched(Lead.objects.all(), find={"email"}, daily_credits=3)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(batching.planning, "plan_page", lambda pk: EnrichmentRun.objects.update(next_plan_at=LATER))
        assert batching.gather() == 1
    make_leads(2, prefix="more", company_domain="other.com")
    enrich_batched(Lead.objects.filter(crm_id__startswith="more"), find={"email"}, daily_credits=3)
    assert batching.gather() == 1
    EnrichmentRun.objects.update(next_plan_at=timezone.now())
    finish(sandbox)
    assert sandbox.ledger.purchases.total() == 3


def test_a_lead_that_is_gone_or_not_mapped_any_more_is_let_go(make_leads, sandbox):
    """Nobody can be searched for it."""
    make_leads(2)
    enrich_batched(Lead.objects.all(), **EMAIL)
    Lead.objects.filter(crm_id="lead-0").delete()
    BatchedLead.objects.create(model="crm.gone", key="1", kinds="find_email", daily_credits=1)
    finish(sandbox)
    assert not BatchedLead.objects.exists()
    assert sandbox.ledger.purchases.total() == 1


@pytest.mark.parametrize(
    ("leads", "changes", "error", "said"),
    [
        (Lead.objects.all, {"daily_credits": None}, ValueError, "BATCHED_DAILY_CREDITS"),
        (Lead.objects.all, {"find": {"mail"}}, ValueError, "knows no 'mail'"),
        (Lead.objects.all, {"daily_credits": -1}, ValueError, "zero or more"),
        (lambda: Stranger(crm_id="x"), {}, ValueError, "is not mapped"),
        (lambda: Lead(crm_id="x"), {}, ValueError, "saved"),
        (lambda: ["lead-0"], {}, TypeError, "takes leads, not a str"),
        (lambda: "lead-0", {}, TypeError, "not a str"),
        (lambda: 5, {}, TypeError, "not an int"),
    ],
)
def test_what_cannot_be_added_is_told(make_leads, leads, changes, error, said):
    """In a sentence, and nothing is added."""
    make_leads(1)
    with pytest.raises(error, match=said):
        enrich_batched(leads(), **EMAIL | changes)
    assert not BatchedLead.objects.exists()


def test_one_worker_gathers_and_one_that_died_is_followed(make_leads, sandbox):
    """Two would pass the cap together."""
    make_leads(1)
    enrich_batched(Lead.objects.all(), **EMAIL)
    Heartbeat.objects.claim(batching.GATHERING, every=batching._LEASE)
    assert batching.gather() == 0
    Heartbeat.objects.update(at=timezone.now() - batching._LEASE)
    assert batching.gather() == 1
    assert not Heartbeat.objects.filter(name=batching.GATHERING).exists()


def test_a_worker_looks_again_until_nothing_has_come(make_leads, sandbox, monkeypatch):
    """What came while it planned goes with the next look, not with a POST of its own."""
    make_leads(6)
    pks = list(Lead.objects.values_list("pk", flat=True))
    pauses = []

    def come(seconds):
        pauses.append(seconds)
        if len(pauses) < 3:
            for pk in pks[2 * len(pauses) : 2 * len(pauses) + 2]:
                enrich_batched(Lead.objects.get(pk=pk), **EMAIL)

    monkeypatch.setattr(batching.time, "sleep", come)
    enrich_batched(Lead.objects.filter(pk__in=pks[:2]), **EMAIL)
    assert tasks.gather_leads() == 3
    assert pauses == [tasks.GATHER_EVERY] * 3
    finish(sandbox)
    assert sorted(job.requested for job in SearchJob.objects.all()) == [2, 2, 2]


def test_the_first_is_sent_before_the_worker_looks_again(make_leads, sandbox, monkeypatch):
    """It waits for nobody who may come after it."""
    make_leads(1)
    woken = []
    monkeypatch.setattr(tasks, "wake", woken.append)
    monkeypatch.setattr(batching.time, "sleep", woken.append)
    enrich_batched(Lead.objects.all(), **EMAIL)
    assert tasks.gather_leads() == 1
    assert woken == [tasks.submit_jobs, tasks.GATHER_EVERY]


def test_the_sweep_takes_what_a_lost_message_left(make_leads, sandbox):
    """A row is the truth; a message only wakes."""
    make_leads(2)
    enrich_batched(Lead.objects.all(), **EMAIL)
    sweep()
    sweep()
    assert [job.requested for job in sandbox.jobs]


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_many_who_add_the_same_leads_wait_for_nobody_and_each_is_bought_once(make_leads, sandbox):
    """Twenty at once, half of them in transactions that roll back, while a worker gathers."""
    make_leads(20)
    leads = list(Lead.objects.all())
    opened, failed = threading.Barrier(21), []

    def add(number):
        try:
            opened.wait(10)
            for lead in leads:
                with transaction.atomic():
                    enrich_batched(lead, **EMAIL)
                    if number % 2:
                        transaction.set_rollback(True)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    opened.wait(10)
    while any(thread.is_alive() for thread in threads):
        batching.gather()
    assert not failed
    BatchedLead.objects.update(due_at=timezone.now())
    finish(sandbox)
    BatchedLead.objects.update(due_at=timezone.now())
    finish(sandbox)
    assert sandbox.ledger.purchases.total() == 20
    assert set(sandbox.ledger.purchases.values()) == {1}
    assert not BatchedLead.objects.exists()
