"""Results into rows: searches and leads in one transaction, each row written once; harmless to repeat.

When the leads refuse (a trigger or a constraint of the host, at the commit even), nothing of it stands, and it is done
again in two transactions: what was paid for is then kept by the first, and the sweep repeats the second.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from django.db import DatabaseError, transaction
from django.utils import timezone

from enrow_webhooks.client.values import Answer, Kind, Result, SearchStatus
from leads import sql
from leads.kinds import KINDS
from leads.models import LeadSearch, SearchJob
from leads.results import writeback
from leads.results.matching import Match, Sent, Settled, match
from leads.results.writeback import Fresh

_NO_RESULT = "Enrow finished without a result for this lead."
_BATCH_FAILED = "Enrow says that this batch failed; nothing was billed. Search again."

Outcome = LeadSearch.Outcome
# A search that was given up takes a late result: it is paid for.
_OPEN_OUTCOMES = frozenset({Outcome.PENDING, Outcome.ERROR})


def apply(pk: uuid.UUID, answer: Answer, *, via: SearchJob.Via, enrow_id: str = "") -> bool:
    """Write an answer that is final to the searches and leads of a job; return whether it was news.

    Raises DatabaseError when the leads refuse it; the job has ended then, and its results are kept.
    """
    return _in_one_or_two(pk, lambda to_leads: settle(pk, answer, via=via, enrow_id=enrow_id, to_leads=to_leads))


def end_without_result(
    pk: uuid.UUID, state: SearchJob.State, reason: str, *, among: Sequence[str] = SearchJob.OPEN
) -> bool:
    """End a job that brings nothing (refused, expired, cancelled); its searches carry the reason.

    Return False, and change nothing, when the job is in none of the states ``among``. Raises DatabaseError as apply().
    """
    return _in_one_or_two(pk, lambda to_leads: _close(pk, state, reason, among, to_leads=to_leads))


def cancel(pk: uuid.UUID, reason: str) -> bool:
    """Cancel a job that was not sent, so that nothing is bought; return False when it was, or has ended."""
    return end_without_result(pk, SearchJob.State.CANCELLED, reason, among=SearchJob.UNSENT)


def give_up(pk: uuid.UUID, reason: str) -> bool:
    """Stop waiting for a job whose POST got no answer: its leads may be searched again; a late result is welcome."""
    return end_without_result(pk, SearchJob.State.EXPIRED, reason, among=[SearchJob.State.UNCONFIRMED])


def _in_one_or_two(pk: uuid.UUID, end: Callable[[bool], bool]) -> bool:
    """Write searches and leads together; where that fails, first the searches, then the leads."""
    try:
        return end(True)  # noqa: FBT003 - the one argument says whether the leads are written too
    except DatabaseError:
        is_news = end(False)  # noqa: FBT003 - the same
    writeback.write(pk)
    return is_news


def settle(pk: uuid.UUID, answer: Answer, *, via: SearchJob.Via, enrow_id: str = "", to_leads: bool = True) -> bool:
    """Write the outcomes and end the job, in one transaction; return False when it had ended before."""
    failed = answer.status is SearchStatus.FAILED
    with transaction.atomic(using=sql.alias()):
        job = _lock(pk)
        if job is None:
            return False
        rows = _searches(job)
        sent = [row for row in rows if row.position is not None]
        matched = match(
            Kind(job.kind), sent, answer.results, country_code=job.country_code, forgotten=job.has_forgotten
        )
        rest = Settled(0, Outcome.ERROR, error=_BATCH_FAILED if failed else _NO_RESULT)
        fresh = list(_fresh(rows, {row.pk: row for row in matched.settled}, rest))
        writeback.store(job, fresh, to_leads=to_leads)
        _keep_orphans(job, matched.orphans)
        _end(
            job,
            SearchJob.State.FAILED if failed else SearchJob.State.FINISHED,
            found=_found(rows, fresh),
            error=_BATCH_FAILED if failed else "",
            cost=_cost(job, answer, matched),
            enrow_id=enrow_id,
            via=via,
            is_written=to_leads,
        )
    return True


def _close(pk: uuid.UUID, state: SearchJob.State, reason: str, among: Sequence[str], *, to_leads: bool) -> bool:
    outcome = Outcome.CANCELLED if state == SearchJob.State.CANCELLED else Outcome.ERROR
    with transaction.atomic(using=sql.alias()):
        job = _lock(pk, among)
        if job is None:
            return False
        rows = _searches(job)
        fresh = list(_fresh(rows, {}, Settled(0, outcome, error=reason[:300])))
        writeback.store(job, fresh, to_leads=to_leads)
        _end(
            job,
            state,
            found=_found(rows, fresh),
            error=reason,
            # What expired may have been billed all the same: its cost stays open, at the worst case.
            cost=None if state == SearchJob.State.EXPIRED else Decimal(0),
            is_written=to_leads,
        )
    return True


def _lock(pk: uuid.UUID, states: Sequence[str] = SearchJob.AWAITING) -> SearchJob | None:
    return SearchJob.objects.select_for_update().filter(pk=pk, state__in=states).first()


def _searches(job: SearchJob) -> list[Sent]:
    """Return all searches of a job in the order of the POST; nobody adds or changes one while the job is locked."""
    rows = LeadSearch.objects.filter(job=job).order_by("position", "pk").values_list(*Sent._fields)
    return [Sent._make(row) for row in rows]


def _fresh(rows: Sequence[Sent], settled: Mapping[int, Settled], rest: Settled) -> Iterator[Fresh]:
    """Yield what the leads of a job do not know yet: what came now, what ``rest`` says, what waited to be written."""
    bought: dict[uuid.UUID | None, Settled | None] = {
        row.fingerprint: settled.get(row.pk) for row in rows if row.position is not None and row.fingerprint
    }
    for row in rows:
        came = None
        if row.outcome in _OPEN_OUTCOMES:
            # Those who share a purchase get what it brought.
            came = settled.get(row.pk) if row.position is not None else bought.get(row.fingerprint)
        if came is None and row.outcome == Outcome.PENDING:
            came = rest
        if came:
            yield Fresh(row.pk, row.crm_id, row.value_before, came.outcome, came.value, came.country, came.error)
        elif row.effect == LeadSearch.Effect.NONE and row.outcome != Outcome.CANCELLED:
            yield Fresh(row.pk, row.crm_id, row.value_before, row.outcome, row.value, row.country, row.error)


def _found(rows: Sequence[Sent], fresh: Sequence[Fresh]) -> int:
    """Count what was found of the rows that are paid for; those who share or reuse a search come for nothing."""
    came = {row.pk: row.outcome for row in fresh}
    return sum(row.position is not None and came.get(row.pk, row.outcome) == Outcome.FOUND for row in rows)


def _keep_orphans(job: SearchJob, orphans: Sequence[Result]) -> None:
    if job.has_forgotten:
        return  # it may well be about the person who was forgotten
    LeadSearch.objects.bulk_create(
        LeadSearch(
            job=job,
            crm_id=result.crm_id[:128],
            kind=job.kind,
            outcome=Outcome.ERROR,
            value=result.value,
            country=result.country,
            effect=LeadSearch.Effect.ORPHAN,
            error="This result fits no search of the job.",
        )
        for result in orphans
    )


def _end(
    job: SearchJob,
    state: SearchJob.State,
    *,
    found: int,
    error: str,
    cost: Decimal | None,
    enrow_id: str = "",
    via: str = "",
    is_written: bool,
) -> None:
    now = timezone.now()
    SearchJob.objects.filter(pk=job.pk).update(
        state=state,
        found=found,
        credits_cost=cost,
        last_error=error[:500],
        result_via=via,
        enrow_id=job.enrow_id or enrow_id[:128],
        finished_at=now,
        written_at=now if is_written else None,
    )


def _cost(job: SearchJob, answer: Answer, matched: Match) -> Decimal:
    """Return what the job cost: Enrow's own figure where it gives one, else the price of what was found."""
    if answer.status is SearchStatus.FAILED:
        return Decimal(0)
    if answer.cost is not None:
        return answer.cost
    if KINDS[Kind(job.kind)].misses_cost or not job.requested:
        return job.credits_reserved
    hits = sum(row.outcome == Outcome.FOUND for row in matched.settled)
    return job.credits_reserved / job.requested * hits
