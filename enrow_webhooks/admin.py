"""The inbox in Django's admin: look at events, put them back in line, see how it does."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_permission_codename
from django.contrib.messages import SUCCESS, WARNING
from django.core.exceptions import PermissionDenied
from django.db import router, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from enrow_webhooks import admin_log
from enrow_webhooks.admin_errors import QuietErrorsMixin
from enrow_webhooks.bounded_counts import BoundedPaginator
from enrow_webhooks.doctor import Finding, Level, inbox_findings
from enrow_webhooks.inbox.replaying import preview
from enrow_webhooks.models import WebhookEvent, WebhookEventQuerySet
from enrow_webhooks.tasks import process_events
from enrow_webhooks.wake import wake

# Events that a page shows one by one.
_SHOWN = 50


def admin_page(
    page: admin.ModelAdmin[Any], request: HttpRequest, template: str, context: dict[str, Any]
) -> TemplateResponse:
    """Answer with a page of our own in the frame of Django's admin."""
    common = {**page.admin_site.each_context(request), "opts": page.opts, "media": page.media}
    return TemplateResponse(request, template, {**common, **context})


def confirmation_page(
    page: admin.ModelAdmin[Any], request: HttpRequest, template: str, context: dict[str, Any]
) -> TemplateResponse:
    """Answer with a page whose form posts the action, named in the context, for the same rows once more."""
    selection = {
        "checkbox": ACTION_CHECKBOX_NAME,
        "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "list_url": request.get_full_path(),
    }
    return admin_page(page, request, template, {**selection, **context})


class BigTableAdmin(QuietErrorsMixin):
    """A list that costs the same however many rows the table has.

    It counts and turns pages up to 10,000 rows and offers no count per filter. Its filters, search fields and
    columns to sort by must be answered by an index; tests/leads/test_big_tables.py looks.
    """

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50


class ReadOnlyAdmin(BigTableAdmin):
    """Rows that no person edits. Users with the change permission may operate them through actions (``"operate"``)."""

    sortable_by: ClassVar[tuple[str, ...]] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: the machinery writes these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody: they say what happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody: history and the memory of repeats stand on them."""
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may run this list's actions."""
        codename = get_permission_codename("change", self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{codename}")


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    """Every event as it came, and what became of it."""

    list_display: tuple[str, ...] = (
        "received_at",
        "event",
        "enrow_id",
        "state",
        "deliveries",
        "attempts",
        "last_error",
    )
    list_filter = ("state",)
    search_fields = ("enrow_id__exact", "reference__exact")
    search_help_text = _("A whole Enrow id, or the id of a search job.")
    fields: ClassVar[tuple[str, ...]] = (
        "event",
        "enrow_id",
        "reference",
        "state",
        "last_error",
        "deliveries",
        "attempts",
        "next_attempt_at",
        "received_at",
        "processed_at",
        "payload",
    )
    actions = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEvent]:
        """Leave the bodies out: a list does not show them."""
        queryset: QuerySet[WebhookEvent] = super().get_queryset(request).defer("payload")
        return queryset

    def get_urls(self) -> list[URLPattern]:
        """Add the status page."""
        view = self.admin_site.admin_view(self.status_view)
        return [path("status/", view, name="enrow_webhooks_status"), *super().get_urls()]

    def findings(self) -> Iterator[Finding]:
        """Look at the rows, as the doctor does; a constant number of indexed queries, and no question to Enrow."""
        yield from inbox_findings()

    def status_view(self, request: HttpRequest) -> HttpResponse:
        """Show what the doctor sees in the rows, and the dead events, to users who may view events."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        findings = list(self.findings())
        dead = WebhookEvent.objects.dead().defer("payload")[:_SHOWN]
        context = {
            "title": _("Enrow status"),
            "findings": findings,
            "troubles": sum(finding.level is Level.NEEDS_PERSON for finding in findings),
            "dead": [(event, self._url("change", event.pk)) for event in dead],
            "dead_url": f"{self._url('changelist')}?state__exact=dead",
        }
        return admin_page(self, request, "admin/enrow_webhooks/status.html", context)

    def _url(self, page: str, *args: object) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args, current_app=self.admin_site.name)

    @admin.action(description=_("Process again"), permissions=["operate"])
    def replay(self, request: HttpRequest, queryset: WebhookEventQuerySet) -> HttpResponse | None:
        """Show what it would change; once that is confirmed, put the selected events back in line."""
        selected = queryset.count()
        if "confirm" in request.POST:
            self._replay(request, queryset, selected)
            return None
        context = {
            "title": _("Process again"),
            "action": "replay",
            "selected": selected,
            "previews": list(preview(queryset.defer(None)[:_SHOWN])),
        }
        return confirmation_page(self, request, "admin/enrow_webhooks/replay_confirmation.html", context)

    def _replay(self, request: HttpRequest, queryset: WebhookEventQuerySet, selected: int) -> None:
        some = list(queryset.defer("payload").exclude(payload="")[: admin_log.MOST + 1])
        replayed = queryset.replay()
        if len(some) > admin_log.MOST:
            admin_log.note_all(request, WebhookEvent, f"Processed again ({replayed} rows).")
        else:
            admin_log.note(request, WebhookEvent, some, "Processed again.")
        transaction.on_commit(partial(wake, process_events), using=router.db_for_write(WebhookEvent))
        self.message_user(request, f"{replayed} will be processed again.", SUCCESS)
        if replayed < selected:
            self.message_user(request, f"{selected - replayed} cannot be: their bodies were pruned.", WARNING)
