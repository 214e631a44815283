"""Rows that need a person."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from enrow_webhooks.models import Heartbeat, Rejection, WebhookEvent
from leads.models import SearchJob
from leads.upkeep.sweep import SWEEP


def ago(**span):
    return timezone.now() - dt.timedelta(**span)


def event(**fields):
    number = WebhookEvent.objects.count()
    return WebhookEvent.objects.create(**{"event": "x", "enrow_id": f"{number}", "payload": "{}"} | fields)


def job(**fields):
    usual = {
        "run": "00000000-0000-0000-0000-000000000000",
        "kind": "find_email",
        "next_check_at": timezone.now() + dt.timedelta(hours=1),
    }
    return SearchJob.objects.create(**usual | fields)


PROBLEMS = {
    "are dead": lambda: event(state="dead"),
    "waits for a worker": lambda: event(next_attempt_at=ago(hours=1)),
    "are still kept": lambda: event(state="processed", processed_at=ago(days=40)),
    "too large": lambda: Rejection.objects.create(hour=ago(hours=1), reason="too_large", count=1, last_at=ago(hours=1)),
    "is overdue": lambda: job(state="running", enrow_id="x", next_check_at=ago(hours=1)),
    "did not reach the leads": lambda: job(state="finished", finished_at=ago(hours=1)),
    "fit none of their leads": lambda: job(state="finished", finished_at=ago(hours=1), written_at=ago(), kept_aside=1),
    "The last sweep was": lambda: Heartbeat.objects.create(name=SWEEP, at=ago(days=2)),
}
