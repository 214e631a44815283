"""Rows of ours are read where they are written, and their updates are repeated when the database asks."""

from __future__ import annotations

import datetime as dt

import pytest
from django.apps import apps
from django.utils import timezone

from enrow_webhooks.models import Heartbeat, WebhookEvent
from enrow_webhooks.rows import OwnQuerySet
from leads.models import Lead
from tests.replicas import REPLICA, lagging_replica


@pytest.fixture
def replica(tmp_path):
    """The project reads from a replica in which nothing ever arrives."""
    with lagging_replica(tmp_path):
        yield


@pytest.mark.parametrize("app", ["leads", "enrow_webhooks"])
def test_every_table_of_ours_is_read_so(app):
    """A new one cannot be forgotten; the lead's belongs to the host, also where it is ours."""
    for model in set(apps.get_app_config(app).get_models()) - {Lead}:
        assert issubclass(type(model._default_manager.all()), OwnQuerySet), model


@pytest.mark.django_db(transaction=True)
def test_a_row_is_read_where_it_was_written(replica):
    """By each way to read; a row of the host is looked for on the replica, where it is not yet."""
    Lead.objects.create(crm_id="one")
    event = WebhookEvent.objects.create(event="x", enrow_id="one", payload="{}")
    events = WebhookEvent.objects.filter(pk=event.pk)
    assert not Lead.objects.exists()
    assert (events.count(), events.exists(), events.first(), events.get()) == (1, True, event, event)
    assert list(events.iterator()) == [event]
    assert not WebhookEvent.objects.using(REPLICA).exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_claimed_is_handed_out(replica):
    """The claim was made on the primary, and read on the replica: nothing was ever processed."""
    event = WebhookEvent.objects.create(event="x", enrow_id="one", payload="{}")
    claimed = WebhookEvent.objects.claim(event.pk, lease=dt.timedelta(seconds=60))
    assert claimed is not None
    assert claimed.attempts == 1
    assert claimed.next_attempt_at > timezone.now()
    assert WebhookEvent.objects.settle(claimed, state=WebhookEvent.State.PROCESSED)


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_is_claimed_once(replica):
    """Also the first time, when it is looked for and not there."""
    every = dt.timedelta(seconds=60)
    assert [bool(Heartbeat.objects.claim("sweep", every=every)) for _ in range(3)] == [True, False, False]
