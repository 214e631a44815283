"""Pause, resume and cancel a run as a whole; what the sweep does about runs: hold, finish, prune."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Collection
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from leads import sql
from leads.conf import lead_settings
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from leads.models.jobs import SearchJobQuerySet
from leads.models.runs import EnrichmentRunQuerySet
from leads.results import applying
from leads.runs import selecting

logger = logging.getLogger(__name__)

State = EnrichmentRun.State
# When the sweep looks at a job that a person stopped: a resume brings it back long before.
_NEVER = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
_INTERRUPTED = (
    "The process that planned it ended in between. What was planned goes on; ask for the same leads again for the rest."
)
# Jobs that a person waits for while they are cancelled, and that one look of the sweep takes.
_AT_ONCE = 20
_MOST = 200
# Runs whose stored leads one look deletes, some of each.
_SELECTIONS = 5


def pause(pk: uuid.UUID, *, by: str) -> bool:
    """Send nothing more of a run; what is sent comes home. Return whether it was planning or running.

    Workers plan no more pages of it. A call of enrich() plans to its end: nobody else knows its leads.
    """

    def stop() -> bool:
        note = f"Paused by {by}."
        if not _move(pk, EnrichmentRun.ACTIVE, State.PAUSED, note=note):
            return False
        _hold(SearchJob.objects.filter(run=pk), note)
        return True

    return sql.transact(stop)


def resume(pk: uuid.UUID, *, by: str) -> bool:
    """Go on with a paused run; return whether it was paused. The caller wakes the workers."""

    def go_on() -> bool:
        now, note = timezone.now(), f"Resumed by {by}."
        planning = EnrichmentRun.objects.filter(planned_at=None)
        by_workers = planning.filter(has_selection=True)
        is_moved = (
            _move(pk, [State.PAUSED], State.PLANNING, among=by_workers, note=note, next_plan_at=now, attempts=0)
            or _move(pk, [State.PAUSED], State.PLANNING, among=planning, note=note)
            or _move(pk, [State.PAUSED], State.RUNNING, note=note)
        )
        if is_moved:
            # What was queued during the pause, and taken in vain by a worker, is due later.
            _with_searches(SearchJob.objects.filter(run=pk)).prepare_again()
            held = SearchJob.objects.filter(run=pk, state=SearchJob.State.HELD, next_check_at=_NEVER)
            held.update(state=SearchJob.State.QUEUED, next_check_at=now, last_error=note)
        return is_moved

    return sql.transact(go_on)


def cancel(pk: uuid.UUID, *, by: str) -> bool:
    """End a run: what is not sent is cancelled, and nothing is bought for it; what is sent comes home.

    Return whether it had not ended. Many jobs are cancelled by the next sweeps; nothing of them is sent meanwhile.
    """

    def end() -> bool:
        note, now = f"Cancelled by {by}.", timezone.now()
        if not _move(pk, [*EnrichmentRun.ACTIVE, State.PAUSED], State.CANCELLED, note=note, ended_at=now):
            return False
        _hold(SearchJob.objects.filter(run=pk), note)
        return True

    if not sql.transact(end):
        return False
    _cancel_jobs(SearchJob.objects.unsent().filter(run=pk), most=_AT_ONCE)
    return True


def _move(
    pk: uuid.UUID, states: Collection[str], to: str, *, among: EnrichmentRunQuerySet | None = None, **changes: object
) -> bool:
    runs = EnrichmentRun.objects.all() if among is None else among
    return bool(runs.filter(pk=pk, state__in=states).update(state=to, **changes))


def _hold(jobs: SearchJobQuerySet, note: str) -> int:
    """Hold jobs that were not sent; a worker that prepares one at this moment does not send it."""
    return _with_searches(jobs.unsent()).stop(until=_NEVER, note=note)


def _with_searches(jobs: SearchJobQuerySet) -> SearchJobQuerySet:
    """Return those that do not wait for their searches: whoever plans one expects it in the queue."""
    return jobs.filter(Exists(LeadSearch.objects.filter(job=OuterRef("pk"))))


def _cancel_jobs(jobs: SearchJobQuerySet, *, most: int) -> int:
    pks = list(jobs.order_by("created_at").values_list("pk", "last_error")[:most])
    return sum(applying.cancel(pk, note) for pk, note in pks)


def look_after() -> int:
    """Hold and cancel what stopped runs have left, end those whose jobs have ended, prune; return how many changed."""
    return _stop_jobs() + _end_interrupted() + _finish() + _prune()


def _stop_jobs() -> int:
    """Hold what came back to the queue since a run was paused; cancel what is left of cancelled ones."""
    runs = EnrichmentRun.objects.filter(pk=OuterRef("run"))
    paused = SearchJob.objects.queued().filter(Exists(runs.filter(state=State.PAUSED)))
    cancelled = SearchJob.objects.unsent().filter(Exists(runs.filter(state=State.CANCELLED)))
    return _hold(paused, "Its run is paused.") + _cancel_jobs(cancelled, most=_MOST)


def _end_interrupted() -> int:
    """Let a run go on that was planned at once, by a process that died: the leads that it had are not known."""
    lost = EnrichmentRun.objects.filter(state=State.PLANNING, has_selection=False, next_plan_at__lt=timezone.now())
    return lost.update(state=State.RUNNING, planned_at=timezone.now(), note=_INTERRUPTED)


def _finish() -> int:
    """End the runs whose jobs, and those that they joined, have ended and are written."""
    now = timezone.now()
    running = EnrichmentRun.objects.filter(state=State.RUNNING)
    runs = {run.pk: run for run in running.order_by("next_plan_at").only("pk", "joined")[:_MOST]}
    if not runs:
        return 0
    busy = set(_unended().filter(run__in=runs).values_list("run", flat=True))
    busy |= {pk for pk, run in runs.items() if run.joined and pk not in busy and _unended(jobs_of(run)).exists()}
    # Those that wait for a person must not keep the others from being looked at.
    running.filter(pk__in=busy).update(next_plan_at=now)
    return running.filter(pk__in=runs.keys() - busy).update(state=State.FINISHED, ended_at=now)


def jobs_of(run: EnrichmentRun) -> SearchJobQuerySet:
    """Return every job that brings results for a run."""
    return SearchJob.objects.filter(Q(run=run.pk) | Q(pk__in=run.joined) | Q(part_of__in=run.joined))


def may_still_cost(runs: EnrichmentRunQuerySet) -> Decimal:
    """Return what those of the runs may cost whose leads are not all planned, beside their jobs."""
    open_runs = runs.filter(state__in=[State.PLANNING, State.PAUSED], planned_at=None)
    return sum(map(_may_still_cost, open_runs), Decimal(0))


def _may_still_cost(run: EnrichmentRun) -> Decimal:
    each = sum(map(lead_settings.price, run.asked_kinds), Decimal(0))
    return min(each * ((run.selected or 0) - run.planned), run.credits_left or Decimal(0))


def _unended(jobs: SearchJobQuerySet | None = None) -> SearchJobQuerySet:
    """Return jobs that have not ended, or whose results are not written yet."""
    among = SearchJob.objects.all() if jobs is None else jobs
    return among.exclude(state__in=SearchJob.ENDED, written_at__isnull=False)


def _prune() -> int:
    """Delete stored leads that no run needs any more, and old runs; the search jobs, and so all sums, stay."""
    is_over = Q(planned_at__isnull=False) | Q(ended_at__isnull=False)
    selections = EnrichmentRun.objects.filter(is_over, has_selection=True)
    for pk in list(selections.values_list("pk", flat=True)[:_SELECTIONS]):
        if selecting.forget(pk):
            selections.filter(pk=pk).update(has_selection=False)
    if lead_settings.run_days is None:
        return 0
    old = EnrichmentRun.objects.filter(ended_at__lt=timezone.now() - lead_settings.run_days, has_selection=False)
    pks = list(old.order_by("ended_at").values_list("pk", flat=True)[:_MOST])
    return EnrichmentRun.objects.filter(pk__in=pks).delete()[0] if pks else 0
