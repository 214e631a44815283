"""The task of the recipe."""

from __future__ import annotations

from celery import shared_task

from benchmarks.rivals.models import HandEvent


@shared_task(ignore_result=True)
def process_event(pk: int) -> None:
    """Read the event and tick it off: the least that a worker does."""
    event = HandEvent.objects.get(pk=pk)
    event.processed = True
    event.save(update_fields=["processed"])
