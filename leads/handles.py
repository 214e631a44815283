"""A run in the hands of who asked for it: watch it, wait for it, pause, resume or cancel it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from enrow_webhooks.transactions import is_open
from enrow_webhooks.wake import has_workers, wake
from leads import sql
from leads.models import EnrichmentRun, SearchJob
from leads.outbox.tally import Tally
from leads.runs import controlling, following
from leads.runs.controlling import jobs_of
from leads.runs.following import Progress
from leads.tasks import plan_runs, submit_jobs
from leads.upkeep.sweep import sweep

State = EnrichmentRun.State


@dataclass(slots=True, kw_only=True)
class Run:
    """One call of enrich() or enrich_later(): a row (``leads.models.EnrichmentRun``) and its search jobs."""

    id: uuid.UUID
    # What was queued; before the caller's commit, the estimate of it. Of a run that workers plan: see progress().
    tally: Tally
    # Jobs of earlier runs that bring results for some of these leads.
    joined: set[uuid.UUID] = field(default_factory=set)
    # Leads whose result had been bought before and was written at once.
    reused: int = 0
    # False until the commit of the transaction in which enrich() was called, and for ever when it is rolled back; false
    # while workers plan it.
    is_planned: bool = True

    @classmethod
    def get(cls, pk: uuid.UUID) -> Run:
        """Return a run by its id. Raises EnrichmentRun.DoesNotExist."""
        row = EnrichmentRun.objects.get(pk=pk)
        return cls(
            id=row.pk,
            tally=Tally.from_json(row.tally, worst_case=row.worst_case, max_credits=row.max_credits),
            joined=set(map(uuid.UUID, row.joined)),
            is_planned=row.planned_at is not None,
        )

    def jobs(self) -> QuerySet[SearchJob]:
        """Every job that brings results for this run."""
        return jobs_of(self._row())

    def progress(self) -> Progress:
        """Look at the rows; two queries, however large the run is."""
        return following.progress(self._row())

    def _row(self) -> EnrichmentRun:
        """Return the row; of a run that was pruned or rolled back, what is known here."""
        row = EnrichmentRun.objects.filter(pk=self.id).first()
        if row is None:
            planned_at = timezone.now() if self.is_planned else None
            row = EnrichmentRun(
                pk=self.id, state=State.RUNNING, planned_at=planned_at, tally=self.tally.as_json(),
                worst_case=self.tally.worst_case, joined=list(map(str, self.joined)),
            )  # fmt: skip
        return row

    def pause(self, *, by: str) -> bool:
        """Send nothing more, and let workers plan nothing; what is sent comes home. Return whether it could be done."""
        return controlling.pause(self.id, by=by)

    def resume(self, *, by: str) -> bool:
        """Go on after a pause; return whether it was paused."""
        is_resumed = controlling.resume(self.id, by=by)
        if is_resumed:
            wake(plan_runs)
            wake(submit_jobs)
        return is_resumed

    def cancel(self, *, by: str) -> bool:
        """End it: nothing is bought for what is not sent, and what is sent comes home. Return whether it could be."""
        return controlling.cancel(self.id, by=by)

    def wait(
        self, *, timeout: float | None = None, pause: float = 0.5, watch: Callable[[Progress], None] | None = None
    ) -> bool:
        """Wait until the run is over, at most ``timeout`` seconds; return whether it is.

        In a project without Celery workers this process does the work meanwhile. Raises TransactionManagementError
        inside a transaction, and for a run that was never planned.
        """
        self._must_be_there()
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            if not has_workers():
                sweep()
            progress = self.progress()
            if watch:
                watch(progress)
            if progress.is_over:
                return True
            if deadline is not None and time.monotonic() > deadline:
                return False
            time.sleep(pause)

    def _must_be_there(self) -> None:
        if is_open(sql.alias()):
            raise TransactionManagementError(
                "run.wait() inside transaction.atomic() would wait for ever: searches are queued after the commit. "
                "Call it behind the block; under ATOMIC_REQUESTS, in another request or in a task."
            )
        if not self.is_planned and not EnrichmentRun.objects.filter(pk=self.id, selected__isnull=False).exists():
            raise TransactionManagementError(
                "This run has no search jobs: the transaction in which enrich() was called was rolled back, or is "
                "still open. In a TestCase, call enrich() inside captureOnCommitCallbacks(execute=True)."
            )
