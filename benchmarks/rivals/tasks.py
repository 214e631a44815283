"""The task of the recipe."""

from __future__ import annotations

from celery import shared_task

from benchmarks.rivals.models import HandNotice


@shared_task(ignore_result=True)
def process_notice(pk: int) -> None:
    """Read the notice and tick it off: the least that a worker does."""
    notice = HandNotice.objects.get(pk=pk)
    notice.processed = True
    notice.save(update_fields=["processed"])
