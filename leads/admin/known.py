"""The list's filters with what is known of each value of its leads."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from leads import crm_ids, statuses
from leads.kinds import VALUES, KindFacts
from leads.mapping import LeadMapping, registry

_UNCHECKED, _SEARCHING = "unchecked", "searching"


class KnownFilter(admin.SimpleListFilter):
    """What is known of one value: each status, "never tried", and who is being searched at this moment.

    A status is that of the column "enrichment": it counts only while the lead has the value that it judged. Where a
    query cannot tell, the choice is not offered; a filter without a choice is not shown.
    """

    facts: ClassVar[KindFacts]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - any page of ours
        """Name the choices."""
        mapping, facts = _mapping(model_admin), self.facts
        if not mapping.source(facts.value):
            return []
        words: list[tuple[str, Any]] = []
        if statuses.can_tell(mapping, facts):
            named = statuses.labels(facts)
            never = named.pop("")
            words = [*named.items(), (_UNCHECKED, never)]
        return [*words, (_SEARCHING, _("being searched"))] if crm_ids.can_be_asked(mapping) else words

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list. Words that are no choice narrow nothing."""
        mapping, chosen = registry.of(queryset.model), self.value()
        if mapping is None or chosen not in dict(self.lookup_choices):
            return queryset
        # What is known of the others is not for this user.
        queryset = mapping.visible_to(request.user, queryset)
        if chosen == _SEARCHING:
            return statuses.searching(mapping, self.facts, queryset)
        return statuses.having(mapping, self.facts, queryset, "" if chosen == _UNCHECKED else str(chosen))


def _mapping(page: Any) -> LeadMapping:  # noqa: ANN401 - any page of ours
    mapping: LeadMapping = page.lead_mapping
    return mapping


def _filter(facts: KindFacts) -> type[KnownFilter]:
    told = {"facts": facts, "title": facts.bare_noun, "parameter_name": f"enrow_{facts.value}"}
    return type(f"{capfirst(facts.value)}Filter", (KnownFilter,), told | {"__doc__": KnownFilter.__doc__})


FILTERS = tuple(map(_filter, VALUES))
