"""The action that deletes all traces of leads, with a page in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.messages import ERROR, SUCCESS
from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.admin import confirmation_page
from leads import forgetting

# More than these would make the request time out; the command forget_lead has no such limit.
_MOST = 1000


class ForgetActionMixin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """Forget: delete the lead, and what its searches and events hold."""

    actions: Sequence[Any] = ("forget",)

    def has_forget_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may forget leads: those who may delete them."""
        return self.has_delete_permission(request)

    @admin.action(description=_("Forget (delete all traces)"), permissions=["forget"])
    def forget(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Show what there is; once that is confirmed, delete it for good."""
        crm_ids = list(queryset.values_list("crm_id", flat=True)[: _MOST + 1])
        if len(crm_ids) > _MOST:
            self.message_user(request, f"Forget at most {_MOST} leads here, or use manage.py forget_lead.", ERROR)
        elif "confirm" in request.POST:
            self._forget(request, crm_ids)
        else:
            return self._confirmation(request, crm_ids)
        return None

    def _forget(self, request: HttpRequest, crm_ids: list[str]) -> None:
        try:
            done = forgetting.forget(crm_ids)
        except (ProtectedError, RestrictedError):
            sentence = "Rows of another table keep a lead from being deleted; delete them first."
            self.message_user(request, sentence, ERROR)
            return
        sentence = f"Forgot {done.leads} leads, {done.searches} lead searches and {done.bodies} bodies of events."
        self.message_user(request, sentence, SUCCESS)

    def _confirmation(self, request: HttpRequest, crm_ids: list[str]) -> HttpResponse:
        context = {
            "title": _("Forget (delete all traces)"),
            "action": "forget",
            "traces": forgetting.traces(crm_ids),
        }
        return confirmation_page(self, request, "admin/leads/forget_confirmation.html", context)
