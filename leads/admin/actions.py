"""The actions that spend credits, for the admin of any lead model."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.client.values import Kind
from leads.admin.confirmation import confirm
from leads.models import AbstractLead


class EnrichActionsMixin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """Find e-mail, verify e-mail and find phone, each with a page that shows the cost before anything is spent."""

    actions: tuple[str, ...] = ("find_email", "verify_email", "find_phone")
    # More leads than this would make the request time out; the command enrich_leads has no such limit.
    max_enriched = 100_000

    def has_enrich_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may spend credits: whoever may change leads. Override it to ask for more."""
        return self.has_change_permission(request)

    @admin.action(description=_("Find e-mail"), permissions=["enrich"])
    def find_email(self, request: HttpRequest, queryset: QuerySet[AbstractLead]) -> HttpResponse | None:
        """Find the e-mail of the selected leads."""
        return confirm(self, request, queryset, Kind.FIND_EMAIL, at_most=self.max_enriched)

    @admin.action(description=_("Verify e-mail"), permissions=["enrich"])
    def verify_email(self, request: HttpRequest, queryset: QuerySet[AbstractLead]) -> HttpResponse | None:
        """Verify the e-mail of the selected leads."""
        return confirm(self, request, queryset, Kind.VERIFY_EMAIL, at_most=self.max_enriched)

    @admin.action(description=_("Find phone"), permissions=["enrich"])
    def find_phone(self, request: HttpRequest, queryset: QuerySet[AbstractLead]) -> HttpResponse | None:
        """Find the phone of the selected leads."""
        return confirm(self, request, queryset, Kind.FIND_PHONE, at_most=self.max_enriched)
