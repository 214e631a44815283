"""The public face: enrich a queryset, estimate what it would cost, watch a run. Here "write" meets "wake".

    run = enrich(people, find={"email"}, max_credits=500)
    run.wait(timeout=60)

``people`` is a queryset of leads. Inside a transaction of the caller nothing is queued before its commit: see enrich().
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.db.transaction import TransactionManagementError

from enrow_webhooks.client.scrub import describe, log_failure
from enrow_webhooks.client.values import Kind
from enrow_webhooks.transactions import is_open
from enrow_webhooks.wake import celery_is_set_up, wake
from leads import arguments, sql
from leads.credits import budget
from leads.credits.consent import Bill
from leads.kinds import JUDGING, WORDS
from leads.models import SearchJob
from leads.models.jobs import aggregates
from leads.outbox.batches import Order
from leads.outbox.enqueueing import fail, queue
from leads.outbox.planning import plan
from leads.outbox.tally import Tally
from leads.skips import Reason, Skip
from leads.tasks import submit_jobs
from leads.upkeep import polling
from leads.upkeep.sweep import sweep

logger = logging.getLogger(__name__)

__all__ = ["Estimate", "Progress", "Reason", "Run", "Skip", "Tally", "enrich", "estimate", "kinds_of", "sweep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What enrich() would do, with nothing written and nothing sent."""

    tally: Tally
    # POSTs to Enrow.
    posts: int
    # Credits of the account; None when Enrow did not say.
    balance: Decimal | None

    @property
    def bill(self) -> Bill:
        """The worst case beside the balance."""
        return Bill(worst_case=self.tally.worst_case, balance=self.balance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is. Leads count once per kind: asked = searched + shared + reused + skipped."""

    # Leads that this run pays for; of these, those whose search has ended; of these, those that were found.
    searched: int
    done: int
    found: int
    # The other leads: they get a result that is bought anyway, one that was bought lately, or none.
    shared: int
    reused: int
    skipped: int
    # Jobs that still work, for this run or for one that it shares a search of, and of them those that wait for a person
    # or for credits.
    jobs_open: int
    jobs_stuck: int
    # Credits that are settled, and the worst case of what is not.
    spent: Decimal
    reserved: Decimal
    # Leads that their table refused: each has its reason in its search, and the other leads are written.
    refused: int = 0
    # Whether the jobs are there; see Run.
    is_planned: bool = True

    @property
    def asked(self) -> int:
        """Leads that this run was asked for."""
        return self.searched + self.shared + self.reused + self.skipped

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself in a short while."""
        return self.is_planned and self.jobs_open == self.jobs_stuck


@dataclass(slots=True, kw_only=True)
class Run:
    """The search jobs of one call of enrich()."""

    id: uuid.UUID
    # What was queued; before the caller's commit, the estimate of it.
    tally: Tally
    # Jobs of earlier runs that bring results for some of these leads.
    joined: set[uuid.UUID] = field(default_factory=set)
    # Leads whose result had been bought before and was written at once.
    reused: int = 0
    # False until the commit of the transaction in which enrich() was called, and for ever when it is rolled back.
    is_planned: bool = True

    def jobs(self) -> QuerySet[SearchJob]:
        """Every job that brings results for this run."""
        return SearchJob.objects.filter(Q(run=self.id) | Q(pk__in=self.joined) | Q(part_of__in=self.joined))

    def progress(self) -> Progress:
        """Look at the rows; one query."""
        own = Q(run=self.id)
        ended = Q(state__in=SearchJob.ENDED, written_at__isnull=False)
        stuck = Q(state__in=[SearchJob.State.HELD, SearchJob.State.UNCONFIRMED]) | SearchJob.UNWRITABLE
        sums = self.jobs().aggregate(
            **aggregates(own),
            done=Sum("requested", filter=own & ended, default=0),
            found_of_done=Sum("found", filter=own & ended, default=0),
            all_refused=Sum("refused", default=0),
            still_open=Count("pk", filter=~ended),
            stuck=Count("pk", filter=stuck),
        )
        counts, searched = self.tally.counts(), sums["sum_searched"]
        return Progress(
            searched=searched,
            done=sums["done"],
            found=sums["found_of_done"],
            shared=counts.shared,
            reused=counts.reused,
            # Who could not be sent any more, when it came to that, is not bought either.
            skipped=counts.skipped + max(0, counts.searched - searched),
            jobs_open=sums["still_open"],
            jobs_stuck=sums["stuck"],
            spent=sums["sum_spent"],
            reserved=sums["sum_reserved"],
            refused=sums["all_refused"],
            is_planned=self.is_planned,
        )

    def wait(
        self, *, timeout: float | None = None, pause: float = 0.5, watch: Callable[[Progress], None] | None = None
    ) -> bool:
        """Wait until the run is over, at most ``timeout`` seconds; return whether it is.

        In a project without Celery workers this process does the work meanwhile. Raises TransactionManagementError
        inside a transaction, and for a run that was never planned.
        """
        self._must_be_planned()
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            if not celery_is_set_up():
                sweep()
            progress = self.progress()
            if watch:
                watch(progress)
            if progress.is_over:
                return True
            if deadline is not None and time.monotonic() > deadline:
                return False
            time.sleep(pause)

    def _must_be_planned(self) -> None:
        if is_open(sql.alias()):
            raise TransactionManagementError(
                "run.wait() inside transaction.atomic() would wait for ever: searches are queued after the commit. "
                "Call it behind the block; under ATOMIC_REQUESTS, in another request or in a task."
            )
        if not self.is_planned:
            raise TransactionManagementError(
                "This run has no search jobs: the transaction in which enrich() was called was rolled back, or is "
                "still open. In a TestCase, call enrich() inside captureOnCommitCallbacks(execute=True)."
            )


def kinds_of(find: Collection[str], *, verify: bool = False) -> tuple[Kind, ...]:
    """Return the kinds that ``find`` and ``verify`` ask for.

    Raises TypeError when ``find`` is no set, and ValueError for a word in it that is not allowed.
    """
    words = arguments.words(find, allowed=WORDS)
    kinds = {*(WORDS[word] for word in words), *(JUDGING if verify else ())}
    if not kinds:
        choice = ", ".join(f'find={{"{word}"}}' for word in WORDS)
        raise ValueError(f"Nothing to do: give {choice} or verify=True.")
    return tuple(kind for kind in Kind if kind in kinds)


def estimate(
    queryset: QuerySet[Any],
    *,
    find: Collection[str] = (),
    verify: bool = False,
    max_credits: Decimal | float | None = None,
    overwrite: bool = False,
    force: bool = False,
) -> Estimate:
    """Tell what enrich() with the same arguments would do; writes and sends nothing.

    Raises TypeError and ValueError as enrich(). The balance is asked for, free of charge.
    """
    leads = arguments.leads(queryset)
    order = Order(kinds=kinds_of(find, verify=verify), overwrite=overwrite, force=force)
    cap = arguments.cap(max_credits)
    balance = budget.ask_balance()
    tally = Tally(max_credits=cap, allowance=budget.allowance(balance))
    posts = _foresee(leads, order, tally)
    return Estimate(tally=tally, posts=posts, balance=balance.credits if balance else None)


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
) -> Run:
    """Queue searches for every lead that needs one, and wake the workers. Returns once the rows are committed.

    Inside a transaction of the caller it returns its estimate, and queues right after the commit: the run's ``tally``
    is then replaced and ``is_planned`` becomes true. It never costs more than the estimate said, whatever leads the
    queryset brings by then. The estimate does not ask for the balance. A rollback leaves nothing; a failure after the
    commit is logged, and stands in a failed search job of the run.

    ``max_credits`` bounds the worst case of the run. ``overwrite`` also searches leads that have a value, and replaces
    it unless a person edits it meanwhile. ``force`` buys again what was bought lately.

    Raises TypeError for an argument of another type (leads that are no queryset, or one after ``values()``; a word
    instead of a set of words; credits that are no number), and ValueError for one that says nothing useful (another
    model's queryset, an unknown word, credits below zero). Nothing is asked, written or sent then.
    """
    leads = arguments.leads(queryset)
    order = Order(kinds=kinds_of(find, verify=verify), overwrite=overwrite, force=force, requested_by=requested_by)
    cap = arguments.cap(max_credits)
    run = Run(id=uuid.uuid4(), tally=Tally(max_credits=cap))
    if is_open(sql.alias()):
        run.is_planned = False
        run.tally.allowance = budget.allowance(None)
        _foresee(leads, order, run.tally)
        transaction.on_commit(partial(_plan_after_commit, run, leads, order), using=sql.alias())
    else:
        _plan(run, leads, order)
    return run


def _plan(run: Run, leads: QuerySet[Any], order: Order) -> None:
    balance = budget.ask_balance()
    run.tally.allowance = budget.allowance(balance)
    for batch in plan(leads, order, run.tally):
        queued = queue(batch, order, run=run.id, balance=balance)
        run.tally.settle(batch.kind, queued)
        run.joined |= queued.joined
        run.reused += queued.reused
        if queued.job and queued.reused:
            polling.write(queued.job.pk, is_asked=True)
        # At once, but for the tests of a project, whose transaction no worker looks into.
        transaction.on_commit(partial(wake, submit_jobs), using=sql.alias())


def _plan_after_commit(run: Run, leads: QuerySet[Any], order: Order) -> None:
    """Plan at most what the estimate said. What the caller did is committed, so that no failure reaches them."""
    run.tally, run.is_planned = Tally(max_credits=run.tally.worst_case), True
    try:
        _plan(run, leads, order)
    except Exception as error:  # noqa: BLE001 - it would look as if the caller's own work had failed
        log_failure(logger, error, "Run %s could not be planned after the commit:", run.id)
        fail(order, run=run.id, reason=describe(error))
