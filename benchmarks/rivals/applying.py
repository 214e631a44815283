"""Ways to write what came for one batch to its searches and leads."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from leads.models import Lead, LeadSearch, SearchJob

# Rows in one statement of bulk_update: its CASE grows with the square of it, and 500 is about its best.
_BULK = 500


class Came(NamedTuple):
    """What came for one lead: an address, or none."""

    outcome: str
    value: str


FLOOR_SEARCHES = """
UPDATE leads_leadsearch SET outcome = r.outcome, value = r.value, effect = 'written'
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS r (id, outcome, value) WHERE leads_leadsearch.id = r.id
"""
_FLOOR_LEADS = """
UPDATE leads_lead SET email = r.value, email_status = r.status, email_checked_at = %s, updated_at = %s
FROM unnest(%s::text[], %s::text[], %s::text[]) AS r (crm_id, value, status) WHERE leads_lead.crm_id = r.crm_id
"""


def floor(ids: Mapping[str, int], came: Mapping[str, Came]) -> None:
    """Write both tables by one statement each: no match, no check, no decision, no lock order."""
    now = timezone.now()
    outcomes, values = [one.outcome for one in came.values()], [one.value for one in came.values()]
    statuses = [status(one) for one in came.values()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FLOOR_SEARCHES, [[ids[crm_id] for crm_id in came], outcomes, values])
        cursor.execute(_FLOOR_LEADS, [now, now, list(came), values, statuses])


def habit(job: uuid.UUID, came: Mapping[str, Came]) -> None:
    """Select both tables and give them back by ``bulk_update``, in one transaction."""
    now = timezone.now()
    with transaction.atomic():
        searches = list(LeadSearch.objects.filter(job=job))
        leads = list(Lead.objects.filter(crm_id__in=came))
        for search in searches:
            search.outcome, search.value = came[search.crm_id]
            search.effect = LeadSearch.Effect.WRITTEN
        for lead in leads:
            _set(lead, came[lead.crm_id])
            lead.email_checked_at = lead.updated_at = now
        LeadSearch.objects.bulk_update(searches, ["outcome", "value", "effect"], batch_size=_BULK)
        Lead.objects.bulk_update(
            leads, ["email", "email_status", "email_checked_at", "updated_at"], batch_size=_BULK
        )  # fmt: skip
        _end(job)


def one_by_one(job: uuid.UUID, came: Mapping[str, Came]) -> None:
    """Get and ``save()`` each search and each lead, in one transaction."""
    now = timezone.now()
    with transaction.atomic():
        for crm_id, one in came.items():
            search = LeadSearch.objects.get(job=job, crm_id=crm_id)
            search.outcome, search.value = one
            search.effect = LeadSearch.Effect.WRITTEN
            search.save()
            lead = Lead.objects.get(crm_id=crm_id)
            _set(lead, one)
            lead.email_checked_at = now
            lead.save()
        _end(job)


def _set(lead: Lead, one: Came) -> None:
    lead.email, lead.email_status = one.value, status(one)


def status(one: Came) -> str:
    """Return what a lead says of its address then."""
    return "valid" if one.outcome == LeadSearch.Outcome.FOUND else "not_found"


def _end(job: uuid.UUID) -> None:
    SearchJob.objects.filter(pk=job).update(state=SearchJob.State.FINISHED, finished_at=timezone.now())
