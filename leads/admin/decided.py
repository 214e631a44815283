"""Buttons on the page of one row: what its list can do with it, for who may do that there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from leads.admin.links import page_url
from leads.admin.viewing import ViewedPage, Viewer, viewer_of


class DecidedPage(ViewedPage):
    """Each action of the list that makes sense for a row is a button on the row's own page, and comes back there."""

    def decisions_of(self, row: Any) -> Sequence[str]:  # noqa: ANN401 - a row of any model
        """Return the names of the actions that make sense for a row as it is."""
        raise NotImplementedError

    def buttons_of(self, row: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - as above
        """Return what who looks may decide about a row, each with its words."""
        viewer = viewer_of(row)
        actions = self.get_actions(viewer.request) if viewer else {}
        return [
            (name, _words(actions[name])) for name in (self.decisions_of(row) if actions else ()) if name in actions
        ]

    def decide_url(self, row: Any) -> str:  # noqa: ANN401 - as above
        """Return where the buttons lead."""
        return reverse(f"admin:{self._decide_name}", args=[row.pk], current_app=self.admin_site.name)

    def buttons(self, row: Any) -> SafeString | str:  # noqa: ANN401 - as above
        """Return the buttons, as they stand in the form of the page."""
        offered = self.buttons_of(row)
        context = {"buttons": offered, "decide_url": self.decide_url(row) if offered else ""}
        return render_to_string("admin/leads/decide_buttons.html", context) if offered else "–"

    def get_urls(self) -> list[URLPattern]:
        """Add where the buttons lead."""
        view = self.admin_site.admin_view(self.decide_view)
        return [path("<uuid:pk>/decide/", view, name=self._decide_name), *super().get_urls()]

    def decide_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Decide about one row, as the action of the list does; a page in between posts here again."""
        row = self.seen_row(request, pk)
        page = page_url(Viewer.of(self, request), self.model, row.pk)
        if request.method != "POST":
            return HttpResponseRedirect(page)
        decision = request.POST.get("decide") or request.POST.get("action", "")
        if decision not in (self.actions or ()) or decision not in self.get_actions(request):
            raise PermissionDenied
        answer: HttpResponse | None = getattr(self, decision)(request, self.get_queryset(request).filter(pk=row.pk))
        return answer or HttpResponseRedirect(page)

    def seen_row(self, request: HttpRequest, pk: uuid.UUID) -> Any:  # noqa: ANN401 - as above
        """Return a row for who may see it, as its own page does. Raises Http404 and PermissionDenied."""
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    @property
    def _decide_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_decide"


def _words(action: Any) -> str:  # noqa: ANN401 - a tuple before Django 6.1
    """Return what an action is called."""
    return str(action[2] if isinstance(action, tuple) else action.description)
