"""The public face: enrich a queryset, estimate what it would cost, watch a run. Here "write" meets "wake".

    run = enrich(people, find={"email"}, max_credits=500)
    run.wait(timeout=60)

``people`` is a queryset of leads.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum

from enrow_webhooks.client.values import Kind
from enrow_webhooks.wake import celery_is_set_up, wake
from leads import sql
from leads.credits import budget
from leads.credits.consent import Bill
from leads.kinds import JUDGING, WORDS
from leads.models import AbstractLead, SearchJob
from leads.models.jobs import aggregates
from leads.outbox.batches import Order
from leads.outbox.enqueueing import queue
from leads.outbox.planning import plan
from leads.outbox.tally import Tally
from leads.results import writeback
from leads.skips import Reason, Skip
from leads.tasks import submit_jobs
from leads.upkeep.sweep import sweep

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

    @property
    def asked(self) -> int:
        """Leads that this run was asked for."""
        return self.searched + self.shared + self.reused + self.skipped

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself in a short while."""
        return self.jobs_open == self.jobs_stuck


@dataclass(slots=True, kw_only=True)
class Run:
    """The search jobs of one call of enrich()."""

    id: uuid.UUID
    tally: Tally
    # Jobs of earlier runs that bring results for some of these leads.
    joined: set[uuid.UUID] = field(default_factory=set)
    # Leads whose result had been bought before and was written at once.
    reused: int = 0

    def jobs(self) -> QuerySet[SearchJob]:
        """Every job that brings results for this run."""
        return SearchJob.objects.filter(Q(run=self.id) | Q(pk__in=self.joined))

    def progress(self) -> Progress:
        """Look at the rows; one query."""
        own = Q(run=self.id)
        ended = Q(state__in=SearchJob.ENDED, written_at__isnull=False)
        stuck = Q(state__in=[SearchJob.State.HELD, SearchJob.State.UNCONFIRMED])
        sums = self.jobs().aggregate(
            **aggregates(own),
            done=Sum("requested", filter=own & ended, default=0),
            found_of_done=Sum("found", filter=own & ended, default=0),
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
        )

    def wait(
        self, *, timeout: float | None = None, pause: float = 0.5, watch: Callable[[Progress], None] | None = None
    ) -> bool:
        """Wait until the run is over, at most ``timeout`` seconds; return whether it is.

        In a project without Celery workers this process does the work meanwhile.
        """
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


def kinds_of(find: Collection[str], *, verify: bool = False) -> tuple[Kind, ...]:
    """Return the kinds that ``find`` and ``verify`` ask for. Raises ValueError with the words that are allowed."""
    unknown = set(find) - set(WORDS)
    if unknown or isinstance(find, str):
        raise ValueError(f"find takes a set of {sorted(WORDS)}, not {find!r}.")
    kinds = {*(WORDS[word] for word in find), *(JUDGING if verify else ())}
    if not kinds:
        words = ", ".join(f'find={{"{word}"}}' for word in WORDS)
        raise ValueError(f"Nothing to do: give {words} or verify=True.")
    return tuple(kind for kind in Kind if kind in kinds)


def estimate(
    queryset: QuerySet[AbstractLead],
    *,
    find: Collection[str] = (),
    verify: bool = False,
    max_credits: Decimal | float | None = None,
    overwrite: bool = False,
    force: bool = False,
) -> Estimate:
    """Tell what enrich() with the same arguments would do; writes and sends nothing.

    Raises ValueError for a wrong argument. The balance is asked for, free of charge.
    """
    order = Order(kinds=kinds_of(find, verify=verify), overwrite=overwrite, force=force)
    balance = budget.ask_balance()
    tally = Tally(max_credits=_cap(max_credits), allowance=budget.allowance(balance))
    posts = 0
    for batch in plan(queryset, order, tally):
        posts += bool(batch.purchases)
        tally.shared[batch.kind] += len(batch.shares)
        tally.reused[batch.kind] += len(batch.reuses)
        tally.missed[batch.kind] += batch.missed
    return Estimate(tally=tally, posts=posts, balance=balance.credits if balance else None)


def enrich(
    queryset: QuerySet[AbstractLead],
    *,
    find: Collection[str] = (),
    verify: bool = False,
    max_credits: Decimal | float | None = None,
    overwrite: bool = False,
    force: bool = False,
    requested_by: str = "",
) -> Run:
    """Queue searches for every lead that needs one, and wake the workers. Returns once the rows are committed.

    ``max_credits`` bounds the worst case of the run. ``overwrite`` also searches leads that have a value, and replaces
    it unless a person edits it meanwhile. ``force`` buys again what was bought lately. Raises ValueError for a wrong
    argument.
    """
    order = Order(kinds=kinds_of(find, verify=verify), overwrite=overwrite, force=force, requested_by=requested_by)
    balance = budget.ask_balance()
    run = Run(id=uuid.uuid4(), tally=Tally(max_credits=_cap(max_credits), allowance=budget.allowance(balance)))
    for batch in plan(queryset, order, run.tally):
        queued = queue(batch, order, run=run.id, balance=balance)
        run.tally.settle(batch.kind, queued)
        run.joined |= queued.joined
        run.reused += queued.reused
        if queued.job and queued.reused:
            writeback.write(queued.job.pk)
        # After the commit, should the caller be inside a transaction of its own.
        transaction.on_commit(partial(wake, submit_jobs), using=sql.alias())
    return run


def _cap(max_credits: Decimal | float | None) -> Decimal | None:
    cap = None if max_credits is None else Decimal(str(max_credits))
    if cap is not None and not (cap.is_finite() and cap >= 0):
        raise ValueError(f"max_credits must be zero or more, not {max_credits}.")
    return cap
