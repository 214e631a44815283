"""What all parts of a mapped model's admin page stand on: its mapping, who may spend, and whom a person may see."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.core import checks
from django.db.models import QuerySet
from django.http import HttpRequest

from leads.admin.viewing import Viewer, note_viewer
from leads.arguments import how_to_map
from leads.mapping import LeadMapping, registry
from leads.permissions import SPEND_CREDITS

# Where a lead keeps, while a page is made, whether the person who looks may see it.
_VISIBLE = "_leads_visible"


class MappedPage(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """The page of a model that is mapped."""

    @property
    def lead_mapping(self) -> LeadMapping:
        """The mapping of this page's model. Raises LookupError when there is none; a check says so before."""
        return registry.mapped(self.model)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:  # noqa: ANN401 - Django's own signature
        """Check that the model is mapped."""
        found = list(super().check(**kwargs))
        if registry.of(self.model) is None:
            found.append(
                checks.Error(
                    f"{self.model._meta.label} has an admin page for leads, and is not mapped to leads.",
                    hint=how_to_map(self.model),
                    obj=type(self),
                    id="enrow.E131",
                )
            )
        return found

    def has_enrich_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may spend credits on leads here; search jobs ask it, too. Override it to ask for more.

        By default who has ``leads.spend_credits`` and may view or change the leads.
        """
        return request.user.has_perm(SPEND_CREDITS) and self.has_view_or_change_permission(request)

    def visible_leads(self, request: HttpRequest, leads: QuerySet[Any]) -> QuerySet[Any]:
        """Return those that the mapping lets the user see, enrich and forget."""
        return self.lead_mapping.visible_to(request.user, leads)

    def note_visible(self, request: HttpRequest, leads: Collection[Any]) -> None:
        """Write onto each lead who looks, and whether they may see what is known of it; at most one query."""
        own = self.get_queryset(request).filter(pk__in=[lead.pk for lead in leads])
        visible = self.visible_leads(request, own)
        seen = None if visible is own else set(visible.order_by().values_list("pk", flat=True))
        note_viewer(leads, Viewer.of(self, request))
        for lead in leads:
            setattr(lead, _VISIBLE, seen is None or lead.pk in seen)

    def is_visible(self, lead: Any, request: HttpRequest | None = None) -> bool:  # noqa: ANN401 - a lead of any model
        """Tell whether the user may see what is known of a lead; without a request, what was written onto it before.

        Of a lead that nobody has looked at, it is only told where the mapping hides none.
        """
        if request is not None and not hasattr(lead, _VISIBLE):
            self.note_visible(request, [lead])
        hides_none = type(self.lead_mapping).visible_to is LeadMapping.visible_to
        return bool(getattr(lead, _VISIBLE, hides_none))
