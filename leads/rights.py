"""Who may see and search which leads, and which runs and jobs are theirs to look at: one answer for admin and API.

A lead is seen by who may view or change its model, and whom ``visible_to()`` of the mapping does not hide it from. A
run is seen by who asked for it; another's only by who sees every lead of its model: its counts are about all of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_permission_codename
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet

from leads import visibility
from leads.mapping import LeadMapping, registry
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from leads.models.jobs import SearchJobQuerySet
from leads.models.runs import EnrichmentRunQuerySet
from leads.permissions import SPEND_CREDITS

# The project's own user model.
User = Any


def may_view(user: User, model: type[Model]) -> bool:
    """Tell whether somebody may view or change the rows of a model, as the admin asks it."""
    names = (get_permission_codename(verb, model._meta) for verb in ("view", "change"))
    return any(user.has_perm(f"{model._meta.app_label}.{name}") for name in names)


def may_change(user: User, model: type[Model]) -> bool:
    """Tell whether somebody may change the rows of a model."""
    return bool(user.has_perm(f"{model._meta.app_label}.{get_permission_codename('change', model._meta)}"))


def may_search(user: User, mapping: LeadMapping) -> bool:
    """Tell whether somebody may pay for searches of a model's leads: of those that the mapping shows them."""
    return bool(user.has_perm(SPEND_CREDITS)) and may_view(user, mapping.model)


def sees_all(user: User, mapping: LeadMapping) -> bool:
    """Tell whether a mapping hides no lead from somebody: it returns the very queryset that it was given."""
    rows = mapping.rows()
    return mapping.visible_to(user, rows) is rows


def sees_every_lead(user: User) -> bool:
    """Tell whether somebody sees every lead of every model."""
    return all(may_view(user, mapping.model) and sees_all(user, mapping) for mapping in registry)


def others_jobs(user: User, jobs: QuerySet[SearchJob], *, may_search: Callable[[LeadMapping], bool]) -> set[uuid.UUID]:
    """Return those of the jobs with a lead that somebody may not search: they neither send nor search it again."""
    searches = LeadSearch.objects.filter(job__in=jobs.order_by()).exclude(model="").order_by()
    allowed = visibility.seen_by(user, searches)
    if foreign := [mapping.label for mapping in registry if not may_search(mapping)]:
        allowed = allowed.exclude(model__in=foreign)
    if allowed is searches:
        return set()
    every, own = _numbers(searches), _numbers(allowed)
    return {pk for pk, number in every.items() if own.get(pk, 0) < number}


def _numbers(searches: QuerySet[LeadSearch]) -> dict[uuid.UUID, int]:
    return dict(searches.values_list("job").annotate(number=Count("pk")))


def may_resume(user: User, run: EnrichmentRun, *, may_search: Callable[[LeadMapping], bool]) -> bool:
    """Tell whether somebody may let a run go on; where leads are hidden from them, only one that they asked for."""
    mapping = registry.labelled(run.model)
    if mapping is None:
        return bool(user.has_perm(SPEND_CREDITS))
    return may_search(mapping) and (sees_all(user, mapping) or run.requested_by == user.get_username())


def asked_by(user: User) -> Q:
    """Return the condition that a run was asked for by this user: in the admin or through the API.

    Code and commands write any name; that of another's account proves nothing.
    """
    return Q(requested_by=user.get_username()[:150], via__in=EnrichmentRun.BY_USER)


def is_own(user: User, run: EnrichmentRun) -> bool:
    """Tell the same of one run."""
    return run.via in EnrichmentRun.BY_USER and run.requested_by == user.get_username()[:150]


def visible_runs(user: User) -> EnrichmentRunQuerySet:
    """Return the runs that somebody may look at: their own, and those of models of which they see every lead."""
    return EnrichmentRun.objects.filter(asked_by(user) | _of_all_seen(user, EnrichmentRun))


def visible_jobs(user: User) -> SearchJobQuerySet:
    """Return the search jobs of runs that somebody may look at; who sees every lead sees also those without a run."""
    if may_view(user, SearchJob) and sees_every_lead(user):
        return SearchJob.objects.all()
    runs = EnrichmentRun.objects.filter(pk=OuterRef("run"))
    # The name of the job itself, too: the index of a user's jobs is in the order in which they are listed.
    is_own = Q(Exists(runs.filter(asked_by(user))), requested_by=user.get_username()[:150])
    if not may_view(user, SearchJob):
        return SearchJob.objects.filter(is_own)
    return SearchJob.objects.filter(is_own | Q(Exists(runs.filter(_of_all_seen(user, SearchJob)))))


def _of_all_seen(user: User, model: type[Model]) -> Q:
    """Return the condition of runs about a model of which somebody sees every lead, if they may view such rows."""
    seen = [
        mapping.label
        for mapping in registry
        if may_view(user, model) and may_view(user, mapping.model) and sees_all(user, mapping)
    ]
    return Q(model__in=seen)


def visible_searches(user: User, searches: QuerySet[LeadSearch]) -> QuerySet[LeadSearch]:
    """Return the searches of leads that somebody sees; results that fit no lead are for the admin."""
    seen = [mapping.label for mapping in registry if may_view(user, mapping.model)]
    return visibility.seen_by(user, searches.filter(model__in=seen))
