"""Plan the stored leads of a run, page by page: each page's searches and the place in the run are one commit.

So a worker that dies at any moment leaves whole pages; what it reserved for the next one is taken back later.
"""

from __future__ import annotations

import copy
import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Sequence
from functools import partial

from django.db.models import Exists, OuterRef
from django.utils import timezone

from enrow_webhooks.client.scrub import describe, log_failure
from leads import sql
from leads.conf import lead_settings
from leads.credits import budget
from leads.lookups import among
from leads.mapping import registry
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from leads.models.runs import EnrichmentRunQuerySet
from leads.outbox import enqueueing
from leads.outbox.batches import Batch, Order, Queued
from leads.outbox.planning import plan
from leads.outbox.tally import Tally
from leads.results import waiting
from leads.runs import selecting

logger = logging.getLogger(__name__)

State = EnrichmentRun.State
# Pages are planned in seconds; a worker that died keeps its run waiting for as long as this.
LEASE = dt.timedelta(minutes=1)
# Full batches of a kind in a page: few leads are left over for a POST that is not full.
_BATCHES = 4


class _Lost(Exception):  # noqa: N818 - it is an answer, no error
    """The run was paused, cancelled, or taken by another worker."""


def plan_next() -> bool:
    """Plan one page of the run that has waited longest; return False when there is none."""
    to_plan = list(EnrichmentRun.objects.to_plan().values_list("pk", flat=True)[:20])
    return any(map(plan_page, to_plan))


def plan_page(pk: uuid.UUID) -> bool:
    """Plan a page of this run; return False where another worker has it."""
    if not EnrichmentRun.objects.claim(pk, lease=LEASE):
        return False
    run = EnrichmentRun.objects.get(pk=pk)
    try:
        if run.attempts > 1:
            _take_back(run)
        _commit_page(run)
    except _Lost:
        logger.info("Run %s is planned by another worker, or was paused or cancelled.", pk)
    except Exception as error:  # noqa: BLE001 - a project's own code and database may raise anything
        # The lease lets it be tried again; it may be well by then.
        log_failure(logger, error, "A page of run %s could not be planned; it is tried again:", pk)
        _mine(run).update(note=f"Planning failed, and is tried again: {describe(error)}"[:300])
    return True


def _take_back(run: EnrichmentRun) -> None:
    """Delete what a worker that died had reserved: jobs without a search, which would count against every cap."""
    empty = SearchJob.objects.unsent().filter(~Exists(LeadSearch.objects.filter(job=OuterRef("pk"))), run=run.pk)
    empty.delete()


def _mine(run: EnrichmentRun) -> EnrichmentRunQuerySet:
    # With the place, because attempts begin anew with each page, and when somebody resumes the run.
    return EnrichmentRun.objects.filter(pk=run.pk, state=State.PLANNING, attempts=run.attempts, place=run.place)


def _commit_page(run: EnrichmentRun) -> None:
    mapping = registry.labelled(run.model)
    if mapping is None:
        raise LookupError(f"{run.model} is not mapped any more.")
    order = order_of(run)
    size = _BATCHES * max(map(lead_settings.batch_size, order.kinds))
    rows = selecting.page(run.pk, run.place, size)
    keys = selecting.keys_of(mapping.model._meta.pk, [key for _, key in rows])
    balance = budget.ask_balance()
    tally = Tally(max_credits=run.credits_left, allowance=budget.allowance(balance, **order.caps))
    leads = mapping.rows().filter(among("pk", mapping.model._meta.pk, keys))
    batches = sorted(plan(leads, order, tally), key=_place) if rows else []
    reserved: list[enqueueing.Reserved] = []
    try:
        reserved.extend(enqueueing.reserve(batch, order, run=run.pk, balance=balance) for batch in batches)
        work = partial(_write, run, rows, size, reserved, tally, again=order.force)
        queued = sql.transact(work)
    except Exception:
        enqueueing.drop(reserved)
        raise
    write_reused(queued)


def _place(batch: Batch) -> tuple[str, str]:
    """One order for all planners, so that two who want the same people wait for each other instead of deadlocking."""
    return batch.kind, batch.country_code


def _write(
    run: EnrichmentRun,
    rows: Sequence[tuple[int, str]],
    size: int,
    reserved: Sequence[enqueueing.Reserved],
    planned: Tally,
    *,
    again: bool,
) -> list[Queued]:
    """Write the searches of a page and where the run is by now. Raises _Lost where it is not ours any more."""
    row = _mine(run).select_for_update().first()
    if row is None:
        raise _Lost
    tally = copy.deepcopy(planned)
    queued = [enqueueing.fill(one, again=again) for one in reserved]
    for one, done in zip(reserved, queued, strict=True):
        tally.settle(one.batch.kind, done)
    note_planned(row, tally, queued)
    row.planned += len(rows)
    row.place = rows[-1][0] if rows else row.place
    row.attempts, row.next_plan_at, row.note = 0, timezone.now(), ""
    if len(rows) < size:
        row.state, row.planned_at = State.RUNNING, timezone.now()
    row.save()
    return queued


def note_planned(row: EnrichmentRun, tally: Tally, queued: Iterable[Queued]) -> None:
    """Add to a run what was planned."""
    whole = Tally.from_json(row.tally, worst_case=row.worst_case)
    whole.add(tally)
    row.tally, row.worst_case = whole.as_json(), whole.worst_case
    row.joined = sorted({*row.joined, *(str(pk) for one in queued for pk in one.joined)})


def write_reused(queued: Iterable[Queued]) -> None:
    """Write results that had been bought before to their leads at once."""
    for one in queued:
        if one.job and one.reused:
            waiting.write(one.job.pk, is_asked=True)


def order_of(run: EnrichmentRun) -> Order:
    """Return what a run asks for."""
    return Order(
        kinds=run.asked_kinds, overwrite=run.overwrite, force=run.force, requested_by=run.requested_by, via=run.via
    )
