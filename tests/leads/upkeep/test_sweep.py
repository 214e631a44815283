"""The periodic pass finds what a lost message left behind."""

from __future__ import annotations

import pytest

from enrow_webhooks.inbox import retention
from enrow_webhooks.models import Heartbeat, WebhookEvent
from leads.enrichment import enrich
from leads.models import Lead
from leads.tasks import sweep_jobs
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
