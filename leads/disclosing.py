"""What is stored of one person, for whoever asks what that is: the law of many countries gives them the right to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from leads import bodies, persons
from leads.kinds import VALUES
from leads.mapping import registry
from leads.models import LeadSearch

__all__ = ["stored_of"]

# Where a found value comes from, as the law wants it said.
SOURCE = "Enrow (enrow.io)"
_LEAD = ("firstname", "lastname", "fullname", "company_name", "company_domain", "linkedin_url", "country_code")


def stored_of(crm_id: str) -> dict[str, Any]:
    """Return what is stored of the person of a CRM id, ready for JSON but for dates; empty lists where nothing is.

    ``leads``: their inputs and values, by the fields that the mapping names. ``known``: what is known of these values.
    ``searches``: each with its value, source, dates, who asked, and what became of it. ``events``: the bodies that
    Enrow sent and that are still kept, those of a whole batch cut down to the parts that name this person.
    """
    return {
        "crm_id": crm_id,
        "leads": list(_leads(crm_id)),
        "known": list(_known(crm_id)),
        "searches": [_search(search) for search in _searches(crm_id)],
        "events": list(_events(crm_id)),
    }


def _leads(crm_id: str) -> Iterator[dict[str, Any]]:
    fields = (*_LEAD, *(facts.value for facts in VALUES))
    for lead in persons.candidates([crm_id]):
        yield {"model": _label(crm_id), **{field: str(getattr(lead, field) or "") for field in fields}}


def _known(crm_id: str) -> Iterator[dict[str, Any]]:
    columns = [(facts.value, facts.status, facts.checked_at, facts.country) for facts in VALUES]
    for row in persons.known([crm_id]):
        told = {name: getattr(row, name) for names in columns for name in names if name}
        yield {"model": _label(crm_id), **told}


def _label(crm_id: str) -> str:
    mapping = registry.owner(crm_id)
    return mapping.model._meta.label if mapping else ""


def _search(search: LeadSearch) -> dict[str, Any]:
    job = search.job
    return {
        "kind": search.kind,
        "value": search.value,
        "country": search.country,
        "value_before": search.value_before,
        "source": SOURCE if search.value else "",
        "outcome": search.outcome,
        "effect": search.effect,
        "error": search.error,
        "sent_as": search.sent_as,
        "asked_at": search.asked_at or job.sent_at,
        "finished_at": job.finished_at,
        "requested_by": job.requested_by,
        "job": job.pk,
        "run": job.run,
    }


def _searches(crm_id: str) -> QuerySet[LeadSearch]:
    return persons.searches([crm_id]).select_related("job").order_by("pk")


def _events(crm_id: str) -> Iterator[dict[str, Any]]:
    searches = list(_searches(crm_id))
    names = {crm_id, *(search.sent_as for search in searches if search.sent_as)}
    sizes = {str(search.job_id): search.job.requested for search in searches}
    for event in bodies.of_jobs({search.job for search in searches}).order_by("pk"):
        is_batch = sizes.get(event.reference, 2) > 1
        for name in sorted(names):
            for body in bodies.parts_about(event.payload, name, is_batch=is_batch):
                yield {"received_at": event.received_at, "body": body}
