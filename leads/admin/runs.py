"""Runs: who asked for what, and how far it is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.messages import SUCCESS, WARNING
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from enrow_webhooks import admin_log
from enrow_webhooks.admin import ReadOnlyAdmin
from leads import visibility
from leads.admin import live
from leads.admin.banner import HomeBannerMixin
from leads.admin.decided import DecidedPage
from leads.admin.links import link, list_url
from leads.admin.rights import may_resume
from leads.admin.searches import FIRST, table
from leads.admin.viewing import Viewer, viewer_of
from leads.enrichment import Run
from leads.kinds import label
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from leads.runs import following
from leads.skips import Reason

# What may be decided about a run, by its state.
_DECISIONS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(EnrichmentRun.ACTIVE, ("pause", "cancel")),
    EnrichmentRun.State.PAUSED: ("resume", "cancel"),
}


@admin.register(EnrichmentRun)
class EnrichmentRunAdmin(DecidedPage, HomeBannerMixin, ReadOnlyAdmin):
    """One row per call of enrich(); its page says what became of its leads, and why nothing moves."""

    class Media:
        css = live.CSS
        js = live.JS

    list_display = ("created_at", "model", "what", "moving_state", "requested_by", "via", "worst_case", "note")
    list_filter = ("state", "created_at")
    fieldsets = (
        (None, {"fields": ("progress", "model", "what", "note", "requested_by", "via", "jobs")}),
        (_("Leads"), {"fields": ("reasons", "searches")}),
        (_("Credits"), {"fields": ("max_credits", "worst_case")}),
        (_("Times"), {"fields": ("created_at", "planned_at", "ended_at")}),
    )
    actions = ("pause", "resume", "cancel")

    @admin.display(description=_("Search"))
    def what(self, run: EnrichmentRun) -> str:
        """Say what is searched."""
        return ", ".join(label(kind) for kind in run.asked_kinds)

    @admin.display(description=_("State"))
    def moving_state(self, run: EnrichmentRun) -> SafeString:
        """Show the state; the list looks again for those that may change."""
        return live.state(run.get_state_display(), moves=run.state not in EnrichmentRun.ENDED)

    @admin.display(description=_("How far it is"))
    def progress(self, run: EnrichmentRun) -> SafeString:
        """Show what moves, with the buttons of who looks."""
        url = reverse("admin:leads_enrichmentrun_progress", args=[run.pk], current_app=self.admin_site.name)
        seen, buttons = following.progress(run), self.buttons_of(run)
        moving = live.box(run, seen, url=url, decide_url=self.decide_url(run), buttons=buttons)
        return mark_safe(moving)  # noqa: S308 - a template of ours

    def decisions_of(self, run: EnrichmentRun) -> Sequence[str]:
        """Return what may be decided about a run as it is."""
        return _DECISIONS.get(run.state, ())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the page; a confirmation leads here, so it says what its list says of a copy."""
        response = super().change_view(request, object_id, form_url, extra_context)
        self.say_if_copy(request, response)
        return response

    def get_urls(self) -> list[URLPattern]:
        """Add what the page of a run asks for again and again."""
        view = self.admin_site.admin_view(self.progress_view)
        return [path("<uuid:pk>/progress/", view, name="leads_enrichmentrun_progress"), *super().get_urls()]

    def progress_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Answer with what moves of a run, and nothing else."""
        return HttpResponse(self.progress(self.seen_row(request, pk)))

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

    @admin.display(description=_("Searches"))
    def searches(self, run: EnrichmentRun) -> str:
        """Show the first leads of the run that the user may see, with what each cost; its jobs have all of them."""
        viewer = viewer_of(run)
        if viewer is None:
            return ""
        jobs = SearchJob.objects.of_run(run.pk).order_by("created_at", "pk").values_list("pk", "requested")[:FIRST]
        first, number = [], 0
        for pk, requested in jobs:
            if number < FIRST:
                first.append(pk)
            number += requested
        searches = LeadSearch.objects.filter(job__in=first).order_by("job_id", "position", "pk")
        return table(viewer, visibility.seen_by(viewer.request.user, searches), with_cost=True)

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
