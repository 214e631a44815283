"""Results into rows: first the searches, committed; then the leads. Both set-based, both harmless to repeat.

Two transactions on purpose: when writing the leads fails (a trigger, a constraint of the host), what was paid for is
already kept and the
sweep writes it later.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from enrow_webhooks.values import Answer, Kind, Progress, Result
from leads import sql, writing
from leads.matching import Match, Sent, Settled, match
from leads.models import LeadSearch, SearchJob

_NO_RESULT = "Enrow finished without a result for this lead."
_BATCH_FAILED = "Enrow says that this batch failed; nothing was billed. Search again."


def apply(pk: uuid.UUID, answer: Answer, *, via: SearchJob.Via, enrow_id: str = "") -> bool:
    """Write an answer that is final to the searches and leads of a job; return whether it was news."""
    is_news = settle(pk, answer, via=via, enrow_id=enrow_id)
    writing.write(pk)
    return is_news


def settle(pk: uuid.UUID, answer: Answer, *, via: SearchJob.Via, enrow_id: str = "") -> bool:
    """Write the outcomes and end the job, in one transaction; return False when it had ended before."""
    failed = answer.progress is Progress.FAILED
    with transaction.atomic(using=sql.alias()):
        job = _lock(pk)
        if job is None:
            return False
        matched = match(
            Kind(job.kind), _sent(job), answer.results, country_code=job.country_code, forgotten=job.has_forgotten
        )
        _write_outcomes(job, matched.settled)
        _close_rest(job, _BATCH_FAILED if failed else _NO_RESULT)
        _keep_orphans(job, matched.orphans)
        state = SearchJob.State.FAILED if failed else SearchJob.State.FINISHED
        _end(
            job,
            state,
            error=_BATCH_FAILED if failed else "",
            cost=_cost(job, answer, matched),
            enrow_id=enrow_id,
            via=via,
        )
    return True


def end_without_result(
    pk: uuid.UUID, state: SearchJob.State, reason: str, *, among: Sequence[str] = SearchJob.OPEN
) -> bool:
    """End a job that brings nothing (refused, expired, cancelled); its searches carry the reason.

    Return False, and change nothing, when the job is in none of the states ``among``.
    """
    outcome = LeadSearch.Outcome.CANCELLED if state == SearchJob.State.CANCELLED else LeadSearch.Outcome.ERROR
    with transaction.atomic(using=sql.alias()):
        job = _lock(pk, among)
        if job is None:
            return False
        _close_rest(job, reason, outcome)
        # What expired may have been billed all the same: its cost stays open, at the worst case.
        _end(job, state, error=reason, cost=None if state == SearchJob.State.EXPIRED else Decimal(0))
    writing.write(pk)
    return True


def cancel(pk: uuid.UUID, reason: str) -> bool:
    """Cancel a job that was not sent, so that nothing is bought; return False when it was, or has ended."""
    return end_without_result(pk, SearchJob.State.CANCELLED, reason, among=SearchJob.UNSENT)


def give_up(pk: uuid.UUID, reason: str) -> bool:
    """Stop waiting for a job whose POST got no answer: its leads may be searched again; a late result is welcome."""
    return end_without_result(pk, SearchJob.State.EXPIRED, reason, among=[SearchJob.State.UNCONFIRMED])


def _lock(pk: uuid.UUID, states: Sequence[str] = SearchJob.AWAITING) -> SearchJob | None:
    return SearchJob.objects.select_for_update().filter(pk=pk, state__in=states).first()


def _sent(job: SearchJob) -> list[Sent]:
    rows = LeadSearch.objects.filter(job=job).sent().values_list("pk", "crm_id", "fingerprint", "seen")
    return [Sent(*row) for row in rows]


# A search that was given up takes a late result: it is paid for.
_OUTCOMES = """
UPDATE {S} SET outcome = r.outcome, value = r.value, country = r.country, error = r.error, effect = ''
FROM {rows} WHERE {S}.id = r.id AND {S}.outcome IN ('pending', 'error')
"""
# Those who share a purchase get what it brought.
_SHARES = """
UPDATE {S} SET outcome = p.outcome, value = p.value, country = p.country, error = p.error, effect = ''
FROM {S} p WHERE p.job_id = %s AND {S}.job_id = %s AND p.position IS NOT NULL AND {S}.position IS NULL
AND p.fingerprint = {S}.fingerprint
AND {S}.outcome IN ('pending', 'error') AND p.outcome IN ('found', 'not_found', 'error')
"""


def _write_outcomes(job: SearchJob, settled: Sequence[Settled]) -> None:
    columns = {"id": "bigint", "outcome": "text", "value": "text", "country": "text", "error": "text"}
    rows = sql.table_of("r", columns, settled)
    sql.run(_OUTCOMES.format(rows=rows.text, **sql.names()), rows.params)
    sql.run(_SHARES.format(**sql.names()), [sql.key(job.pk), sql.key(job.pk)])


def _close_rest(job: SearchJob, reason: str, outcome: str = LeadSearch.Outcome.ERROR) -> None:
    LeadSearch.objects.pending().filter(job=job).update(outcome=outcome, error=reason[:300])


def _keep_orphans(job: SearchJob, orphans: Sequence[Result]) -> None:
    if job.has_forgotten:
        return  # it may well be about the person who was forgotten
    LeadSearch.objects.bulk_create(
        LeadSearch(
            job=job,
            crm_id=result.crm_id[:128],
            kind=job.kind,
            outcome=LeadSearch.Outcome.ERROR,
            value=result.value,
            country=result.country,
            effect=LeadSearch.Effect.ORPHAN,
            error="This result fits no search of the job.",
        )
        for result in orphans
    )


def _end(
    job: SearchJob, state: SearchJob.State, *, error: str, cost: Decimal | None, enrow_id: str = "", via: str = ""
) -> None:
    counts = LeadSearch.objects.filter(job=job).aggregate(found=Count("pk", filter=Q(outcome=LeadSearch.Outcome.FOUND)))
    SearchJob.objects.filter(pk=job.pk).update(
        state=state,
        found=counts["found"],
        credits_cost=cost,
        last_error=error[:500],
        result_via=via,
        enrow_id=job.enrow_id or enrow_id[:128],
        finished_at=timezone.now(),
        written_at=None,
    )


def _cost(job: SearchJob, answer: Answer, matched: Match) -> Decimal:
    """Return what the job cost: Enrow's own figure where it gives one, else the price of what was found."""
    if answer.progress is Progress.FAILED:
        return Decimal(0)
    if answer.cost is not None:
        return answer.cost
    if job.kind == Kind.VERIFY_EMAIL or not job.requested:
        return job.credits_reserved
    hits = sum(row.outcome == LeadSearch.Outcome.FOUND for row in matched.settled)
    return job.credits_reserved / job.requested * hits
