"""The inbox's page again, now with the way to the job: the enrow_webhooks app knows nothing of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.admin import WebhookEventAdmin
from enrow_webhooks.doctor import Finding
from enrow_webhooks.models import WebhookEvent
from leads.admin.links import link, list_url, page_url
from leads.admin.values import FoundValuesMixin
from leads.admin.viewing import ViewedPage, viewer_of
from leads.models import SearchJob
from leads.upkeep.doctor import row_findings

admin.site.unregister(WebhookEvent)


@admin.register(WebhookEvent)
class JobEventAdmin(FoundValuesMixin, ViewedPage, WebhookEventAdmin):
    """An event, and the search job that it is about."""

    list_display: tuple[str, ...] = (*WebhookEventAdmin.list_display, "job")
    fields: ClassVar[tuple[str, ...]] = ("job", *WebhookEventAdmin.fields)
    readonly_fields = ("job",)
    found_values = ("payload",)

    def findings(self) -> Iterator[Finding]:
        """Look at the search jobs too."""
        yield from row_findings()

    @admin.display(description=_("search job"))
    def job(self, event: WebhookEvent) -> SafeString:
        """Link to the job that the address was signed for, else to the one that has the same Enrow id."""
        if event.reference:
            return link(page_url(viewer_of(event), SearchJob, event.reference), event.reference)
        return link(list_url(viewer_of(event), SearchJob, enrow_id=event.enrow_id), _("look up by Enrow id"))
