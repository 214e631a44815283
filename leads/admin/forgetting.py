"""The action that deletes all traces of people, with a page in between."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.messages import ERROR, SUCCESS
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from enrow_webhooks import admin_log
from enrow_webhooks.admin import confirmation_page
from leads import forgetting, reading
from leads.admin import calling
from leads.admin.links import lead_urls
from leads.admin.values import NOT_SHOWN
from leads.admin.viewing import Viewer
from leads.arguments import how_to_map
from leads.erasing import NotForgotten
from leads.kinds import VALUES, Candidate
from leads.mapping import LeadMapping, registry
from leads.permissions import FORGET_LEAD

# More than these would make the request time out; the command forget_lead has no such limit.
_MOST = 1000
# People whom the page names.
_SHOWN = 20


class ForgetForm(forms.Form):
    """Confirms exactly the people whom the page counted; of several, their number is typed."""

    who = forms.CharField(widget=forms.HiddenInput)
    number = forms.IntegerField(label=_("Type how many leads these are"), required=False, localize=True)

    def __init__(self, crm_ids: Collection[str], data: Any = None) -> None:  # noqa: ANN401 - as Django's own
        who = hashlib.sha256("\n".join(sorted(crm_ids)).encode()).hexdigest()
        super().__init__(data, initial={"who": who})
        self._who, self._number = who, len(crm_ids)
        if self._number == 1:
            del self.fields["number"]

    def clean(self) -> dict[str, Any]:
        """Compare what was shown and typed with whom it would be about by now."""
        told = self.cleaned_data
        if told.get("who") != self._who:
            # The page that is shown now is about those who are selected now.
            self.data = {**{name: self.data.get(name) for name in self.data}, "who": self._who}
            raise forms.ValidationError(_("Other leads are selected by now than were shown. Look again."))
        if self._number > 1 and told.get("number") != self._number:
            raise forms.ValidationError(_("Nothing was forgotten: type the number of leads to confirm."))
        return told


class ForgetActionMixin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """Forget: delete or blank the lead, as its mapping says, and what its searches and events hold."""

    def has_forget_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may forget the leads that they see: who has ``leads.forget_lead``."""
        return bool(request.user.has_perm(FORGET_LEAD))

    @admin.action(description=_("Forget (delete all traces)"), permissions=["forget"])
    def forget(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Show what there is; once that is confirmed, delete it for good."""
        mapping = registry.of(self.model)
        if mapping is None:
            self.message_user(
                request, f"{self.model._meta.label} is not mapped to leads. {how_to_map(self.model)}", ERROR
            )
            return None
        queryset = mapping.visible_to(request.user, queryset)
        keys = queryset.order_by().values_list(mapping.key_name, flat=True)[: _MOST + 1]
        crm_ids = [mapping.crm_id(key) for key in keys]
        if not crm_ids:
            self.message_user(request, _("You may not forget any of the selected leads."), ERROR)
        elif len(crm_ids) > _MOST:
            sentence = _("Forget at most %s leads here; who runs the site can forget more with manage.py forget_lead.")
            self.message_user(request, sentence % f"{_MOST:,}", ERROR)
        else:
            form = ForgetForm(crm_ids, request.POST if "confirm" in request.POST else None)
            if not form.is_valid():
                return self._confirmation(request, mapping, crm_ids, form)
            self._forget(request, crm_ids)
        return None

    def _forget(self, request: HttpRequest, crm_ids: list[str]) -> None:
        try:
            done = forgetting.forget(crm_ids)
        except NotForgotten as error:
            self.message_user(request, str(error), ERROR)
            return
        admin_log.note_all(request, self.model, f"Forgot {done.leads} leads and {done.searches} lead searches.")
        sentence = _("Forgot %(leads)s leads, %(searches)s lead searches and %(bodies)s bodies of events.")
        self.message_user(request, sentence % {name: f"{number:,}" for name, number in asdict(done).items()}, SUCCESS)

    def _confirmation(
        self, request: HttpRequest, mapping: LeadMapping, crm_ids: list[str], form: ForgetForm
    ) -> HttpResponse:
        viewer, shown = Viewer.of(self, request), crm_ids[:_SHOWN]
        names = [(mapping.label, crm_id) for crm_id in shown]
        leads, urls = reading.candidates(names), lead_urls(viewer, names)
        context = {
            "title": _("Forget (delete all traces)"),
            "action": "forget",
            "people": [
                (calling.called(leads.get(crm_id), crm_id), urls.get(crm_id, ""), _known(leads.get(crm_id)))
                for crm_id in shown
            ],
            "values": [capfirst(facts.bare_noun) for facts in VALUES],
            "hidden": "" if viewer.sees_values else NOT_SHOWN,
            "more": len(crm_ids) - len(shown),
            "traces": forgetting.traces(crm_ids),
            "foreseen": forgetting.foresee(crm_ids),
            "form": form,
        }
        return confirmation_page(self, request, "admin/leads/forget_confirmation.html", context)


def _known(lead: Candidate | None) -> list[str]:
    """Return the values of a lead, blank for one that is gone."""
    return [getattr(lead, facts.value, "") for facts in VALUES]
