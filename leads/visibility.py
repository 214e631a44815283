"""Whose searches a person may see: those of leads that their mappings do not hide."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Substr

from leads import crm_ids
from leads.mapping import LeadMapping, registry
from leads.models import LeadSearch


def seen_by(user: Any, searches: QuerySet[LeadSearch]) -> QuerySet[LeadSearch]:  # noqa: ANN401 - the project's own user model
    """Leave out what was searched for leads that a user may not see, and for those that are gone.

    What fits no lead stays. Where no mapping hides anybody, the very same queryset is returned.
    """
    for place, mapping in enumerate(registry):
        rows = mapping.rows()
        visible = mapping.visible_to(user, rows)
        if visible is not rows:
            searches = _narrowed(mapping, searches, visible, f"leads_{place}")
    return searches


def _narrowed(
    mapping: LeadMapping, searches: QuerySet[LeadSearch], visible: QuerySet[Any], name: str
) -> QuerySet[LeadSearch]:
    others = ~Q(model=mapping.label)
    if not crm_ids.can_be_asked(mapping):
        return searches.filter(others)
    searches = searches.alias(**{f"{name}_text": Substr("crm_id", len(mapping.crm_id_prefix) + 1)})
    leads = visible.order_by().alias(leads_key=crm_ids.text(mapping, searches.db))
    is_same = Q(leads_key=OuterRef(f"{name}_text"))
    key = crm_ids.key(mapping, f"{name}_text", searches.db)
    if key is None:
        return searches.filter(others | Exists(leads.filter(is_same)))
    # Told as a value, so that PostgreSQL does not read all leads first to look the searches of a page up in memory.
    told = Case(When(is_same, then=Value(value=True)), default=Value(value=False), output_field=BooleanField())
    searches = searches.alias(**{f"{name}_key": key})
    leads = leads.filter(told, **{mapping.crm_id_field: OuterRef(f"{name}_key")})
    return searches.filter(others | Exists(leads))


def is_seen_by(user: Any, crm_id: str) -> bool:  # noqa: ANN401 - as above
    """Tell whether there is a lead with this crm_id that a user may see."""
    found = registry.keys([crm_id])
    return any(mapping.visible_to(user, mapping.by_keys(keys)).exists() for mapping, keys in found)
