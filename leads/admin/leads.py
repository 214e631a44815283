"""Leads: columns, history, and editing that never loses what was paid for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models, router, transaction
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.admin import BigTableAdmin
from leads.admin.actions import EnrichActionsMixin
from leads.admin.forgetting import ForgetActionMixin
from leads.admin.searches import table
from leads.kinds import VALUES, KindFacts
from leads.models import Lead, LeadSearch

# What enrichment writes and a person may edit too.
_VALUES = tuple(name for facts in VALUES for name in (facts.value, facts.country) if name)
_VERDICTS = tuple(name for facts in VALUES for name in (facts.status, facts.checked_at))


class LeadAdminMixin(ForgetActionMixin, EnrichActionsMixin, BigTableAdmin):
    """Everything that the admin of a lead model needs; put it in front of ``ModelAdmin``."""

    actions: Sequence[Any] = (*EnrichActionsMixin.actions, *ForgetActionMixin.actions)

    list_display: tuple[str, ...] = (
        "crm_id",
        "display_name",
        "company",
        *(name for facts in VALUES for name in (facts.value, facts.status)),
        "updated_at",
    )
    # Filters, searches and orders that an index answers: the table may have millions of rows.
    list_filter: ClassVar[tuple[Any, ...]] = tuple(facts.status for facts in VALUES)
    search_fields: ClassVar[tuple[str, ...]] = ("crm_id__startswith", "email__exact", "company_domain__exact")
    search_help_text = _("The beginning of a CRM id, a whole e-mail address or a whole company domain; capitals count.")
    sortable_by: ClassVar[tuple[str, ...]] = ("crm_id", "updated_at")
    readonly_fields: ClassVar[tuple[str, ...]] = (*_VERDICTS, "created_at", "updated_at", "history")

    @admin.display(description=_("company"))
    def company(self, lead: Lead) -> str:
        """Show the domain, else the name."""
        return lead.company_domain or lead.company_name

    @admin.display(description=_("history"))
    def history(self, lead: Lead) -> str:
        """Show the latest searches for the lead, with a link to all."""
        return table(self.admin_site, LeadSearch.objects.filter(crm_id=lead.crm_id).order_by("-id"), crm_id=lead.crm_id)

    def get_readonly_fields(self, request: HttpRequest, obj: Lead | None = None) -> tuple[str, ...]:
        """A lead's CRM id is typed once: its history, and results that are under way, find it by that."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if obj is None else ("crm_id", *fields)

    def formfield_for_dbfield(
        self,
        db_field: models.Field[Any, Any],
        request: HttpRequest,
        **kwargs: Any,  # noqa: ANN401 - as Django's own
    ) -> forms.Field | None:
        """Let the form remember the values that the person saw: enrichment may write others while it is open."""
        if db_field.name in _VALUES:
            kwargs["show_hidden_initial"] = True
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Lead, form: forms.BaseForm, change: bool) -> None:
        """Save what the person edited and nothing else of what enrichment writes; a new value starts as never tried."""
        with transaction.atomic(using=router.db_for_write(type(obj))):
            if change:
                _take_fresh(obj, set(form.changed_data))
            _forget_verdicts(obj, form.changed_data)
            super().save_model(request, obj, form, change)


def _take_fresh(lead: Lead, edited: Collection[str]) -> None:
    """Lock the row, and read again what enrichment may have written since the page was opened."""
    names = [name for name in (*_VALUES, *_VERDICTS) if name not in edited]
    row = type(lead)._default_manager.select_for_update().filter(pk=lead.pk).values(*names).first()
    for name, value in (row or {}).items():
        setattr(lead, name, value)


def _forget_verdicts(lead: Lead, edited: Collection[str]) -> None:
    """The old verdict was about the old value."""
    for facts in VALUES:
        if facts.value in edited:
            setattr(lead, facts.status, "")
            setattr(lead, facts.checked_at, None)
            if facts.country and facts.country not in edited:
                setattr(lead, facts.country, "")


_NAMES = {field.name: field.verbose_name for field in Lead._meta.concrete_fields}


def _fieldset(facts: KindFacts) -> tuple[Any, Any]:
    """Return the part of the page about one value."""
    value = (facts.value, facts.country) if facts.country else facts.value
    return capfirst(_NAMES[facts.value]), {"fields": (value, (facts.status, facts.checked_at))}


@admin.register(Lead)
class LeadAdmin(LeadAdminMixin):
    """The page of ``leads.Lead``."""

    fieldsets = (
        (None, {"fields": ("crm_id", ("firstname", "lastname"), "fullname", "linkedin_url")}),
        (_("Company"), {"fields": ("company_name", "company_domain", "country_code")}),
        *map(_fieldset, VALUES),
        (_("History"), {"fields": (("created_at", "updated_at"), "history")}),
    )
