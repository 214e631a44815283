"""What the admin page of any mapped model needs: actions that search, what is known, the history, safe editing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.admin_errors import told
from enrow_webhooks.client.values import Kind
from leads import reading
from leads.admin.banner import HomeBannerMixin
from leads.admin.confirmation import confirm
from leads.admin.editing import EditingMixin
from leads.admin.files import FilesMixin
from leads.admin.forgetting import ForgetActionMixin
from leads.admin.known import FILTERS
from leads.admin.narrowing import NARROWING
from leads.admin.origins import OriginsMixin
from leads.admin.searches import table
from leads.admin.viewing import viewer_of
from leads.kinds import KINDS
from leads.models import LeadSearch

_Action = Callable[["EnrichmentAdminMixin", HttpRequest, QuerySet[Any]], HttpResponse | None]


def _action(kind: Kind) -> _Action:
    """Return the action of one kind of search; its name in the request is the kind's own."""

    def act(page: EnrichmentAdminMixin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return confirm(page, request, page.visible_leads(request, queryset), kind, at_most=page.max_enriched)

    act.__name__ = kind.value
    return admin.action(description=capfirst(KINDS[kind].label), permissions=["enrich"])(act)


class EnrichmentAdminMixin(ForgetActionMixin, OriginsMixin, FilesMixin, EditingMixin, HomeBannerMixin):
    """Put it in front of the ModelAdmin of a mapped model: it adds to what that one has, and replaces nothing.

    Each kind of search is an action, and a button on the form, with a page that shows the cost before anything is
    spent. The list has a column and filters, and the form a part, with what is known, where the user may see the lead.
    Files come in and go out at the list. Results that come while a form is open are not lost when it is saved.
    """

    # More leads than this would make the request time out; the command enrich_leads has no such limit.
    max_enriched = 100_000
    # Whether the list gets the column and the filters, and the form the part.
    shows_enrichment = True

    def __init__(self, model: type[models.Model], admin_site: admin.AdminSite) -> None:
        """Add our actions to the page's own; a page without actions gets none."""
        super().__init__(model, admin_site)
        if self.actions is not None:
            self.actions = [*_ACTIONS, *(action for action in self.actions if action not in _ACTIONS)]

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:  # noqa: ANN401 - it differs between versions of Django
        """Carry out an action; where the database fails at one of ours, no row is quoted."""
        act = partial(super().response_action, request, *args, **kwargs)
        is_ours = not _NAMES.isdisjoint(request.POST.getlist("action"))
        return told(act) if is_ours else act()

    def get_list_display(self, request: HttpRequest) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the page's own columns, and the one with what is known."""
        columns = super().get_list_display(request)
        return (*columns, "enrichment") if self.shows_enrichment and "enrichment" not in columns else columns

    def get_list_filter(self, request: HttpRequest) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the page's own filters, and those with what is known, since when, from which run."""
        filters = super().get_list_filter(request)
        return (
            (*filters, *(one for one in (*FILTERS, *NARROWING) if one not in filters))
            if self.shows_enrichment
            else filters
        )

    def get_changelist_instance(self, request: HttpRequest) -> Any:  # noqa: ANN401 - Django's ChangeList
        """Return the list, with what is known of its leads; a constant number of queries more."""
        changes = super().get_changelist_instance(request)
        if self.shows_enrichment:
            leads = list(changes.result_list)
            self.note_visible(request, leads)
            self._note(leads)
        return changes

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the page's own, and ours where there is a lead."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, *_PART) if self._has_part(request, obj) else fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the page's own parts, and ours behind them."""
        parts: list[tuple[Any, dict[str, Any]]] = [
            (title, dict(options)) for title, options in super().get_fieldsets(request, obj)
        ]
        if not self._has_part(request, obj):
            return parts
        for _title, options in parts:
            options["fields"] = [name for name in options["fields"] if name not in _PART]
        return [*parts, (_("Enrichment"), {"fields": _PART})]

    def _has_part(self, request: HttpRequest, lead: Any) -> bool:  # noqa: ANN401 - a lead of any model
        """Tell whether the form has our part. Where the page names our fields itself, they look at that, too."""
        return lead is not None and self.is_visible(lead, request) and self.shows_enrichment

    @admin.display(description=_("enrichment"))
    def enrichment(self, lead: Any) -> str:  # noqa: ANN401 - a lead of any model
        """Show what is known of each value."""
        if not hasattr(lead, _NOTE):
            self._note([lead])
        return str(getattr(lead, _NOTE))

    @admin.display(description=_("history"))
    def enrichment_history(self, lead: Any) -> str:  # noqa: ANN401 - a lead of any model
        """Show the latest searches for the lead, with who asked and what it cost, and a link to all."""
        if not self.is_visible(lead):
            return ""
        crm_id = self.lead_mapping.crm_id(self.lead_mapping.key_of(lead))
        searches = LeadSearch.objects.filter(crm_id=crm_id).order_by("-id")
        return table(viewer_of(lead), searches, with_cost=True, crm_id=crm_id)

    def _note(self, leads: Sequence[Any]) -> None:
        """Write onto each lead what is known of its values."""
        mapping = self.lead_mapping
        for lead in leads:
            setattr(lead, _NOTE, "")
        names = {mapping.crm_id(mapping.key_of(lead)): lead for lead in leads if self.is_visible(lead)}
        rows = reading.candidates([(mapping.label, crm_id) for crm_id in names])
        known, pending = reading.known(mapping, rows.values()), _pending(names)
        for crm_id, lead in names.items():
            setattr(lead, _NOTE, ", ".join(filter(None, [known.get(crm_id), *pending[crm_id]])))


_ACTIONS: tuple[Any, ...] = (*map(_action, KINDS), "forget")
_NAMES = {*KINDS, "forget"}
# Where a lead keeps in words what is known of it, while a page is made.
_NOTE = "_leads_enrichment"
_PART = ("enrichment", "enrichment_values", "enrichment_history")


def _pending(crm_ids: Collection[str]) -> dict[str, list[str]]:
    """Return in words which values of leads are being searched, by crm_id; one query."""
    kinds: dict[str, set[str]] = {crm_id: set() for crm_id in crm_ids}
    for crm_id, kind in LeadSearch.objects.pending().filter(crm_id__in=list(crm_ids)).values_list("crm_id", "kind"):
        kinds[crm_id].add(KINDS[Kind(kind)].bare_noun)
    return {crm_id: [str(_("%s being searched")) % noun for noun in sorted(nouns)] for crm_id, nouns in kinds.items()}
