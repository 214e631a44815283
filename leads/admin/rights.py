"""Whose searches a person may pay for in the admin: a project's own page of a model may ask for more than others do."""

from __future__ import annotations

import uuid
from functools import partial

from django.db.models import QuerySet

from leads import rights, visibility
from leads.admin.mapped import MappedPage
from leads.admin.viewing import Viewer
from leads.mapping import LeadMapping, registry
from leads.models import EnrichmentRun, SearchJob
from leads.permissions import SPEND_CREDITS
from leads.rules import EnrichmentRule


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
    return rights.may_view(user, model)


def others_jobs(viewer: Viewer, jobs: QuerySet[SearchJob]) -> set[uuid.UUID]:
    """Return those of the jobs with a lead that somebody may not search: they neither send nor search it again."""
    return rights.others_jobs(viewer.request.user, jobs, may_search=partial(may_search, viewer))


def may_resume(viewer: Viewer, run: EnrichmentRun) -> bool:
    """Tell whether somebody may let a run go on; where leads are hidden from them, only one that they asked for."""
    return rights.may_resume(viewer.request.user, run, may_search=partial(may_search, viewer))


def may_resume_rule(viewer: Viewer, rule: EnrichmentRule) -> bool:
    """Tell whether somebody may let a rule go on: it asks for leads of a model without looking who sees them."""
    mapping = registry.labelled(rule.model.lower())
    return mapping is None or (may_search(viewer, mapping) and rights.sees_all(viewer.request.user, mapping))


def may_give(viewer: Viewer, crm_id: str) -> bool:
    """Tell whether there is a lead with this crm_id whom somebody may search: a result may be given to it."""
    found = registry.keys([crm_id])
    return visibility.is_seen_by(viewer.request.user, crm_id) and all(
        may_search(viewer, mapping) for mapping, _keys in found
    )
