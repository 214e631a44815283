"""Where a person stands in our rows, and by which words: what they are told, and what goes when they are forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet

from leads import reading
from leads.kinds import VALUES, Candidate
from leads.mapping import registry
from leads.models import LeadEnrichment, LeadSearch


def candidates(crm_ids: Sequence[str]) -> Iterable[Candidate]:
    """Return the leads of these CRM ids, of whatever model."""
    owned = ((mapping.label, crm_id) for mapping, keys in registry.keys(crm_ids) for crm_id in keys.values())
    return reading.candidates(owned).values()


def known(crm_ids: Sequence[str]) -> QuerySet[LeadEnrichment]:
    """Return what is known of leads beside their tables."""
    found = Q(pk__in=[])
    for mapping, keys in registry.keys(crm_ids):
        texts = [crm_id.removeprefix(mapping.crm_id_prefix) for crm_id in keys.values()]
        found |= Q(model=mapping.label, key__in=texts)
    return LeadEnrichment.objects.filter(found)


def searches(crm_ids: Sequence[str]) -> QuerySet[LeadSearch]:
    """Return the searches of leads, also those that were sent under another id, before two leads were merged."""
    # An index holds the few that were sent under another id. PostgreSQL sees that it serves only where that is said.
    return LeadSearch.objects.filter(Q(crm_id__in=crm_ids) | ~Q(sent_as="") & Q(sent_as__in=crm_ids))


def words(crm_ids: Sequence[str]) -> set[str]:
    """Return what names these people and nobody else: what was found for them, and by what Enrow knows them."""
    rows = searches(crm_ids)
    searched = rows.values_list("value", "value_before", "crm_id", "sent_as")
    ids = rows.filter(job__requested=1).values_list("job__enrow_id")
    held = [
        (lead.linkedin_url, " ".join(lead.name).strip(), *(getattr(lead, facts.value) for facts in VALUES))
        for lead in candidates(crm_ids)
    ]
    return {word for some in (searched, ids, held) for row in some for word in row if word}


def names(crm_ids: Sequence[str]) -> set[str]:
    """Return the words that others may be called by, too."""
    return {name for lead in candidates(crm_ids) for name in (lead.firstname, lead.lastname, lead.fullname) if name}
