"""Forms of a mapped model that lose no result: one that comes while a form is open stays when the form is saved.

The form remembers what the person saw. What they left untouched is taken from the locked row before the project's own
code sees the lead, so that its ``save_model()`` and ``save()`` compute from what is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django import forms
from django.contrib.admin.options import BaseModelAdmin, InlineModelAdmin
from django.db import connections, models, transaction
from django.http import HttpRequest

from leads.admin.mapped import MappedPage
from leads.kinds import VALUES
from leads.mapping import LeadMapping, registry
from leads.reading import text

# What enrichment writes and a person may edit too, and what is known of it.
_VALUES = tuple(name for facts in VALUES for name in (facts.value, facts.country) if name)
_VERDICTS = tuple(name for facts in VALUES for name in (facts.status, facts.checked_at))
# Where a form keeps that its lead is up to date, and stays so until it is saved.
_FRESH = "_leads_fresh"
# Where a lead keeps that it was not read from its table. Later Django does not tell: to set a relation changes that.
_MEANT = "_leads_meant"


class _RemembersMixin(BaseModelAdmin):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """Lets the form remember the values that the person saw: enrichment may write others while it is open."""

    def formfield_for_dbfield(
        self,
        db_field: models.Field[Any, Any],
        request: HttpRequest,
        **kwargs: Any,  # noqa: ANN401 - as Django's own
    ) -> forms.Field | None:
        """Let the form bring back what it showed of what enrichment writes."""
        mapping = registry.of(self.model)
        if mapping is not None and db_field.name in set(_columns(mapping, _VALUES)):
            kwargs["show_hidden_initial"] = True
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class EditingMixin(_RemembersMixin, MappedPage):
    """For the page of a mapped model: its form, and what is edited in its list."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the page's own form, and note whether it shows the row as it is."""
        if obj is not None and obj._state.db is None:  # noqa: SLF001 - documented
            setattr(obj, _MEANT, True)
        return super().get_form(request, obj, change=change, **kwargs)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the lead as it is to be saved: with the results that came since the page was opened."""
        lead = super().save_form(request, form, change)
        refresh(self.lead_mapping, form, lead, is_new=not change)
        return lead

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ANN401 - Django's own signature
        """Save what the person edited and nothing else of what enrichment writes; a new value starts as never tried."""
        mapping = self.lead_mapping
        with transaction.atomic(using=mapping.alias):
            refresh(mapping, form, obj, is_new=not change)
            super().save_model(request, obj, form, change)


class _KeepsResults(forms.BaseModelFormSet):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """The rows of an inline; put in front of the formset that it has."""

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> Any:  # noqa: ANN401 - Django's own signature
        """Save a row with the results that came since the page was opened."""
        mapping = registry.of(form.instance._meta.model)
        if mapping is None:
            return super().save_existing(form, obj, commit=commit)
        with transaction.atomic(using=mapping.alias):
            refresh(mapping, form, form.instance, is_new=False)
            return super().save_existing(form, obj, commit=commit)

    def add_fields(self, form: Any, index: int | None) -> None:  # noqa: ANN401 - Django's own signature
        """Of a row that is saved as a new one nothing was there before: all of it counts as edited."""
        super().add_fields(form, index)
        if getattr(self, "save_as_new", False):
            for field in form.fields.values():
                field.show_hidden_initial = False


class EnrichmentInlineMixin(_RemembersMixin, InlineModelAdmin):  # type: ignore[type-arg]  # as above
    """Put it in front of an inline whose model is mapped: a result that comes while the form is open is not lost."""

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the inline's own formset, which takes results from the locked rows."""
        own = kwargs.get("formset", self.formset)
        kwargs["formset"] = type(own.__name__, (_KeepsResults, own), {})
        return super().get_formset(request, obj, **kwargs)


def refresh(mapping: LeadMapping, form: Any, lead: Any, *, is_new: bool) -> None:  # noqa: ANN401 - a form, and a lead of any model
    """Take what the person did not edit from the locked row, and blank what is known of a value that they did edit.

    Once per form, as far as the row stays locked until the caller's transaction ends. A lead that was not read from the
    database, like an older version of it, is meant as it is.
    """
    if getattr(form, _FRESH, False) or getattr(lead, _MEANT, False):
        return
    edited = set(form.changed_data)
    with transaction.atomic(using=mapping.alias, savepoint=False):
        row = {} if is_new else _locked(mapping, lead)
        for name in row.keys() - edited:
            setattr(lead, name, row[name])
        _forget_verdicts(mapping, lead, {name for name in edited if _differs(lead, row, name)}, kept=edited)
    setattr(form, _FRESH, connections[mapping.alias].in_atomic_block)


def editable_values(mapping: LeadMapping) -> list[str]:
    """Return the model's own columns that enrichment writes and that a form may edit."""
    names = list(_columns(mapping, _VALUES))
    return [name for name in names if mapping.model._meta.get_field(name).editable]


def _locked(mapping: LeadMapping, lead: Any) -> dict[str, Any]:  # noqa: ANN401 - a lead of any model
    """Lock the row, and return what is in it of what enrichment writes; nothing of a row that was deleted."""
    names = list(_columns(mapping, (*_VALUES, *_VERDICTS)))
    # A child may have another primary key.
    own = mapping.rows().select_for_update().filter(pk=mapping.model._meta.pk.value_from_object(lead))
    found = own.values(*names).first() if names else None
    return dict(found or {})


def _differs(lead: Any, row: dict[str, Any], name: str) -> bool:  # noqa: ANN401 - a lead of any model
    return name not in row or text(getattr(lead, name)) != text(row[name])


def _forget_verdicts(mapping: LeadMapping, lead: Any, changed: set[str], *, kept: set[str]) -> None:  # noqa: ANN401 - a lead
    """The old verdict was about the old value. One that is kept beside the table falls by itself."""
    for facts in VALUES:
        if not changed & set(_columns(mapping, [facts.value])):
            continue
        blanks = {facts.status: "", facts.checked_at: None, facts.country: ""}
        for name, blank in blanks.items():
            for column in _columns(mapping, [name] if name else []):
                if column not in kept:
                    field = mapping.model._meta.get_field(column)
                    setattr(lead, column, None if blank == "" and field.null else blank)


def _columns(mapping: LeadMapping, names: Collection[str]) -> Iterator[str]:
    """Yield the model's own names of those fields of a lead that are its columns."""
    for name in names:
        field = None if mapping.has_own_write and name in _VALUES else mapping.column(name)
        if field is not None:
            yield field.name
