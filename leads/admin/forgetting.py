"""The action that deletes all traces of people, with a page in between."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.messages import ERROR, SUCCESS
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from enrow_webhooks import admin_log
from enrow_webhooks.admin import confirmation_page
from leads import forgetting
from leads.arguments import how_to_map
from leads.erasing import NotForgotten
from leads.mapping import registry
from leads.permissions import FORGET_LEAD

# More than these would make the request time out; the command forget_lead has no such limit.
_MOST = 1000


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
            sentence = f"{self.model._meta.label} is not mapped to leads. {how_to_map(self.model)}"
            self.message_user(request, sentence, ERROR)
            return None
        queryset = mapping.visible_to(request.user, queryset)
        keys = queryset.order_by().values_list(mapping.key_name, flat=True)[: _MOST + 1]
        crm_ids = [mapping.crm_id(key) for key in keys]
        if not crm_ids:
            self.message_user(request, "You may not forget any of the selected leads.", ERROR)
        elif len(crm_ids) > _MOST:
            self.message_user(request, f"Forget at most {_MOST} leads here, or use manage.py forget_lead.", ERROR)
        elif "confirm" in request.POST:
            self._forget(request, crm_ids)
        else:
            return self._confirmation(request, crm_ids)
        return None

    def _forget(self, request: HttpRequest, crm_ids: list[str]) -> None:
        try:
            done = forgetting.forget(crm_ids)
        except NotForgotten as error:
            self.message_user(request, str(error), ERROR)
            return
        admin_log.note_all(request, self.model, f"Forgot {done.leads} leads and {done.searches} lead searches.")
        sentence = f"Forgot {done.leads} leads, {done.searches} lead searches and {done.bodies} bodies of events."
        self.message_user(request, sentence, SUCCESS)

    def _confirmation(self, request: HttpRequest, crm_ids: list[str]) -> HttpResponse:
        context = {
            "title": _("Forget (delete all traces)"),
            "action": "forget",
            "traces": forgetting.traces(crm_ids),
            "foreseen": forgetting.foresee(crm_ids),
        }
        return confirmation_page(self, request, "admin/leads/forget_confirmation.html", context)
