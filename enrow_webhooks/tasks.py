"""Celery tasks of the inbox. They carry no arguments: the rows say what there is to do."""

from __future__ import annotations

import datetime as dt

from celery import shared_task

from enrow_webhooks import inbox
from enrow_webhooks.conf import enrow_settings
from enrow_webhooks.wake import wake

# One message is worth at most this many notices; then a fresh message goes on, so that no worker holds on for ever.
_PER_MESSAGE = 500


@shared_task(name="enrow_webhooks.process_events", ignore_result=True)
def process_events() -> int:
    """Process the notices that are due; beat calls it too, which is the sweep of the inbox."""
    done = inbox.drain(limit=_PER_MESSAGE)
    if done >= _PER_MESSAGE:
        wake(process_events)
    return done


@shared_task(name="enrow_webhooks.prune_events", ignore_result=True)
def prune_events() -> int:
    """Blank the bodies of old notices."""
    return inbox.prune(older_than=dt.timedelta(days=enrow_settings.payload_days))
