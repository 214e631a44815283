"""The public face: enrich a queryset, estimate what it would cost, watch a run. Here "write" meets "wake".

    run = enrich(people, find={"email"}, max_credits=500)
    run.wait(timeout=60)

``people`` is a queryset of leads. Inside a transaction of the caller nothing is queued before its commit: see enrich().
Where there are too many to be planned while a person waits: enrich_later().
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Case, QuerySet, Value, When
from django.utils import timezone

from enrow_webhooks.client.scrub import describe, log_failure
from enrow_webhooks.transactions import is_open
from enrow_webhooks.wake import wake
from leads import arguments, sql
from leads.arguments import kinds_of
from leads.batched import enrich_batched
from leads.credits import budget
from leads.credits.budget import Trouble
from leads.credits.consent import Bill
from leads.handles import Run
from leads.mapping import registry
from leads.models import EnrichmentRun
from leads.models.runs import MOST_CREDITS
from leads.outbox.batches import Order
from leads.outbox.enqueueing import fail, queue
from leads.outbox.planning import plan
from leads.outbox.tally import Tally
from leads.runs import selecting
from leads.runs.following import Progress
from leads.runs.planning import LEASE, write_reused
from leads.skips import Reason, Skip
from leads.tasks import plan_runs, submit_jobs
from leads.upkeep.sweep import sweep

logger = logging.getLogger(__name__)

__all__ = [
    "Estimate",
    "Progress",
    "Reason",
    "Run",
    "Skip",
    "Tally",
    "Via",
    "enrich",
    "enrich_batched",
    "enrich_later",
    "estimate",
    "kinds_of",
    "sweep",
]

State, Via = EnrichmentRun.State, EnrichmentRun.Via


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Estimate:
    """What enrich() would do, with nothing written and nothing sent."""

    tally: Tally
    # POSTs to Enrow.
    posts: int
    # Credits of the account; None when Enrow did not say.
    balance: Decimal | None
    # Why nothing could be sent at this moment; false when it can.
    trouble: Trouble = Trouble.NONE

    @property
    def bill(self) -> Bill:
        """The worst case beside the balance."""
        return Bill(worst_case=self.tally.worst_case, balance=self.balance)


def estimate(
    queryset: QuerySet[Any],
    *,
    find: Collection[str] = (),
    verify: bool = False,
    max_credits: Decimal | float | None = None,
    overwrite: bool = False,
    force: bool = False,
    requested_by: str = "",
    via: str = "code",
) -> Estimate:
    """Tell what enrich() with the same arguments would do; writes and sends nothing.

    Raises TypeError and ValueError as enrich(). The balance is asked for, free of charge.
    """
    leads = arguments.leads(queryset)
    order = _order(find, verify=verify, overwrite=overwrite, force=force, requested_by=requested_by, via=via)
    cap = arguments.cap(max_credits)
    balance, trouble = budget.look()
    tally = Tally(max_credits=cap, allowance=budget.allowance(balance, **order.caps))
    posts = _foresee(leads, order, tally)
    return Estimate(tally=tally, posts=posts, balance=balance.credits if balance else None, trouble=trouble)


def _foresee(leads: QuerySet[Any], order: Order, tally: Tally) -> int:
    """Count in the tally what planning would come to; return the number of POSTs."""
    posts = 0
    for batch in plan(leads, order, tally):
        posts += bool(batch.purchases)
        tally.shared[batch.kind] += len(batch.shares)
        tally.reused[batch.kind] += len(batch.reuses)
        tally.missed[batch.kind] += batch.missed
    return posts


def enrich(
    queryset: QuerySet[Any],
    *,
    find: Collection[str] = (),
    verify: bool = False,
    max_credits: Decimal | float | None = None,
    overwrite: bool = False,
    force: bool = False,
    requested_by: str = "",
    via: str = "code",
) -> Run:
    """Queue searches for every lead that needs one, and wake the workers. Returns once the rows are committed.

    Inside a transaction of the caller it returns its estimate, and queues right after the commit: the run's ``tally``
    is then replaced and ``is_planned`` becomes true. It never costs more than the estimate said, whatever leads the
    queryset brings by then, and does not ask for the balance. A rollback leaves nothing; a failure stands in the run.

    ``max_credits`` bounds the worst case of the run. ``overwrite`` also searches leads that have a value, and replaces
    it unless a person edits it meanwhile. ``force`` buys again what was bought lately. ``requested_by`` and ``via``,
    one of EnrichmentRun.Via, are kept for the history.

    Raises TypeError for an argument of another type (leads that are no queryset, or one after ``values()``; a word
    instead of a set of words; credits that are no number), and ValueError for one that says nothing useful (another
    model's queryset, an unknown word, credits below zero). Nothing is asked, written or sent then.
    """
    leads, cap = arguments.leads(queryset), arguments.cap(max_credits)
    order = _order(find, verify=verify, overwrite=overwrite, force=force, requested_by=requested_by, via=via)
    row = _row_of(leads, order, cap)
    run = Run(id=row.pk, tally=Tally(max_credits=cap))
    if is_open(sql.alias()):
        run.is_planned = False
        run.tally.allowance = budget.allowance(None, **order.caps)
        _foresee(leads, order, run.tally)
        # Not before: what we write would break the caller's own transaction under SERIALIZABLE.
        transaction.on_commit(partial(_plan_after_commit, run, row, leads, order), using=sql.alias())
    else:
        row.save(force_insert=True)
        _plan_or_say_why(run, leads, order)
    return run


def enrich_later(
    queryset: QuerySet[Any],
    *,
    max_credits: Decimal | float | None,
    find: Collection[str] = (),
    verify: bool = False,
    overwrite: bool = False,
    force: bool = False,
    requested_by: str = "",
    via: str = "code",
) -> Run:
    """Store which leads these are by now, and let workers plan and send, page by page; returns at once.

    For more leads than a person waits for: a million are stored in seconds. Who is searched, and what is skipped, is
    decided when a page is planned. The run may be watched, paused and cancelled meanwhile. Part of a transaction of the
    caller: a rollback leaves nothing. ``max_credits`` must be said; None is no cap of its own.

    Raises TypeError and ValueError as enrich().
    """
    leads = arguments.leads(queryset)
    order = _order(find, verify=verify, overwrite=overwrite, force=force, requested_by=requested_by, via=via)
    row, mapping = _row_of(leads, order, arguments.cap(max_credits)), registry.mapped(leads.model)
    sql.transact(partial(selecting.store_run, row, mapping, leads))
    transaction.on_commit(partial(wake, plan_runs), using=sql.alias())
    return Run(id=row.pk, tally=Tally(max_credits=row.max_credits), is_planned=False)


def _order(find: Collection[str], *, verify: bool, via: str, **asked: Any) -> Order:  # noqa: ANN401 - the fields of Order
    return Order(kinds=kinds_of(find, verify=verify), via=Via(via), **asked)


def _row_of(leads: QuerySet[Any], order: Order, cap: Decimal | None) -> EnrichmentRun:
    return EnrichmentRun(
        model=registry.mapped(leads.model).label,
        kinds=",".join(order.kinds),
        overwrite=order.overwrite,
        force=order.force,
        max_credits=None if cap is None else min(cap, MOST_CREDITS),
        requested_by=order.requested_by[:150],
        via=order.via,
        next_plan_at=timezone.now() + LEASE,
    )


def _plan(run: Run, leads: QuerySet[Any], order: Order) -> None:
    balance = budget.ask_balance()
    run.tally.allowance = budget.allowance(balance, **order.caps)
    for number, batch in enumerate(plan(leads, order, run.tally)):
        # The first is noted with the end: most runs have one.
        if number and not _note(run, next_plan_at=timezone.now() + LEASE):
            break  # cancelled; a pause does not stop planning, because nobody else knows these leads
        queued = queue(batch, order, run=run.id, balance=balance)
        run.tally.settle(batch.kind, queued)
        run.joined |= queued.joined
        run.reused += queued.reused
        write_reused([queued])
        # At once, but for the tests of a project, whose transaction no worker looks into.
        transaction.on_commit(partial(wake, submit_jobs), using=sql.alias())


def _plan_or_say_why(run: Run, leads: QuerySet[Any], order: Order) -> None:
    note = ""
    try:
        _plan(run, leads, order)
    except BaseException as error:
        note = f"It could not be planned to its end ({describe(error)}). Search these leads again."[:300]
        raise
    finally:
        with contextlib.suppress(DatabaseError):
            now, is_paused = timezone.now(), When(state=State.PAUSED, then=Value(State.PAUSED))
            state = Case(is_paused, default=Value(State.RUNNING))
            _note(run, state=state, planned_at=now, next_plan_at=now, **({"note": note} if note else {}))


def _note(run: Run, **changes: object) -> bool:
    """Write down what a run came to so far; return whether it goes on: it was not cancelled meanwhile."""
    row = EnrichmentRun.objects.filter(pk=run.id)
    came_to = {
        "tally": run.tally.as_json(),
        "worst_case": run.tally.worst_case,
        "joined": sorted(map(str, run.joined)),
    }
    goes_on = bool(row.exclude(state__in=EnrichmentRun.ENDED).update(**came_to, **changes))
    if not goes_on:
        row.update(**came_to, planned_at=timezone.now())
    return goes_on


def _plan_after_commit(run: Run, row: EnrichmentRun, leads: QuerySet[Any], order: Order) -> None:
    """Plan at most what the estimate said. What the caller did is committed, so that no failure reaches them."""
    run.tally, run.is_planned = Tally(max_credits=run.tally.worst_case), True
    try:
        row.save(force_insert=True)
        _plan_or_say_why(run, leads, order)
    except Exception as error:  # noqa: BLE001 - it would look as if the caller's own work had failed
        log_failure(logger, error, "Run %s could not be planned after the commit:", run.id)
        fail(order, run=run.id, reason=describe(error))
