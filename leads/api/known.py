"""Leads with what is known of them, for a page: a constant number of queries, whatever the model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from enrow_webhooks.client.values import Kind
from leads import reading
from leads.kinds import KINDS, VALUES, Candidate, KindFacts
from leads.mapping import LeadMapping
from leads.models import LeadEnrichment, LeadSearch

Known = dict[str, Any]


def described(mapping: LeadMapping, keys: Sequence[Any], *, sees_values: bool) -> list[Known]:
    """Return the leads with these keys, in their order; who is gone meanwhile is left out."""
    names = [mapping.crm_id(key) for key in keys]
    leads = reading.candidates([(mapping.label, name) for name in names])
    own, beside = _own(mapping, keys), reading.enrichments(mapping, names) if names else {}
    pending = _pending(names)
    mapped = [facts for facts in VALUES if mapping.source(facts.value)]
    return [
        {
            "model": mapping.label,
            "crm_id": name,
            "values": [
                {
                    "name": facts.value,
                    "value": getattr(leads[name], facts.value) if sees_values else None,
                    "searching": facts.value in pending.get(name, ()),
                    **_state(mapping, facts, leads[name], own.get(name, {}), beside.get(name), sees_values=sees_values),
                }
                for facts in mapped
            ],
        }
        for name in names
        if name in leads
    ]


def _state(
    mapping: LeadMapping,
    facts: KindFacts,
    lead: Candidate,
    own: Known,
    beside: LeadEnrichment | None,
    *,
    sees_values: bool,
) -> Known:
    """Return status, time and country: each from the lead's own column, else from beside its table while it counts."""
    status = reading.status(beside, facts, lead) if beside else ""
    is_known = beside is not None and bool(status)
    found = {
        "status": status,
        "checked_at": getattr(beside, facts.checked_at) if is_known else None,
        "country": getattr(beside, facts.country) if is_known and facts.country else "",
    }
    for name, word in ((facts.status, "status"), (facts.checked_at, "checked_at"), (facts.country, "country")):
        if name in own:
            found[word] = own[name] if word == "checked_at" else reading.text(own[name])
    if not sees_values:
        found["country"] = None
    return found


def _own(mapping: LeadMapping, keys: Sequence[Any]) -> dict[str, Known]:
    """Return what the lead's own columns say, by crm_id; one query, none where there are no such columns."""
    names = [name for facts in VALUES for name in (facts.status, facts.checked_at, facts.country) if name]
    columns = {name: source for name in names if (source := mapping.source(name))}
    if not columns or not keys:
        return {}
    rows = mapping.by_keys(keys).values_list(mapping.crm_id_field, *columns.values())
    return {mapping.crm_id(key): dict(zip(columns, values, strict=True)) for key, *values in rows}


def _pending(names: Collection[str]) -> dict[str, set[str]]:
    """Return which values are being searched, by crm_id; one query."""
    found: dict[str, set[str]] = {}
    for name, kind in LeadSearch.objects.pending().filter(crm_id__in=names).values_list("crm_id", "kind"):
        found.setdefault(name, set()).add(KINDS[Kind(kind)].value)
    return found
