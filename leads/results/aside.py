"""Results that were paid for and fit nobody: a person gives each to a lead, or drops it.

Until then the searches of their jobs that ended without a result are not bought again (``SearchJob.kept_aside``).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection

from django.db import DatabaseError
from django.db.models import Count, IntegerField, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from enrow_webhooks.client.scrub import log_failure
from enrow_webhooks.client.values import Kind
from leads import reading, sql
from leads.mapping import LeadMapping, registry
from leads.models import LeadSearch, SearchJob
from leads.results import belonging, writeback

logger = logging.getLogger(__name__)

Effect = LeadSearch.Effect
# What brings nothing to a lead can only be dropped.
_GIVEN = (LeadSearch.Outcome.FOUND, LeadSearch.Outcome.NOT_FOUND)


def give(pk: int, crm_id: str, *, by: str) -> bool:
    """Give a result that was kept aside to the lead with this crm_id; return whether it could be done.

    It is written as any other: a value that the lead has, or a newer search, wins; ``effect`` says what became of it.
    """
    mapping = lead_named(crm_id)
    lead = reading.candidates([(mapping.label, crm_id)]).get(crm_id) if mapping else None
    if mapping is None or lead is None:
        return False

    def assign() -> LeadSearch | None:
        search = _locked(pk)
        if search is None or search.outcome not in _GIVEN:
            return None
        about = belonging.as_searched(Kind(search.kind), lead, search.value)
        changes = about | {
            "model": mapping.label,
            "crm_id": crm_id,
            # What Enrow calls it: should it answer once more, it is known.
            "sent_as": "" if search.crm_id == crm_id else search.crm_id,
            "effect": Effect.NONE,
            "error": f"Given to this lead by {by}."[:300],
        }
        if about["fingerprint"]:
            changes["position"] = _next_place(search.job_id)
        LeadSearch.objects.filter(pk=pk).update(**changes)
        SearchJob.objects.filter(pk=search.job_id).update(written_at=None)
        recount([search.job_id])
        return search

    search = sql.transact(assign)
    if search is None:
        return False
    logger.info("Lead search %s was given to a lead by %s.", pk, by)
    try:
        writeback.write(search.job_id)
    except DatabaseError as error:
        # The decision stands; the sweep writes it once the lead can be written.
        log_failure(logger, error, "The results of search job %s could not be written:", search.job_id)
    return True


def _next_place(job: uuid.UUID) -> int:
    """Return the place behind those of the POST: from now on the lead's person was bought with this job."""
    last = LeadSearch.objects.filter(job=job).aggregate(last=Max("position"))["last"]
    return 0 if last is None else int(last) + 1


def lead_named(crm_id: str) -> LeadMapping | None:
    """Return the mapping of the lead with this crm_id, None when there is no such lead."""
    for mapping, keys in registry.keys([crm_id]):
        found = mapping.by_keys(keys).values_list(mapping.crm_id_field, flat=True)
        # A collation may find a lead by another spelling.
        if any(mapping.crm_id(key) == crm_id for key in found):
            return mapping
    return None


def drop(pk: int, *, by: str) -> bool:
    """Drop a result that was kept aside: nobody gets it. Return whether it could be done."""

    def let_go() -> bool:
        search = _locked(pk)
        if search is None:
            return False
        search.effect, search.error = Effect.DROPPED, f"{search.error[:150]} Dropped by {by}."[:300]
        search.save(update_fields=["effect", "error"])
        recount([search.job_id])
        return True

    if not sql.transact(let_go):
        return False
    logger.info("Lead search %s was dropped by %s.", pk, by)
    return True


def recount(jobs: Collection[uuid.UUID]) -> None:
    """Count anew what waits for a person in these jobs; one statement, in the caller's transaction."""
    waiting = LeadSearch.objects.filter(job=OuterRef("pk"), effect=Effect.ASIDE).order_by().values("job")
    number = Subquery(waiting.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
    SearchJob.objects.filter(Q(kept_aside__gt=0), pk__in=jobs).update(kept_aside=Coalesce(number, 0))


def _locked(pk: int) -> LeadSearch | None:
    """Return a result that waits for a person, None when it does not any more. Its job is locked first, as ever."""
    search = LeadSearch.objects.filter(pk=pk, effect=Effect.ASIDE).first()
    if search is None:
        return None
    SearchJob.objects.select_for_update().get(pk=search.job_id)
    return LeadSearch.objects.filter(pk=pk, effect=Effect.ASIDE).first()
