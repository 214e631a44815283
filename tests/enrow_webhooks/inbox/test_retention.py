"""Old bodies are blanked, and their rows stay."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.utils import timezone

from enrow_webhooks.inbox import processing, retention, storing
from enrow_webhooks.models import WebhookEvent
from tests.leads.problems import ago, event

pytestmark = pytest.mark.django_db
BODY = json.dumps(
    {"event": "single_search_finished", "id": "id-1", "result": {"email": "a@b.com", "qualification": "valid"}}
).encode()


def test_prune_blanks_old_bodies_in_batches_and_keeps_the_rows(receiver, django_assert_num_queries):
    """A repeat of a pruned event is still known; dead and waiting events keep their bodies."""
    for number in range(5):
        storing.store(BODY.replace(b"id-1", f"id-{number}".encode()), reference="")
    processing.drain()
    WebhookEvent.objects.update(processed_at=timezone.now() - dt.timedelta(days=31))
    storing.store(BODY.replace(b"id-1", b"fresh"), reference="")
    with django_assert_num_queries(7):
        assert retention.prune(older_than=dt.timedelta(days=30), batch=2) == 5
    assert (WebhookEvent.objects.count(), WebhookEvent.objects.filter(payload="").count()) == (6, 5)
    assert not storing.store(BODY, reference="").needs_work
    assert retention.prune(older_than=dt.timedelta(days=30)) == 0


@pytest.mark.parametrize(("days", "late"), [(29, False), (31, False), (33, True)])
def test_the_doctor_says_when_nobody_prunes(enrow, days, late):
    """Two days of grace; a body that is gone already is not missed."""
    enrow(PAYLOAD_DAYS=30)
    event(state="processed", processed_at=ago(days=400), payload="")
    event(state="processed", processed_at=ago(days=days))
    assert bool(retention.overdue()) is late
