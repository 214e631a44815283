"""``manage.py prune_events``: old bodies go, rows stay."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from enrow_webhooks.models import WebhookEvent
from tests.commands import run
from tests.enrow_webhooks.management.commands.rows import make_event

pytestmark = pytest.mark.django_db(transaction=True)


def test_pruning_blanks_old_bodies_and_keeps_the_rows(enrow):
    """Only events that were dealt with before that many days lose their body."""
    enrow(PAYLOAD_DAYS=30)
    for number, days in enumerate([1, 31, 400]):
        make_event(number, state="processed", processed_at=timezone.now() - dt.timedelta(days=days))
    make_event(9)

    assert run("prune_events", "--json").json == {"pruned": 2, "days": 30}
    assert "1 events" in run("prune_events", "--days", 0).out
    assert list(WebhookEvent.objects.order_by("pk").values_list("payload", flat=True)) == ["", "", "", "{}"]
