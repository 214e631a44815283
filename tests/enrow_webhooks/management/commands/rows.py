"""Rows for the commands of the inbox."""

from __future__ import annotations

from enrow_webhooks.models import WebhookEvent


def make_event(number, **fields):
    values = {"event": "single_search_finished", "enrow_id": f"id-{number}", "payload": "{}", "state": "dead"} | fields
    return WebhookEvent.objects.create(**values)
