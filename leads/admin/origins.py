"""What is known of each value of one lead: since when, from which run, who asked, what it cost; and what to do.

*Replace* searches anew and overwrites. *Put the old value back* takes back what we wrote, as long as it stands there.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.contrib.messages import ERROR, SUCCESS
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from enrow_webhooks import admin_log
from enrow_webhooks.admin import admin_page
from leads import reading, statuses
from leads.admin.buttons import ButtonsMixin, priced
from leads.admin.links import page_url
from leads.admin.searches import cost
from leads.admin.viewing import Viewer, viewer_of
from leads.kinds import VALUES, WORDS, Candidate, KindFacts
from leads.models import EnrichmentRun, LeadSearch
from leads.results import undoing
from leads.results.undoing import NotPutBack

_GONE = _("Nothing was put back: the lead has another value by now than the one that was found.")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Origin:
    """One value of a lead, in words, and where its buttons lead; blank: not offered."""

    name: str
    status: str
    since: dt.datetime | None
    search: LeadSearch | None
    run_url: str
    credits: str
    replace: str
    replace_url: str
    back_url: str


class OriginsMixin(ButtonsMixin):
    """Adds a table of the values to the form, with its buttons."""

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["leads/live.css"]}

    @admin.display(description=_("values"))
    def enrichment_values(self, lead: Any) -> str:  # noqa: ANN401 - a lead of any model
        """Show what is known of each value of the lead; a constant number of queries."""
        viewer = viewer_of(lead)
        if viewer is None or not self.is_visible(lead):
            return ""
        return render_to_string("admin/leads/origins.html", {"rows": self._origins(viewer, lead)})

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that the buttons open."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        replace, back = self.admin_site.admin_view(self.replace_view), self.admin_site.admin_view(self.put_back_view)
        own = [
            path("<path:object_id>/replace/<str:kind>/", replace, name=f"{name}_replace"),
            path("<path:object_id>/put-back/<int:search>/", back, name=f"{name}_put_back"),
        ]
        return [*own, *super().get_urls()]

    def replace_view(self, request: HttpRequest, object_id: str, kind: str) -> HttpResponse:
        """Show what a new search costs whose result replaces what the lead has; once confirmed, queue it."""
        return self.search_view(request, object_id, kind, overwrite=True)

    def put_back_view(self, request: HttpRequest, object_id: str, search: int) -> HttpResponse:
        """Show what is there and what would be; once that is confirmed, put the old value back."""
        lead = self.get_object(request, unquote(object_id))
        if lead is None:
            raise Http404
        if not self._may_put_back(request, lead):
            raise PermissionDenied
        back, known = self.page_of(request, "change", object_id), self._candidate(lead)
        row = LeadSearch.objects.filter(pk=search, crm_id=known.crm_id if known else "").first()
        facts = next((one for one in VALUES if row and known and _is_about(one, known, row)), None)
        if row is None or facts is None:
            self.message_user(request, _GONE, ERROR)
        elif request.method != "POST":
            about = {"name": capfirst(facts.bare_noun), "now": row.value, "before": row.value_before, "list_url": back}
            title = _("Put the old value back")
            return admin_page(self, request, "admin/leads/put_back.html", {"title": title, "original": lead, **about})
        else:
            self._put_back(request, row)
        return HttpResponseRedirect(back)

    def _put_back(self, request: HttpRequest, search: LeadSearch) -> None:
        try:
            is_done = undoing.put_back(search.pk)
        except NotPutBack as refusal:
            self.message_user(request, _("Nothing was put back. %s") % refusal, ERROR)
            return
        if is_done:
            # On the search, whose name is the CRM id: forgetting finds it there, whatever the lead's model.
            admin_log.note(request, LeadSearch, [search], "Put the old value back.")
        self.message_user(request, _("The old value is back.") if is_done else _GONE, SUCCESS if is_done else ERROR)

    def _may_put_back(self, request: HttpRequest, lead: Any) -> bool:  # noqa: ANN401 - a lead of any model
        """Tell whether the user may change the lead and see what was found."""
        may = self.may_open(request, lead) and self.has_change_permission(request, lead)
        return may and Viewer.of(self, request).sees_values

    def _candidate(self, lead: Any) -> Candidate | None:  # noqa: ANN401 - a lead of any model
        crm_id = self.lead_mapping.crm_id(self.lead_mapping.key_of(lead))
        return reading.candidates([(self.lead_mapping.label, crm_id)]).get(crm_id)

    def _origins(self, viewer: Viewer, lead: Any) -> list[Origin]:  # noqa: ANN401 - a lead of any model
        known, request = self._candidate(lead), viewer.request
        if known is None:
            return []
        searches, verdicts = undoing.written(known.crm_id), reading.verdicts(self.lead_mapping, known)
        may_undo, offered = self._may_put_back(request, lead), self.offered(request)
        origins = []
        for facts in VALUES:
            if not self.lead_mapping.source(facts.value):
                continue
            value, (status, since) = getattr(known, facts.value), verdicts[facts.value]
            search = undoing.latest(facts, value, searches)
            undo = undoing.undoable(facts, value, searches) if may_undo else None
            kind = WORDS[facts.word]
            may_replace = kind in offered and facts.is_value(value) and self.may_open(request, lead)
            origins.append(
                Origin(
                    name=capfirst(facts.bare_noun),
                    status=str(statuses.labels(facts).get(status, status)),
                    since=since,
                    search=search,
                    run_url=page_url(viewer, EnrichmentRun, search.job.run) if search else "",
                    credits=cost(search) if search else "",
                    replace=priced(_("Replace"), kind),
                    replace_url=self.page_of(request, "replace", quote(lead.pk), kind) if may_replace else "",
                    back_url=self.page_of(request, "put_back", quote(lead.pk), undo.pk) if undo else "",
                )
            )
        return origins


def _is_about(facts: KindFacts, known: Candidate, search: LeadSearch) -> bool:
    """Tell whether a lead has the value that a search wrote in place of another."""
    return undoing.undoable(facts, getattr(known, facts.value), [search]) is not None
