"""Celery tasks and beat: messages carry no data, only wake; one worker's run finishes what is due."""

from __future__ import annotations

import pytest

from enrow_webhooks.models import Heartbeat
from enrow_webhooks.tasks import process_events, prune_events
from leads.enrichment import enrich
from leads.models import Lead, SearchJob
from leads.tasks import submit_jobs, sweep_jobs
from leads.upkeep import polling
from leads.upkeep.sweep import TURN
from tests.conftest import due_now
from tests.leads.problems import ago

pytestmark = pytest.mark.django_db


def test_one_message_sends_every_queued_job(sandbox, make_leads, enrow):
    """The task works until nothing is due."""
    make_leads(6)
    enrow(BATCH_SIZE=2)
    enrich(Lead.objects.all(), find={"email"})
    assert submit_jobs() == 3
    assert set(SearchJob.objects.values_list("state", flat=True)) == {"running"}
    assert submit_jobs() == 0


def test_a_long_queue_takes_turns(sandbox, make_leads, enrow, monkeypatch):
    """A message works for some seconds, then one behind the others goes on: a big run keeps nobody waiting."""
    monkeypatch.setattr("leads.tasks.TURN_SECONDS", 0)
    make_leads(6)
    enrow(BATCH_SIZE=2)
    enrich(Lead.objects.all(), find={"email"})
    assert [submit_jobs() for _ in range(4)] == [1, 1, 1, 0]


def test_what_comes_back_to_the_queue_as_a_turn_ends_is_woken_for(sandbox, make_leads, monkeypatch):
    """Enrow refuses a row and the rest is due at once: the next message sends it, not the sweep some time later."""
    monkeypatch.setattr("leads.tasks.TURN_SECONDS", 0)
    woken = []
    monkeypatch.setattr("leads.tasks.wake", woken.append)
    make_leads(2)
    make_leads(1, prefix="bad", company_domain="refused.example")
    enrich(Lead.objects.all(), find={"email"})
    woken.clear()
    assert submit_jobs() == 1
    assert woken == [submit_jobs]
    assert submit_jobs() == 1
    assert len(woken) == 1


def test_the_sweep_task_polls_and_writes(sandbox, make_leads):
    """What no event finished, the periodic task does."""
    make_leads(2)
    enrich(Lead.objects.all(), find={"email"})
    due_now()
    assert sweep_jobs() == 1
    due_now()
    assert sweep_jobs() == 1
    assert Lead.objects.filter(email_status="valid").count() == 2


def test_a_long_sweep_takes_turns_and_asks_for_the_next(sandbox, make_leads, enrow, monkeypatch):
    """A look at one job may take minutes: the message that is over hands the rest to one behind the others."""
    monkeypatch.setattr("leads.tasks.TURN_SECONDS", 0)
    make_leads(6)
    enrow(BATCH_SIZE=2)
    enrich(Lead.objects.all(), find={"email"})
    due_now()
    woken = []
    monkeypatch.setattr("leads.tasks.wake", woken.append)
    assert [sweep_jobs() for _ in range(4)] == [1, 1, 1, 0]
    assert woken == [sweep_jobs] * 3


def test_one_worker_at_a_time_sweeps_jobs(sandbox, make_leads, monkeypatch):
    """However slow Enrow is, and however many messages come: it holds one worker, the others take what else waits."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"email"})
    due_now()
    meanwhile, check_next = [], polling.check_next

    def slow():
        meanwhile.append(sweep_jobs())
        return check_next()

    monkeypatch.setattr(polling, "check_next", slow)
    assert sweep_jobs() == 1
    assert meanwhile == [0, 0]


def test_a_sweep_that_failed_or_died_lets_the_next_one_in(sandbox, make_leads, monkeypatch):
    """At once after a failure; after the lease when the worker was killed."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"email"})
    due_now()
    with monkeypatch.context() as patch:
        patch.setattr(polling, "check_next", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sweep_jobs()
    assert not Heartbeat.objects.filter(name=TURN).exists()
    Heartbeat.objects.create(name=TURN, at=ago(minutes=3))
    assert sweep_jobs() == 0
    Heartbeat.objects.filter(name=TURN).update(at=ago(minutes=5))
    assert sweep_jobs() == 1


@pytest.mark.parametrize("task", [process_events, prune_events, submit_jobs, sweep_jobs])
def test_a_message_without_work_does_nothing(task):
    """A message too many is harmless."""
    assert task() == 0


@pytest.mark.parametrize("task", [process_events, prune_events, submit_jobs, sweep_jobs])
def test_messages_carry_no_arguments(task):
    """No id, address or phone travels through the broker."""
    assert not task.run.__code__.co_argcount
