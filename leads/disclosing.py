"""What is stored of one person, for whoever asks what that is: the law of many countries gives them the right to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leads import bodies, reading
from leads.kinds import VALUES
from leads.mapping import registry
from leads.models import LeadEnrichment, LeadSearch

__all__ = ["stored_of"]

# Where a found value comes from, as the law wants it said.
SOURCE = "Enrow (enrow.io)"
_LEAD = ("firstname", "lastname", "fullname", "company_name", "company_domain", "linkedin_url", "country_code")


def stored_of(crm_id: str) -> dict[str, Any]:
    """Return all that is stored of the person of a CRM id, ready for JSON but for dates; empty lists where nothing is.

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


def _searches(crm_id: str) -> list[LeadSearch]:
    rows = LeadSearch.objects.filter(crm_id=crm_id) | LeadSearch.objects.sent_as([crm_id])
    return list(rows.select_related("job").order_by("pk"))


def _leads(crm_id: str) -> Iterator[dict[str, Any]]:
    names = [(mapping.label, crm_id) for mapping, _ in registry.keys([crm_id])]
    models = {mapping.label: mapping.model._meta.label for mapping, _ in registry.keys([crm_id])}
    for label, name in names:
        for lead in reading.candidates([(label, name)]).values():
            fields = (*_LEAD, *(facts.value for facts in VALUES))
            yield {"model": models[label], **{field: str(getattr(lead, field) or "") for field in fields}}


def _known(crm_id: str) -> Iterator[dict[str, Any]]:
    for mapping, keys in registry.keys([crm_id]):
        texts = [name.removeprefix(mapping.crm_id_prefix) for name in keys.values()]
        for row in LeadEnrichment.objects.filter(model=mapping.label, key__in=texts):
            columns = [
                name for facts in VALUES for name in (facts.value, facts.status, facts.checked_at, facts.country)
            ]
            yield {"model": mapping.model._meta.label, **{name: getattr(row, name) for name in filter(None, columns)}}


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


def _events(crm_id: str) -> Iterator[dict[str, Any]]:
    searches = _searches(crm_id)
    names = {crm_id, *(search.sent_as for search in searches if search.sent_as)}
    sizes = {str(search.job_id): search.job.requested for search in searches}
    for event in bodies.of_jobs({search.job for search in searches}).order_by("pk"):
        is_batch = sizes.get(event.reference, 2) > 1
        for name in sorted(names):
            for body in bodies.parts_about(event.payload, name, is_batch=is_batch):
                yield {"received_at": event.received_at, "body": body}
