"""Results into rows: searches and leads in one transaction, each row written once; harmless to repeat.

When the leads refuse (a trigger or a constraint of the host, at the commit even), nothing of it stands, and it is done
again in two transactions: what was paid for is then kept by the first, and the sweep repeats the second.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from django.db import DatabaseError
from django.utils import timezone

from enrow_webhooks.client.values import Answer, Kind, SearchStatus
from leads import sql
from leads.conf import lead_settings
from leads.kinds import KINDS
from leads.models import LeadSearch, SearchJob
from leads.results import orphans, waiting, writeback
from leads.results.fresh import Fresh
from leads.results.matching import Match, Sent, Settled, match

_NO_RESULT = "Enrow finished without a result for this lead."
_STILL_ONGOING = "Enrow calls the batch complete, but still works on some of its searches; they are asked for again."
_BATCH_FAILED = "Enrow says that this batch failed; nothing was billed. Search again."

Outcome = LeadSearch.Outcome
# A search that was given up, or brought nothing of use, takes a late result: it is paid for.
_OPEN_OUTCOMES = frozenset({Outcome.PENDING, *LeadSearch.FAILURES})


def apply(pk: uuid.UUID, answer: Answer, *, via: SearchJob.Via, enrow_id: str = "") -> bool:
    """Write the answer of a search that ended to the searches and leads of its job; return whether it was news.

    The job ends too, unless Enrow still works on rows of a batch that it calls complete: they stay pending.

    Raises DatabaseError when the leads refuse it; the job has ended then, and its results are kept.
    """
    return _in_one_or_two(
        pk,
        lambda to_leads: settle(pk, answer, via=via, enrow_id=enrow_id, to_leads=to_leads),
        write_later=writeback.write,
    )


def end_without_result(
    pk: uuid.UUID, state: SearchJob.State, reason: str, *, among: Sequence[str] = SearchJob.OPEN
) -> bool:
    """End a job that brings nothing (refused, expired, cancelled); its searches carry the reason.

    Return False, and change nothing, when the job is in none of the states ``among``. A table of leads that takes none
    of it is noted in the job, and the sweep tries again: it keeps nobody from deciding, and no worker from its work.
    """
    return _in_one_or_two(
        pk, lambda to_leads: _close(pk, state, reason, among, to_leads=to_leads), write_later=waiting.write
    )


def cancel(pk: uuid.UUID, reason: str) -> bool:
    """Cancel a job that was not sent, so that nothing is bought; return False when it was, or has ended."""
    return end_without_result(pk, SearchJob.State.CANCELLED, reason, among=SearchJob.UNSENT)


def give_up(pk: uuid.UUID, reason: str) -> bool:
    """Stop waiting for a job whose POST got no answer: its leads may be searched again; a late result is welcome."""
    return end_without_result(pk, SearchJob.State.EXPIRED, reason, among=[SearchJob.State.UNCONFIRMED])


def _in_one_or_two(pk: uuid.UUID, end: Callable[[bool], bool], *, write_later: Callable[[uuid.UUID], object]) -> bool:
    """Write searches and leads together; where that fails, first the searches, then the leads."""
    try:
        return end(True)  # noqa: FBT003 - the one argument says whether the leads are written too
    except DatabaseError:
        is_news = end(False)  # noqa: FBT003 - the same
    write_later(pk)
    return is_news


def settle(pk: uuid.UUID, answer: Answer, *, via: SearchJob.Via, enrow_id: str = "", to_leads: bool = True) -> bool:
    """Write the outcomes and end the job, as apply(), in one transaction; return False when it had ended before."""
    failed = answer.status is SearchStatus.FAILED

    def end() -> bool:
        job = _lock(pk)
        if job is None:
            return False
        # What the first answer told stands.
        job.enrow_id, job.result_via = job.enrow_id or enrow_id[:128], job.result_via or via
        rows = _searches(job)
        sent = [row for row in rows if row.position is not None]
        matched = match(
            Kind(job.kind),
            sent,
            answer.results,
            is_single=not job.is_bulk,
            country_code=job.country_code,
            forgotten=job.has_forgotten,
        )
        cost = _cost(job, answer, matched)
        rest = Settled(0, _rest(job, matched, cost), error=_BATCH_FAILED if failed else _NO_RESULT)
        settled = _settled(matched, rest) | _still_waiting(job, sent, matched, is_failed=failed)
        fresh = list(_fresh(rows, settled, rest))
        writeback.store(job, fresh, to_leads=to_leads)
        orphans.keep(job, rows, matched.orphans)
        if any(row.outcome == Outcome.PENDING for row in settled.values()):
            _keep_open(job, found=_found(rows, fresh))
            return True
        _end(
            job,
            SearchJob.State.FAILED if failed else SearchJob.State.FINISHED,
            found=_found(rows, fresh),
            error=_BATCH_FAILED if failed else "",
            cost=cost,
            is_written=to_leads,
        )
        return True

    return sql.transact(end)


def is_over(job: SearchJob) -> bool:
    """Tell whether nobody waits for a job any more: after ``ENROW["GIVE_UP_AFTER_HOURS"]``, or given up before."""
    since = job.sent_at or job.created_at
    return job.state == SearchJob.State.EXPIRED or timezone.now() > since + lead_settings.give_up_after


def _settled(matched: Match, rest: Settled) -> dict[int, Settled]:
    """Return what came, by search; one on which Enrow worked to the end got nothing, like the ``rest``."""
    settled = {row.pk: row for row in matched.settled}
    return settled | {pk: settled[pk]._replace(outcome=rest.outcome) for pk in matched.ongoing}


def _still_waiting(job: SearchJob, sent: Sequence[Sent], matched: Match, *, is_failed: bool) -> dict[int, Settled]:
    """Return the searches that stay pending, because Enrow works on them though it calls their batch complete."""
    if not matched.ongoing or is_failed or is_over(job):
        return {}
    pending = (row.pk for row in sent if row.outcome == Outcome.PENDING and row.pk in matched.ongoing)
    return {pk: Settled(pk, Outcome.PENDING) for pk in pending}


def _close(pk: uuid.UUID, state: SearchJob.State, reason: str, among: Sequence[str], *, to_leads: bool) -> bool:
    outcome = Outcome.CANCELLED if state == SearchJob.State.CANCELLED else Outcome.ERROR

    def end() -> bool:
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

    return sql.transact(end)


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
        if came and (came.outcome == Outcome.PENDING or (row.effect and _says(row, came))):
            continue  # nothing is known yet, or nothing new
        if came or (row.effect == LeadSearch.Effect.NONE and row.outcome != Outcome.CANCELLED):
            yield _as_fresh(row, came or row)


def _as_fresh(row: Sent, result: Settled | Sent) -> Fresh:
    return Fresh(
        pk=row.pk,
        model=row.model,
        crm_id=row.crm_id,
        fingerprint=row.fingerprint,
        inputs=row.inputs,
        value_before=row.value_before,
        asked_at=row.asked_at,
        outcome=result.outcome,
        value=result.value,
        country=result.country,
        error=result.error,
        sent_as=row.sent_as,
        is_late=row.outcome in LeadSearch.FAILURES,
    )


def _says(row: Sent, came: Settled) -> bool:
    """Tell whether a search says already what came."""
    return came == Settled(came.pk, row.outcome, row.value, row.country, row.error)


def _found(rows: Sequence[Sent], fresh: Sequence[Fresh]) -> int:
    """Count what was found of the rows that are paid for; those who share or reuse a search come for nothing."""
    came = {row.pk: row.outcome for row in fresh}
    return sum(row.position is not None and came.get(row.pk, row.outcome) == Outcome.FOUND for row in rows)


def _keep_open(job: SearchJob, *, found: int) -> None:
    """Note what came so far, and let polling ask for the rest."""
    SearchJob.objects.filter(pk=job.pk).update(
        state=SearchJob.State.RUNNING,
        found=found,
        kept_aside=job.kept_aside,
        result_via=job.result_via,
        enrow_id=job.enrow_id,
        last_error=_STILL_ONGOING,
    )


def _end(
    job: SearchJob,
    state: SearchJob.State,
    *,
    found: int,
    error: str,
    cost: Decimal | None,
    is_written: bool,
) -> None:
    now = timezone.now()
    SearchJob.objects.filter(pk=job.pk).update(
        state=state,
        found=found,
        kept_aside=job.kept_aside,
        credits_cost=cost,
        last_error=error[:500],
        result_via=job.result_via,
        enrow_id=job.enrow_id,
        finished_at=now,
        written_at=now if is_written else None,
    )


def _cost(job: SearchJob, answer: Answer, matched: Match) -> Decimal:
    """Return what the job cost: Enrow's own figure where it gives one, else the price of each hit, usable or not."""
    if answer.status is SearchStatus.FAILED:
        return Decimal(0)
    if answer.cost is not None:
        return answer.cost
    if KINDS[Kind(job.kind)].misses_cost or not job.requested:
        return job.credits_reserved
    # Enrow's own count knows the rows that it left out of the answer.
    hits = min(max(matched.hits, answer.hits or 0), job.requested)
    return job.credits_reserved / job.requested * hits


def _rest(job: SearchJob, matched: Match, cost: Decimal) -> Outcome:
    """Return the outcome of those who got nothing: where Enrow took credits for more than it sent, they may be paid."""
    hits = 0 if KINDS[Kind(job.kind)].misses_cost else matched.hits
    return Outcome.UNUSABLE if cost * job.requested > job.credits_reserved * hits else Outcome.ERROR
