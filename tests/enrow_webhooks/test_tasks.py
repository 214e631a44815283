"""Celery tasks of the inbox: messages carry no data, only wake."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.utils import timezone

from enrow_webhooks.inbox import storing
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.tasks import process_events, prune_events

pytestmark = pytest.mark.django_db
BODY = json.dumps(
    {"event": "single_search_finished", "id": "id-1", "result": {"email": "a@b.com", "qualification": "valid"}}
).encode()


def test_a_long_inbox_takes_turns(receiver, monkeypatch):
    """A message works for some seconds, at least for one event; the rest is for the next one."""
    monkeypatch.setattr("enrow_webhooks.tasks.TURN_SECONDS", 0)
    for number in range(3):
        storing.store(BODY.replace(b"id-1", b"id-%d" % number), reference="")
    assert [process_events() for _ in range(4)] == [1, 1, 1, 0]


def test_pruning_blanks_what_the_setting_says_is_old(enrow):
    """The task reads PAYLOAD_DAYS when it runs; the rows stay."""
    enrow(PAYLOAD_DAYS=10)
    for days in (9, 11):
        processed_at = timezone.now() - dt.timedelta(days=days)
        WebhookEvent.objects.create(
            event="x", enrow_id=str(days), payload="{}", state="processed", processed_at=processed_at
        )
    assert prune_events() == 1
    assert dict(WebhookEvent.objects.values_list("enrow_id", "payload")) == {"9": "{}", "11": ""}
