"""Celery tasks of the inbox. They carry no arguments: the rows say what there is to do."""

from __future__ import annotations

import datetime as dt
import time

from celery import shared_task

from enrow_webhooks.conf import enrow_settings
from enrow_webhooks.inbox import processing, retention
from enrow_webhooks.inbox.processing import TURN_SECONDS
from enrow_webhooks.wake import wake

# One message is worth at most so many events.
_PER_MESSAGE = 500


@shared_task(name="enrow_webhooks.process_events", ignore_result=True)
def process_events() -> int:
    """Process the events that are due; beat calls it too, which is the sweep of the inbox."""
    end = time.monotonic() + TURN_SECONDS
    done = processing.drain(limit=_PER_MESSAGE, until=end)
    if done >= _PER_MESSAGE or time.monotonic() >= end:
        wake(process_events)
    return done


@shared_task(name="enrow_webhooks.prune_events", ignore_result=True)
def prune_events() -> int:
    """Blank the bodies of old events."""
    return retention.prune(older_than=dt.timedelta(days=enrow_settings.payload_days))
