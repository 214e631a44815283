"""What the admin page of any mapped model needs: actions that search, what is known, the history, safe editing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core import checks
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.client.values import Kind
from leads import reading
from leads.admin.banner import HomeBannerMixin
from leads.admin.confirmation import confirm
from leads.admin.forgetting import ForgetActionMixin
from leads.admin.known import FILTERS
from leads.admin.searches import table
from leads.arguments import how_to_map
from leads.kinds import KINDS, VALUES
from leads.mapping import LeadMapping, registry
from leads.models import LeadSearch

_Action = Callable[["EnrichmentAdminMixin", HttpRequest, QuerySet[Any]], HttpResponse | None]


def _action(kind: Kind) -> _Action:
    """Return the action of one kind of search; its name in the request is the kind's own."""

    def act(page: EnrichmentAdminMixin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        leads = page.lead_mapping.visible_to(request.user, queryset)
        return confirm(page, request, leads, kind, at_most=page.max_enriched)

    act.__name__ = kind.value
    return admin.action(description=capfirst(KINDS[kind].label), permissions=["enrich"])(act)


class EnrichmentAdminMixin(ForgetActionMixin, HomeBannerMixin):
    """Put it in front of the ModelAdmin of a mapped model: it adds to what that one has, and replaces nothing.

    Each kind of search is an action, with a page that shows the cost before anything is spent. The list has a column,
    and the form a part, with what is known. Results that come while a form is open are not lost when it is saved.
    """

    # More leads than this would make the request time out; the command enrich_leads has no such limit.
    max_enriched = 100_000
    # Whether the list gets the column, and the form the part.
    shows_enrichment = True

    def __init__(self, model: type[models.Model], admin_site: admin.AdminSite) -> None:
        """Add our actions to the page's own; a page without actions gets none."""
        super().__init__(model, admin_site)
        if self.actions is not None:
            self.actions = [*_ACTIONS, *(action for action in self.actions if action not in _ACTIONS)]

    @property
    def lead_mapping(self) -> LeadMapping:
        """The mapping of this page's model. Raises LookupError when there is none; a check says so before."""
        mapping = registry.of(self.model)
        if mapping is None:
            raise LookupError(f"{self.model._meta.label} is not mapped to leads.")
        return mapping

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
        """Tell whether the user may spend credits: everybody who may change leads. Override it to ask for more."""
        return self.has_change_permission(request)

    # --- Added to what the page has.

    def get_list_display(self, request: HttpRequest) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the page's own columns, and the one with what is known."""
        columns = super().get_list_display(request)
        return (*columns, "enrichment") if self.shows_enrichment and "enrichment" not in columns else columns

    def get_list_filter(self, request: HttpRequest) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the page's own filters, and those with what is known of each value."""
        filters = super().get_list_filter(request)
        return (*filters, *(one for one in FILTERS if one not in filters)) if self.shows_enrichment else filters

    def get_changelist_instance(self, request: HttpRequest) -> Any:  # noqa: ANN401 - Django's ChangeList
        """Return the list, with what is known of its leads; a constant number of queries more."""
        changes = super().get_changelist_instance(request)
        if self.shows_enrichment:
            self._note(list(changes.result_list))
        return changes

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the page's own, and ours where there is a lead."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, *_PART) if obj is not None and self.shows_enrichment else fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the page's own parts, and ours behind them."""
        parts: list[tuple[Any, dict[str, Any]]] = [
            (title, dict(options)) for title, options in super().get_fieldsets(request, obj)
        ]
        if obj is None or not self.shows_enrichment:
            return parts
        for _title, options in parts:
            options["fields"] = [name for name in options["fields"] if name not in _PART]
        return [*parts, (_("Enrichment"), {"fields": _PART})]

    @admin.display(description=_("enrichment"))
    def enrichment(self, lead: Any) -> str:  # noqa: ANN401 - a lead of any model
        """Show what is known of each value."""
        if not hasattr(lead, _NOTE):
            self._note([lead])
        return str(getattr(lead, _NOTE))

    @admin.display(description=_("history"))
    def enrichment_history(self, lead: Any) -> str:  # noqa: ANN401 - a lead of any model
        """Show the latest searches for the lead, with a link to all."""
        crm_id = self.lead_mapping.crm_id(_key(self.lead_mapping, lead))
        searches = LeadSearch.objects.filter(crm_id=crm_id).order_by("-id")
        return table(self.admin_site, searches, crm_id=crm_id)

    def _note(self, leads: Sequence[Any]) -> None:
        """Write onto each lead what is known of its values."""
        mapping = self.lead_mapping
        names = {mapping.crm_id(_key(mapping, lead)): lead for lead in leads}
        rows = reading.candidates([(mapping.label, crm_id) for crm_id in names])
        known = reading.known(mapping, rows.values())
        for crm_id, lead in names.items():
            setattr(lead, _NOTE, known.get(crm_id, ""))

    # --- Editing that loses nothing.

    def formfield_for_dbfield(
        self,
        db_field: models.Field[Any, Any],
        request: HttpRequest,
        **kwargs: Any,  # noqa: ANN401 - as Django's own
    ) -> forms.Field | None:
        """Let the form remember the values that the person saw: enrichment may write others while it is open."""
        if db_field.name in set(_columns(self.lead_mapping, _VALUES)):
            kwargs["show_hidden_initial"] = True
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: forms.BaseForm, change: bool) -> None:  # noqa: ANN401 - a lead
        """Save what the person edited and nothing else of what enrichment writes; a new value starts as never tried."""
        mapping = self.lead_mapping
        with transaction.atomic(using=mapping.alias):
            if change:
                _take_fresh(mapping, obj, set(form.changed_data))
            _forget_verdicts(mapping, obj, set(form.changed_data))
            super().save_model(request, obj, form, change)


_ACTIONS: tuple[Any, ...] = (*map(_action, KINDS), "forget")
# Where a lead keeps in words what is known of it, while a page is made.
_NOTE = "_leads_enrichment"
_PART = ("enrichment", "enrichment_history")
# What enrichment writes and a person may edit too, and what is known of it.
_VALUES = tuple(name for facts in VALUES for name in (facts.value, facts.country) if name)
_VERDICTS = tuple(name for facts in VALUES for name in (facts.status, facts.checked_at))


def _key(mapping: LeadMapping, lead: Any) -> Any:  # noqa: ANN401 - whatever the key is
    return lead.pk if mapping.crm_id_field == "pk" else getattr(lead, mapping.crm_id_field)


def _columns(mapping: LeadMapping, names: Collection[str]) -> Iterator[str]:
    """Yield the model's own names of those fields of a lead that are its columns."""
    for name in names:
        field = None if mapping.has_own_write and name in _VALUES else mapping.column(name)
        if field is not None:
            yield field.name


def _take_fresh(mapping: LeadMapping, lead: Any, edited: set[str]) -> None:  # noqa: ANN401 - a lead of any model
    """Lock the row, and read again what enrichment may have written since the page was opened."""
    names = [name for name in _columns(mapping, (*_VALUES, *_VERDICTS)) if name not in edited]
    row = mapping.rows().select_for_update().filter(pk=lead.pk).values(*names).first() if names else None
    for name, value in (row or {}).items():
        setattr(lead, name, value)


def _forget_verdicts(mapping: LeadMapping, lead: Any, edited: set[str]) -> None:  # noqa: ANN401 - a lead of any model
    """The old verdict was about the old value. One that is kept beside the table falls by itself."""
    for facts in VALUES:
        if not edited & set(_columns(mapping, [facts.value])):
            continue
        blanks = {facts.status: "", facts.checked_at: None, facts.country: ""}
        for name, blank in blanks.items():
            for column in _columns(mapping, [name] if name else []):
                if column not in edited:
                    field = mapping.model._meta.get_field(column)
                    setattr(lead, column, None if blank == "" and field.null else blank)
