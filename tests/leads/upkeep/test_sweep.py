"""The periodic pass finds what a lost message left behind."""

from __future__ import annotations

import pytest

from enrow_webhooks.inbox import processing, retention
from enrow_webhooks.models import Heartbeat, WebhookEvent
from leads.enrichment import enrich
from leads.models import Lead
from leads.tasks import sweep_jobs
from leads.upkeep import polling
from leads.upkeep.doctor import sweep_findings
from leads.upkeep.sweep import SWEEP, sweep
from tests.commands import run
from tests.conftest import due_now
from tests.leads.problems import ago, event

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_sweep_sends_what_a_lost_message_left_queued(make_leads, sandbox):
    """No Celery message at all: sweeping alone finishes the work."""
    make_leads(3)
    enrich(Lead.objects.all(), find={"email", "phone"})
    while sweep():
        due_now()
    assert set(Lead.objects.values_list("email_status", "phone_status")) == {("valid", "found")}


def test_events_get_their_turn_between_the_jobs_of_one_pass(make_leads, sandbox, enrow, monkeypatch):
    """One process does everything: an Enrow that is slow to answer for jobs keeps no event waiting."""
    monkeypatch.setattr("leads.upkeep.sweep.TURN_SECONDS", 0)
    make_leads(6)
    enrow(BATCH_SIZE=2)
    enrich(Lead.objects.all(), find={"email"})
    due_now()
    done = []
    for module, name in ((processing, "drain"), (polling, "check_next")):
        original = getattr(module, name)
        monkeypatch.setattr(module, name, lambda name=name, original=original: done.append(name) or original())
    assert sweep(jobs=2).jobs == 2
    assert done == ["drain", "check_next", "drain", "check_next", "drain"]
    assert sweep().jobs == 1


def test_a_pass_that_may_look_at_no_job_processes_events(sandbox):
    """The bound is one of jobs."""
    event(state="received")
    assert sweep(jobs=0).events == 1


# Heartbeat and retention.


@pytest.mark.parametrize("act", [sweep, sweep_jobs, lambda: run("enrow_sweep")])
def test_every_way_to_sweep_leaves_its_heartbeat(sandbox, act):
    """By command, by task, by call; the doctor says when it was."""
    act()
    assert Heartbeat.objects.get(name=SWEEP).at > ago(seconds=10)
    assert "The last sweep was" in "".join(finding.sentence for finding in sweep_findings())


def test_the_sweep_prunes_once_an_hour_without_beat(sandbox, enrow):
    """Bodies go after PAYLOAD_DAYS, whichever process sweeps; the rows stay."""
    enrow(PAYLOAD_DAYS=30)
    old = event(state="processed", processed_at=ago(days=31))
    new = event(state="processed", processed_at=ago(days=29))
    sweep()
    assert list(WebhookEvent.objects.order_by("pk").values_list("pk", "payload")) == [(old.pk, ""), (new.pk, "{}")]
    WebhookEvent.objects.update(processed_at=ago(days=31))
    sweep()
    assert WebhookEvent.objects.get(pk=new.pk).payload
    Heartbeat.objects.filter(name=retention.PRUNE).update(at=ago(hours=2))
    sweep()
    assert not WebhookEvent.objects.exclude(payload="").exists()
