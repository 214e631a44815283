"""Write one planned batch: reserve its credits, then its searches; a constant number of statements."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import DatabaseError
from django.utils import timezone

from enrow_webhooks.client.scrub import log_failure
from enrow_webhooks.client.values import Kind
from leads import home, sql
from leads.conf import lead_settings
from leads.credits import budget
from leads.credits.budget import Balance
from leads.models import SearchJob
from leads.outbox import purchases
from leads.outbox.batches import Batch, Order, Queued, Unpaid, Wanted
from leads.outbox.purchases import Known
from leads.skips import Reason

logger = logging.getLogger(__name__)


def queue(batch: Batch, order: Order, *, run: uuid.UUID, balance: Balance | None) -> Queued:
    """Write a batch, as far as there are credits for it.

    Where another process planned the same person a moment earlier, the lead shares that purchase.
    """
    reserved = reserve(batch, order, run=run, balance=balance)
    try:
        return sql.transact(lambda: fill(reserved, again=order.force))
    except Exception:
        drop([reserved])
        raise


def reserve(batch: Batch, order: Order, *, run: uuid.UUID, balance: Balance | None) -> Reserved:
    """Write a job with the credits that it may cost, in a transaction of its own; ``fill`` gives it its searches."""
    job = SearchJob(
        run=run,
        kind=batch.kind,
        country_code=batch.country_code,
        overwrite=order.overwrite,
        requested_by=order.requested_by[:150],
    )
    return sql.transact(lambda: _reserve(job, batch, balance, order))


def drop(reserved: Sequence[Reserved]) -> None:
    """Take back jobs that got no searches; should this fail too, the sweep finds them empty and cancels them."""
    with contextlib.suppress(DatabaseError):
        SearchJob.objects.unsent().filter(pk__in=[one.job for one in reserved]).delete()


def fail(order: Order, *, run: uuid.UUID, reason: str) -> None:
    """Let a person see, where the jobs are, that these searches were asked for and are not there. Raises nothing."""
    now = timezone.now()
    ended = {"state": SearchJob.State.FAILED, "credits_cost": Decimal(0), "finished_at": now, "written_at": now}
    sentence = f"It could not be planned to its end ({reason}). Search these leads again."[:500]
    try:
        SearchJob.objects.bulk_create(
            SearchJob(run=run, kind=kind, requested_by=order.requested_by[:150], last_error=sentence, **ended)
            for kind in order.kinds
        )
    except DatabaseError as error:
        log_failure(logger, error, "That run %s failed could not be written down:", run)


class Reserved(NamedTuple):
    """A job without its searches: the purchases of its batch that are covered, and the others by fingerprint."""

    job: uuid.UUID
    batch: Batch
    wanted: list[Wanted]
    unpaid: dict[str, Unpaid]

    def __repr__(self) -> str:
        return "<Reserved>"


def fill(reserved: Reserved, *, again: bool) -> Queued:
    """Write the searches of a reserved job, and give it the size that they come to; the caller holds a transaction."""
    pk, batch, wanted, unpaid = reserved
    job = SearchJob.objects.queued().select_for_update().filter(pk=pk).first()
    if job is None:
        return Queued(job=None, unpaid=unpaid)  # cancelled at this very moment
    bought = purchases.buy(job, batch.model, wanted, again=again) if wanted else set()
    late = [row for position, row in enumerate(wanted) if position not in bought]
    sharing = [*batch.shares, *batch.reuses, *late]
    shared = purchases.share(job, batch.model, sharing) if sharing else []
    outcomes = Counter(row.outcome for row in shared)
    reused = outcomes[Known.FOUND] + outcomes[Known.NOT_FOUND]
    is_kept = _size(job, bought=len(bought), reused=reused)
    served = {row.crm_id for row in shared}
    return Queued(
        job=job if is_kept else None,
        joined=frozenset(row.job_id for row in shared if row.job_id != job.pk),
        late=len(late),
        shared=outcomes[Known.PENDING],
        reused=reused,
        missed=outcomes[Known.NOT_FOUND],
        unserved=[row for row in sharing if row.crm_id not in served],
        unpaid=unpaid,
    )


def _reserve(job: SearchJob, batch: Batch, balance: Balance | None, order: Order) -> Reserved:
    """Write the job's row with the credits that it may cost.

    In a short transaction of its own, so that planners wait for each other only here. With the first job it writes
    where these rows are at home, so that no copy has a job without that. The job is not due before its
    searches are there; should this process die in between, the sweep finds it empty and cancels it.
    """
    wanted = list(batch.purchases.values())
    price = lead_settings.price(batch.kind)
    job.next_check_at = timezone.now() + lead_settings.sending_lease
    budget.lock()
    home.settle()
    allowed = budget.allowance(balance, **order.caps)
    covered = allowed.covers(price, len(wanted))
    job.requested, job.credits_reserved = covered, price * covered
    job.save(force_insert=True)
    reason = allowed.refuses(price * (covered + 1)) or Reason.OVER_BALANCE
    unpaid = {row.fingerprint: Unpaid(row, reason) for row in wanted[covered:]}
    return Reserved(job.pk, batch, wanted[:covered], unpaid)


def _size(job: SearchJob, *, bought: int, reused: int) -> bool:
    """Give the job its final size; one that buys nothing ends here, one that holds nothing goes.

    Return whether it stays.
    """
    if not (bought or reused):
        job.delete()
        return False
    job.requested = bought
    job.credits_reserved = lead_settings.price(Kind(job.kind)) * bought
    job.next_check_at = timezone.now()
    if not bought:
        job.state, job.credits_cost = SearchJob.State.FINISHED, Decimal(0)
        job.finished_at = timezone.now()
    job.save()
    return True
