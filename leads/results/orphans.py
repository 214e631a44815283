"""Results that fit no search of their job: they are kept, and wait for a person."""

from __future__ import annotations

from collections.abc import Sequence

from enrow_webhooks.client.values import Kind, Result
from leads.kinds import KINDS
from leads.models import LeadSearch, SearchJob
from leads.results.matching import Sent, settle_one

_FITS_NOBODY = "This result fits no search of the job."


def keep(job: SearchJob, rows: Sequence[Sent], results: Sequence[Result]) -> None:
    """Keep what the job does not know yet, and count it; the caller holds the job's lock, and saves it."""
    if job.has_forgotten:
        return  # it may well be about the person who was forgotten
    # A job that stays open, or has expired, may answer once more, and says the same; a person may have given it away.
    known = {(row.sent_as or row.crm_id, row.value) for row in rows}
    known |= {("", row.value) for row in rows if row.value}
    kept = [row for row in (aside(job, result, _FITS_NOBODY) for result in results) if _key(row) not in known]
    job.kept_aside += len(kept)
    LeadSearch.objects.bulk_create(kept)


def _key(row: LeadSearch) -> tuple[str, str]:
    return row.crm_id, row.value


def aside(job: SearchJob, result: Result, reason: str) -> LeadSearch:
    """Return a row for a result that may be nobody's of the job; it waits for a person."""
    settled = settle_one(Kind(job.kind), 0, result)
    return LeadSearch(
        job=job,
        crm_id=result.crm_id[:128],
        kind=job.kind,
        outcome=settled.outcome,
        value=settled.value,
        country=settled.country,
        # A verdict is only ever written to a lead that has the address it judged.
        value_before=settled.value if KINDS[Kind(job.kind)].judges else "",
        effect=LeadSearch.Effect.ASIDE,
        error=f"{reason} {settled.error}".strip()[:300],
    )
