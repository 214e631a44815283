"""Results that fit nobody: a page to give one to a lead, and a page to drop some. Nothing happens before *Confirm*."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.messages import ERROR, SUCCESS, WARNING
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from enrow_webhooks import admin_log
from enrow_webhooks.admin import confirmation_page
from leads import reading
from leads.admin.calling import called
from leads.admin.rights import may_give
from leads.admin.values import NOT_SHOWN
from leads.admin.viewing import Viewer
from leads.models import LeadSearch
from leads.results import aside

# Results that are dropped at once: the page shows each.
_MOST = 200
_NONE = "Only results that are kept aside can be given to a lead or dropped."


class LeadForm(forms.Form):
    """Whose the result is."""

    crm_id = forms.CharField(label=_("CRM id of the lead"), max_length=128, strip=False)

    def __init__(self, viewer: Viewer, data: Any = None) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(data)
        self._viewer = viewer

    def clean_crm_id(self) -> str:
        """Refuse a name that no lead has whom the user may search."""
        crm_id: str = self.cleaned_data["crm_id"]
        if not may_give(self._viewer, crm_id):
            raise forms.ValidationError(_("There is no lead with this CRM id."))
        return crm_id


def give(page: ModelAdmin[LeadSearch], request: HttpRequest, queryset: QuerySet[LeadSearch]) -> HttpResponse | None:
    """Ask whose a result is; once that is confirmed, give it to that lead and return None."""
    rows = list(_waiting(queryset).exclude(outcome__in=LeadSearch.FAILURES)[:2])
    if len(rows) != 1:
        sentence = "Choose one result that is kept aside and can be used; what cannot be used can only be dropped."
        page.message_user(request, sentence, WARNING)
        return None
    (search,) = rows
    form = LeadForm(Viewer.of(page, request), request.POST if "confirm" in request.POST else None)
    if not form.is_valid():
        return _page(page, request, rows, {"title": _("Give to a lead"), "action": "give", "form": form})
    crm_id = form.cleaned_data["crm_id"]
    if not aside.give(search.pk, crm_id, by=request.user.get_username()):
        page.message_user(request, _NONE, ERROR)
        return None
    search.refresh_from_db()
    admin_log.note(request, LeadSearch, [search], f"Given to lead {crm_id}.")
    named = called(next(iter(reading.candidates([(search.model, crm_id)]).values()), None), crm_id)
    sentence = _("Given to lead %(lead)s: %(effect)s.") % {"lead": named, "effect": search.get_effect_display()}
    page.message_user(request, sentence, SUCCESS)
    return None


def drop(page: ModelAdmin[LeadSearch], request: HttpRequest, queryset: QuerySet[LeadSearch]) -> HttpResponse | None:
    """Show what would be dropped; once that is confirmed, drop it and return None."""
    rows = list(_waiting(queryset)[:_MOST])
    if not rows:
        page.message_user(request, _NONE, WARNING)
        return None
    if "confirm" not in request.POST:
        return _page(page, request, rows, {"title": _("Drop"), "action": "drop"})
    done = [search for search in rows if aside.drop(search.pk, by=request.user.get_username())]
    admin_log.note(request, LeadSearch, done, "Dropped: nobody gets this result.")
    page.message_user(request, f"Dropped: {len(done)}.", SUCCESS)
    return None


def _waiting(queryset: QuerySet[LeadSearch]) -> QuerySet[LeadSearch]:
    return queryset.filter(effect=LeadSearch.Effect.ASIDE)


def _page(
    page: ModelAdmin[LeadSearch], request: HttpRequest, rows: list[LeadSearch], context: dict[str, Any]
) -> HttpResponse:
    # Exactly what is shown, whatever the list shows by then.
    hidden = "" if Viewer.of(page, request).sees_values else NOT_SHOWN
    shown = {"rows": rows, "hidden": hidden, "chosen": [search.pk for search in rows], "select_across": "0"}
    return confirmation_page(page, request, "admin/leads/aside_confirmation.html", {**shown, **context})
