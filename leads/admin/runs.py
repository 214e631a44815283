"""Runs: who asked for what, and how far it is."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.messages import SUCCESS, WARNING
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from enrow_webhooks import admin_log
from enrow_webhooks.admin import ReadOnlyAdmin
from leads.admin.banner import HomeBannerMixin
from leads.admin.links import link, list_url
from leads.admin.rights import may_resume
from leads.admin.viewing import ViewedPage, Viewer, viewer_of
from leads.enrichment import Run
from leads.kinds import label
from leads.models import EnrichmentRun, SearchJob
from leads.runs import following
from leads.skips import Reason

# Where a run keeps how far it is, while its page is made.
_SEEN = "_leads_seen"


@admin.register(EnrichmentRun)
class EnrichmentRunAdmin(ViewedPage, HomeBannerMixin, ReadOnlyAdmin):
    """One row per call of enrich(); its page says what became of its leads, and why nothing moves."""

    list_display = ("created_at", "model", "what", "state", "requested_by", "via", "worst_case", "note")
    list_filter = ("state", "created_at")
    fieldsets = (
        (None, {"fields": ("model", "what", "state", "waits_for", "note", "requested_by", "via", "jobs")}),
        (_("Leads"), {"fields": ("selected", "planned", "progress", "reasons")}),
        (_("Credits"), {"fields": ("max_credits", "worst_case")}),
        (_("Times"), {"fields": ("created_at", "planned_at", "ended_at")}),
    )
    actions = ("pause", "resume", "cancel")

    @admin.display(description=_("Search"))
    def what(self, run: EnrichmentRun) -> str:
        """Say what is searched."""
        return ", ".join(label(kind) for kind in run.asked_kinds)

    @admin.display(description=_("Why nothing moves"))
    def waits_for(self, run: EnrichmentRun) -> str:
        """Say what the run waits for."""
        return _seen(run).waits_for or "–"

    @admin.display(description=_("How far it is"))
    def progress(self, run: EnrichmentRun) -> str:
        """Count its leads."""
        return _seen(run).words

    @admin.display(description=_("Skipped because"))
    def reasons(self, run: EnrichmentRun) -> str:
        """Say why leads are skipped."""
        skipped = run.tally.get("skipped", {})
        counts = [(Reason(reason), number) for some in skipped.values() for reason, number in some.items()]
        return "; ".join(f"{reason.label}: {number:,}" for reason, number in counts) or "–"

    @admin.display(description=_("Search jobs"))
    def jobs(self, run: EnrichmentRun) -> SafeString:
        """Lead to the jobs."""
        url = list_url(viewer_of(run), SearchJob, run=run.pk)
        return link(url, _("See the search jobs.") if url else run.pk)

    @admin.action(description=_("Pause"), permissions=["operate"])
    def pause(self, request: HttpRequest, queryset: QuerySet[EnrichmentRun]) -> None:
        """Send nothing more."""
        self._decide(request, queryset, Run.pause, _("paused"))

    @admin.action(description=_("Resume"), permissions=["spend"])
    def resume(self, request: HttpRequest, queryset: QuerySet[EnrichmentRun]) -> None:
        """Go on."""
        viewer = Viewer.of(self, request)
        foreign = [run.pk for run in queryset if not may_resume(viewer, run)]
        if foreign:
            sentence = f"Not resumed: {len(foreign)}; they have leads that you may not search."
            self.message_user(request, sentence, WARNING)
        if left := queryset.exclude(pk__in=foreign):
            self._decide(request, left, Run.resume, _("resumed"))

    @admin.action(description=_("Cancel what is not sent"), permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[EnrichmentRun]) -> None:
        """End it."""
        self._decide(request, queryset, Run.cancel, _("cancelled"))

    def _decide(self, request: HttpRequest, queryset: QuerySet[EnrichmentRun], decide: Any, done: Any) -> None:  # noqa: ANN401 - a decision of a run, and lazy text
        by = request.user.get_username()
        rows = list(queryset)
        decided = [row for row in rows if decide(Run.get(row.pk), by=by)]
        admin_log.note(request, EnrichmentRun, decided, f"{str(done).capitalize()}.")
        number = len(decided)
        self.message_user(request, f"{number} of {len(rows)} runs {done}.", SUCCESS if number else WARNING)


def _seen(run: Any) -> following.Progress:  # noqa: ANN401 - a run, with what was seen of it
    """Return how far a run is; looked at once for a page."""
    if not hasattr(run, _SEEN):
        setattr(run, _SEEN, following.progress(run))
    seen: following.Progress = getattr(run, _SEEN)
    return seen
