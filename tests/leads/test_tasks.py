"""Celery tasks and beat: messages carry no data, only wake; one worker's run finishes what is due."""

from __future__ import annotations

import pytest

from enrow_webhooks.tasks import process_events, prune_events
from leads.enrichment import enrich
from leads.models import Lead, SearchJob
from leads.tasks import submit_jobs, sweep_jobs
from tests.conftest import due_now

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


@pytest.mark.parametrize("task", [process_events, prune_events, submit_jobs, sweep_jobs])
def test_a_message_without_work_does_nothing(task):
    """A message too many is harmless."""
    assert task() == 0


@pytest.mark.parametrize("task", [process_events, prune_events, submit_jobs, sweep_jobs])
def test_messages_carry_no_arguments(task):
    """No id, address or phone travels through the broker."""
    assert not task.run.__code__.co_argcount
