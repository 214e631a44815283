"""The list's filters with when its leads were checked, and by which run."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from leads import crm_ids, statuses
from leads.admin.viewing import Viewer
from leads.kinds import VALUES, KindFacts, label
from leads.mapping import registry
from leads.models import EnrichmentRun, LeadSearch

_RUN = "enrow_run"
# The newest runs that are offered; the others are found through their own list.
_OFFERED = 10
_DAYS = {
    "1": _("in the last 24 hours"),
    "7": _("in the last 7 days"),
    "30": _("in the last 30 days"),
    "365": _("in the last year"),
}
_RESULTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "found": (_("found"), {"outcome": LeadSearch.Outcome.FOUND}),
    "not_found": (_("nothing found"), {"outcome": LeadSearch.Outcome.NOT_FOUND}),
    "failed": (_("failed"), {"outcome__in": LeadSearch.FAILURES}),
    "changed": (_("the lead changed meanwhile"), {"effect": LeadSearch.Effect.CHANGED}),
}


class CheckedFilter(admin.SimpleListFilter):
    """When Enrow was asked about a value. It is not offered where a query cannot tell."""

    facts: ClassVar[KindFacts]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - any page of ours
        """Name the choices."""
        mapping, facts = model_admin.lead_mapping, self.facts
        can_tell = mapping.source(facts.value) and statuses.can_tell_when(mapping, facts)
        return list(_DAYS.items()) if can_tell else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list. Words that are no choice narrow nothing."""
        mapping, chosen = registry.of(queryset.model), self.value()
        if mapping is None or chosen not in dict(self.lookup_choices):
            return queryset
        # What is known of the others is not for this user.
        leads = mapping.visible_to(request.user, queryset)
        since = timezone.now() - dt.timedelta(days=int(str(chosen)))
        return statuses.checked(mapping, self.facts, leads, "gte", since)


class RunFilter(admin.SimpleListFilter):
    """The leads that one of the newest runs searched, or whose result it reused; for who may see runs."""

    title = _("run")
    parameter_name = _RUN

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - any page of ours
        """Name the newest runs, of those for such leads; and the one that is chosen, however old it is."""
        mapping = model_admin.lead_mapping
        if not _is_offered(request, model_admin):
            return []
        newest = EnrichmentRun.objects.order_by("-created_at")[:_OFFERED]
        runs = {str(run.pk): _words(run) for run in newest if run.model == mapping.label}
        chosen = _chosen(request)
        return [*runs.items(), *([] if chosen is None or str(chosen) in runs else [(str(chosen), str(chosen)[:8])])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list. What is no id narrows nothing."""
        return _of_run(request, queryset) if self.value() in dict(self.lookup_choices) else queryset


class ResultFilter(admin.SimpleListFilter):
    """What became of the leads in the run that is chosen; offered once one is: its searches are few."""

    title = _("result in the run")
    parameter_name = "enrow_result"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - any page of ours
        """Name the choices."""
        if _chosen(request) is None or not _is_offered(request, model_admin):
            return []
        return [(name, words) for name, (words, _met) in _RESULTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list. Words that are no choice narrow nothing."""
        chosen = self.value()
        if chosen not in dict(self.lookup_choices):
            return queryset
        return _of_run(request, queryset, **_RESULTS[str(chosen)][1])


def _is_offered(request: HttpRequest, page: Any) -> bool:  # noqa: ANN401 - any page of ours
    return Viewer.of(page, request).page(EnrichmentRun) is not None and crm_ids.can_be_asked(page.lead_mapping)


def _chosen(request: HttpRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.GET.get(_RUN, ""))
    except ValueError:
        return None


def _of_run(request: HttpRequest, leads: QuerySet[Any], **met: Any) -> QuerySet[Any]:  # noqa: ANN401 - lookups of any field
    mapping, run = registry.of(leads.model), _chosen(request)
    if mapping is None or run is None:
        return leads
    return statuses.in_run(mapping, mapping.visible_to(request.user, leads), run, **met)


def _words(run: EnrichmentRun) -> str:
    when = date_format(timezone.localtime(run.created_at), "SHORT_DATETIME_FORMAT")
    what = ", ".join(str(label(kind)) for kind in run.asked_kinds)
    return " · ".join(filter(None, [when, what, run.requested_by]))


def _filter(facts: KindFacts) -> type[CheckedFilter]:
    title = format_lazy(_("{value} checked"), value=facts.bare_noun)
    told = {"facts": facts, "title": title, "parameter_name": f"enrow_{facts.value}_checked"}
    return type(f"{capfirst(facts.value)}CheckedFilter", (CheckedFilter,), told | {"__doc__": CheckedFilter.__doc__})


NARROWING = (*map(_filter, VALUES), RunFilter, ResultFilter)
