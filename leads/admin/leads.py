"""The page of ``leads.Lead``."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.admin import BigTableAdmin
from leads import reading, search_indexes
from leads.admin import people
from leads.admin.calling import called
from leads.admin.enrichment import EnrichmentAdminMixin
from leads.admin.narrowing import NARROWING
from leads.csvfiles.finding import domain_of
from leads.kinds import VALUES, KindFacts
from leads.models import Lead
from leads.models.leads import SEARCHED

# What tells who somebody is.
_TELLING = {*SEARCHED, "linkedin_url", *(facts.value for facts in VALUES)} - {"crm_id"}
_VERDICTS = tuple(name for facts in VALUES for name in (facts.status, facts.checked_at))


_NAMES = {field.name: field.verbose_name for field in Lead._meta.concrete_fields}


def _fieldset(facts: KindFacts) -> tuple[Any, Any]:
    """Return the part of the page about one value."""
    value = (facts.value, facts.country) if facts.country else facts.value
    return capfirst(_NAMES[facts.value]), {"fields": (value, (facts.status, facts.checked_at))}


class LeadForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """A lead of whom something is known."""

    def clean(self) -> dict[str, Any]:
        """Refuse a new lead of whom nothing was typed but a CRM id or a country: nothing could be searched for it."""
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk is None and not any(told.get(name) for name in _TELLING):
            raise forms.ValidationError(_("Type at least a name, a company, a LinkedIn profile, an e-mail or a phone."))
        return told


@admin.register(Lead)
class LeadAdmin(EnrichmentAdminMixin, BigTableAdmin):
    """The page of ``leads.Lead``."""

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["leads/lists.css"]}

    form = LeadForm
    # Its statuses are columns of its own.
    shows_enrichment = False

    fieldsets = (
        (None, {"fields": ("crm_id", ("firstname", "lastname"), "fullname", "linkedin_url")}),
        (_("Company"), {"fields": ("company_name", "company_domain", "country_code")}),
        *map(_fieldset, VALUES),
        (_("History"), {"fields": ("values", ("created_at", "updated_at"), "history")}),
    )

    list_display: tuple[str, ...] = (
        "crm_id",
        "display_name",
        "company",
        *(name for facts in VALUES for name in (facts.value, facts.status)),
        "updated_at",
    )
    # Filters, searches and orders that an index answers: the table may have millions of rows.
    list_filter: ClassVar[tuple[Any, ...]] = (*(facts.status for facts in VALUES), *NARROWING)
    search_fields: ClassVar[tuple[str, ...]] = tuple(f"{name}__istartswith" for name in SEARCHED)
    search_help_text = _(
        "The beginning of a name, a company, a domain or web address, an e-mail address or a CRM id, at least two "
        "letters. First and last name in any order."
    )
    sortable_by: ClassVar[tuple[str, ...]] = ("crm_id", "updated_at")
    readonly_fields: ClassVar[tuple[str, ...]] = (*_VERDICTS, "created_at", "updated_at", "values", "history")

    @admin.display(description=_("company"))
    def company(self, lead: Lead) -> str:
        """Show the domain, else the name."""
        return domain_of(lead.company_domain) or lead.company_name

    @admin.display(description=_("values"))
    def values(self, lead: Lead) -> str:
        """Show what is known of each value, and what to do about it."""
        return self.enrichment_values(lead)

    @admin.display(description=_("history"))
    def history(self, lead: Lead) -> str:
        """Show the latest searches for the lead, with a link to all."""
        return self.enrichment_history(lead)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find leads by what a person knows of them; see ``leads.admin.people``."""
        term = people.term_of(search_term)
        if not term:
            return queryset, False
        anywhere = people.is_part(term) and search_indexes.is_there(queryset.db)
        return people.narrowed(queryset, term, anywhere=anywhere), False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ANN401 - a lead
        """A lead's CRM id is typed once: its history, and results that are under way, find it by that."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if obj is None else ("crm_id", *fields)

    def response_add(self, request: HttpRequest, obj: Lead, post_url_continue: str | None = None) -> HttpResponse:
        """Say by name who was added; Django's log, which is written before, keeps the CRM id alone."""
        return super().response_add(request, _named(obj), post_url_continue)

    def response_change(self, request: HttpRequest, obj: Lead) -> HttpResponse:
        """Say by name who was changed."""
        return super().response_change(request, _named(obj))


def _named(lead: Lead) -> Lead:
    """Let a lead be called by name and company where a person reads of it, from now on."""
    found = reading.candidates([(Lead._meta.label_lower, lead.crm_id)])
    lead.called = called(found.get(lead.crm_id), lead.crm_id)
    return lead
