"""Who looks at an admin page: what they may see there, and where they may go from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Model
from django.http import HttpRequest

from leads.permissions import SPEND_CREDITS, VIEW_FOUND_VALUES

# Where a row keeps, while its page is made, who looks.
_VIEWER = "_leads_viewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """The person of a request, on one admin site."""

    site: AdminSite
    request: HttpRequest

    @classmethod
    def of(cls, page: ModelAdmin[Any], request: HttpRequest) -> Viewer:
        """Return who looks at a page."""
        return cls(site=page.admin_site, request=request)

    @property
    def sees_values(self) -> bool:
        """Whether they may see what was found."""
        return bool(self.request.user.has_perm(VIEW_FOUND_VALUES))

    def page(self, model: type[Model]) -> ModelAdmin[Any] | None:
        """Return the page of a model; None where the site has none, or they may not see it."""
        if not self.site.is_registered(model):
            return None
        page: ModelAdmin[Any] = self.site.get_model_admin(model)
        return page if page.has_view_or_change_permission(self.request) else None


def note_viewer(rows: Iterable[object], viewer: Viewer) -> None:
    """Write onto each row who looks, for what is shown of it without a request."""
    for row in rows:
        setattr(row, _VIEWER, viewer)


def viewer_of(row: object) -> Viewer | None:
    """Return who looks at a row; None where that is not known: then nothing is shown that needs a permission."""
    viewer: Viewer | None = getattr(row, _VIEWER, None)
    return viewer


class ViewedPage(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """A page whose columns and fields know who looks."""

    def has_spend_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may run the actions of this list that spend; each asks for its leads besides."""
        may_operate = getattr(self, "has_operate_permission", None)
        return bool(request.user.has_perm(SPEND_CREDITS) and may_operate and may_operate(request))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:  # noqa: ANN401 - a row of any model
        """Return the row, and note on it who looks."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            note_viewer([row], Viewer.of(self, request))
        return row

    def get_changelist_instance(self, request: HttpRequest) -> Any:  # noqa: ANN401 - Django's ChangeList
        """Return the list, and note on its rows who looks."""
        changes = super().get_changelist_instance(request)
        note_viewer(changes.result_list, Viewer.of(self, request))
        return changes
