"""Is anybody at work? For a person who waits for a run."""

from __future__ import annotations

import time

from celery import current_app
from django.db.models import QuerySet
from django.utils import timezone

from enrow_webhooks.wake import has_workers
from leads.models import SearchJob


class IdleWorkers:
    """Notices when no job that is due leaves ``queued`` for so many seconds, and says it once."""

    def __init__(self, jobs: QuerySet[SearchJob], *, seconds: float) -> None:
        self._jobs = jobs
        self._seconds = seconds
        self._queued = 0
        self._since = time.monotonic()
        # Without a Celery app the process that waits does the work.
        self._over = not has_workers()

    def complaint(self) -> str:
        """Return the sentence when it is time, else a blank one; one query."""
        if self._over:
            return ""
        queued = self._jobs.filter(state=SearchJob.State.QUEUED, next_check_at__lte=timezone.now()).count()
        if queued != self._queued:
            self._queued, self._since = queued, time.monotonic()
        if not queued or time.monotonic() - self._since < self._seconds:
            return ""
        self._over = True
        return (
            f"{queued:,} search jobs wait and no worker seems to run; start 'celery -A {current_app.main} worker', "
            "or 'manage.py enrow_sweep --every 2'."
        )
