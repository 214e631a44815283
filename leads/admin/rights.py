"""Whose searches a person may pay for: ``leads.spend_credits``, and the right to see each lead.

A lead is seen by who may view or change its model, and whom the mapping does not hide it from.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth import get_permission_codename
from django.db.models import Count, QuerySet

from leads import visibility
from leads.admin.mapped import MappedPage
from leads.admin.viewing import Viewer
from leads.mapping import LeadMapping, registry
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from leads.permissions import SPEND_CREDITS


def may_search(viewer: Viewer, mapping: LeadMapping) -> bool:
    """Tell whether somebody may search leads of a model: those that the mapping shows them."""
    user, model = viewer.request.user, mapping.model
    if not user.has_perm(SPEND_CREDITS):
        return False
    if viewer.site.is_registered(model):
        page = viewer.site.get_model_admin(model)
        if isinstance(page, MappedPage):
            return page.has_enrich_permission(viewer.request)
        return page.has_view_or_change_permission(viewer.request)
    names = (get_permission_codename(verb, model._meta) for verb in ("view", "change"))
    return any(user.has_perm(f"{model._meta.app_label}.{name}") for name in names)


def others_jobs(viewer: Viewer, jobs: QuerySet[SearchJob]) -> set[uuid.UUID]:
    """Return those of the jobs with a lead that somebody may not search: they neither send nor search it again."""
    searches = LeadSearch.objects.filter(job__in=jobs.order_by()).exclude(model="").order_by()
    allowed = visibility.seen_by(viewer.request.user, searches)
    if foreign := [mapping.label for mapping in registry if not may_search(viewer, mapping)]:
        allowed = allowed.exclude(model__in=foreign)
    if allowed is searches:
        return set()
    every, own = _numbers(searches), _numbers(allowed)
    return {pk for pk, number in every.items() if own.get(pk, 0) < number}


def _numbers(searches: QuerySet[LeadSearch]) -> dict[uuid.UUID, int]:
    return dict(searches.values_list("job").annotate(number=Count("pk")))


def may_resume(viewer: Viewer, run: EnrichmentRun) -> bool:
    """Tell whether somebody may let a run go on; where leads are hidden from them, only one that they asked for."""
    mapping, user = registry.labelled(run.model), viewer.request.user
    if mapping is None:
        return bool(user.has_perm(SPEND_CREDITS))
    return may_search(viewer, mapping) and (_sees_all(user, mapping) or run.requested_by == user.get_username())


def may_give(viewer: Viewer, crm_id: str) -> bool:
    """Tell whether there is a lead with this crm_id whom somebody may search: a result may be given to it."""
    found = registry.keys([crm_id])
    return visibility.is_seen_by(viewer.request.user, crm_id) and all(
        may_search(viewer, mapping) for mapping, _keys in found
    )


def _sees_all(user: Any, mapping: LeadMapping) -> bool:  # noqa: ANN401 - the project's own user model
    rows = mapping.rows()
    return mapping.visible_to(user, rows) is rows
