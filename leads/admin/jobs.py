"""Search jobs: what was sent, what it cost, what became of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from django.contrib import admin
from django.contrib.messages import SUCCESS, WARNING
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.admin import ReadOnlyAdmin
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.wake import wake
from leads import decisions, sql, visibility
from leads.admin import live
from leads.admin.banner import HomeBannerMixin
from leads.admin.credits import credits_csv, credits_page
from leads.admin.decided import DecidedPage
from leads.admin.deciding import confirm_resend, confirm_retry, decide, without_others
from leads.admin.links import link, list_url, page_url
from leads.admin.rights import others_jobs
from leads.admin.searches import FIRST, table
from leads.admin.viewing import Viewer, viewer_of
from leads.models import LeadSearch, SearchJob
from leads.tasks import sweep_jobs

State = SearchJob.State
# What may be decided about a job, by its state.
_DECISIONS: dict[str, tuple[str, ...]] = {
    State.QUEUED: ("cancel",),
    State.HELD: ("resume", "check_now", "cancel"),
    State.RUNNING: ("check_now",),
    State.UNCONFIRMED: ("give_up", "resend"),
}


class KeptAsideFilter(admin.SimpleListFilter):
    """The few jobs with results that wait for a person."""

    title = _("kept aside")
    parameter_name = "kept_aside"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Name the choice."""
        return [("yes", str(_("some results fit nobody")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SearchJob]) -> QuerySet[SearchJob]:
        """Narrow the list."""
        return queryset.filter(kept_aside__gt=0) if self.value() else queryset


@admin.register(SearchJob)
class SearchJobAdmin(DecidedPage, HomeBannerMixin, ReadOnlyAdmin):
    """One row per POST; its page has its leads and its events."""

    class Media:
        css = live.CSS
        js = live.JS

    list_display = (
        "created_at",
        "kind",
        "moving_state",
        "requested",
        "found",
        "spent",
        "reserved",
        "requested_by",
        "run_jobs",
        "problem",
    )
    list_filter = ("state", "kind", "created_at", KeptAsideFilter)
    # Only shows the box: get_search_results() says what is looked up.
    search_fields = ("enrow_id__exact",)
    search_help_text = _("The whole id of a job, a run or a search at Enrow.")
    fieldsets = (
        (None, {"fields": ("kind", "state", "last_error", "deciding", "requested_by", "run_jobs")}),
        (
            _("Counts and credits"),
            {"fields": ("requested", "found", "not_paid_for", "aside", "refused", "spent", "reserved", "released")},
        ),
        (_("Times"), {"fields": ("created_at", "sent_at", "finished_at", "written_at", "next_check_at")}),
        (
            _("At Enrow"),
            {
                "fields": (
                    ("enrow_id", "part_of"),
                    "country_code",
                    "overwrite",
                    "result_via",
                    "attempts",
                    "checks",
                    "events",
                )
            },
        ),
        (_("Leads"), {"fields": ("searches",)}),
    )
    readonly_fields = (
        "deciding",
        "run_jobs",
        "not_paid_for",
        "aside",
        "spent",
        "reserved",
        "released",
        "events",
        "searches",
    )
    actions = ("cancel", "check_now", "resume", "give_up", "resend", "retry")

    def get_urls(self) -> list[URLPattern]:
        """Django's, and the page "Credits" with its file."""
        view, export = self.admin_site.admin_view(self.credits), self.admin_site.admin_view(self.credits_csv)
        return [
            path("credits/", view, name="leads_searchjob_credits"),
            path("credits/csv/", export, name="leads_searchjob_credits_csv"),
            *super().get_urls(),
        ]

    def credits(self, request: HttpRequest) -> HttpResponse:
        """Show where the credits went, to users who may see the jobs."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return credits_page(self, request)

    def credits_csv(self, request: HttpRequest) -> StreamingHttpResponse:
        """Send the sums as a file, to the same users."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return credits_csv()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SearchJob], search_term: str
    ) -> tuple[QuerySet[SearchJob], bool]:
        """Look one id up, by indexes only."""
        term = search_term.strip()
        if not term:
            return queryset, False
        named = Q(enrow_id=term)
        try:
            key = uuid.UUID(term)
        except ValueError:
            return queryset.filter(named), False
        return queryset.filter(named | Q(pk=key) | Q(run=key)), False

    @admin.display(description=_("state"))
    def moving_state(self, job: SearchJob) -> SafeString:
        """Show the state; the list looks again for those that may change."""
        return live.state(job.get_state_display(), moves=job.state not in SearchJob.ENDED or job.written_at is None)

    def decisions_of(self, job: SearchJob) -> Sequence[str]:
        """Return what may be decided about a job as it is."""
        if job.state not in SearchJob.ENDED:
            return _DECISIONS.get(job.state, ())
        own = SearchJob.objects.filter(pk=job.pk)
        return ("retry",) if job.refused or decisions.failed(own).exists() else ()

    @admin.display(description=_("what you can do"))
    def deciding(self, job: SearchJob) -> str:
        """Show a button for each action of the list that makes sense for this job."""
        return self.buttons(job)

    @admin.display(description=_("shared or reused"))
    def not_paid_for(self, job: SearchJob) -> int:
        """Count the leads beside those that are paid for, also who was left out when it was sent."""
        others = LeadSearch.objects.filter(job=job, position__isnull=True)
        return others.exclude(effect=LeadSearch.Effect.ORPHAN).count()

    @admin.display(description=_("credits spent"))
    def spent(self, job: SearchJob) -> Decimal:
        """Show what it cost."""
        return job.spent

    @admin.display(description=_("credits reserved"))
    def reserved(self, job: SearchJob) -> Decimal:
        """Show the most that it may still cost."""
        return job.reserved

    @admin.display(description=_("credits released"))
    def released(self, job: SearchJob) -> Decimal:
        """Show what was reserved and not needed."""
        return job.released

    @admin.display(description=_("run"))
    def run_jobs(self, job: SearchJob) -> SafeString:
        """Link to the jobs of the same run."""
        return link(list_url(viewer_of(job), SearchJob, run=job.run), str(job.run)[:8])

    @admin.display(description=_("last error"))
    def problem(self, job: SearchJob) -> str:
        """Show the beginning of the last error."""
        return Truncator(job.last_error).chars(80)

    @admin.display(description=_("kept aside"))
    def aside(self, job: SearchJob) -> SafeString:
        """Link to the results that fit no lead and wait for a person."""
        url = list_url(viewer_of(job), LeadSearch, job=job.pk, effect=LeadSearch.Effect.ASIDE.value)
        return link(url if job.kept_aside else "", job.kept_aside)

    @admin.display(description=_("leads"))
    def searches(self, job: SearchJob) -> str:
        """Show the first leads of the job that the user may see, with a link to all."""
        viewer = viewer_of(job)
        if viewer is None:
            return ""
        searches = LeadSearch.objects.filter(job=job).order_by("position")
        return table(viewer, visibility.seen_by(viewer.request.user, searches), with_cost=True, job=job.pk)

    @admin.display(description=_("events"))
    def events(self, job: SearchJob) -> str:
        """Show the webhook events about the job: signed for it, or with its Enrow id."""
        about = Q(reference=str(job.pk))
        if job.enrow_id:
            about |= Q(enrow_id=job.enrow_id)
        events = WebhookEvent.objects.filter(about).defer("payload")[:FIRST]
        rows = [(event, page_url(viewer_of(job), WebhookEvent, event.pk)) for event in events]
        return render_to_string("admin/leads/events.html", {"rows": rows})

    @admin.action(description=_("Cancel: do not send"), permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[SearchJob]) -> None:
        """Cancel jobs that were not sent yet."""
        decide(self, request, queryset, decisions.CANCEL)

    @admin.action(description=_("Give up waiting: the answer to the POST was lost"), permissions=["operate"])
    def give_up(self, request: HttpRequest, queryset: QuerySet[SearchJob]) -> None:
        """Free the leads of unconfirmed jobs for another search."""
        decide(self, request, queryset, decisions.GIVE_UP)

    @admin.action(description=_("Resume: try held jobs now"), permissions=["spend"])
    def resume(self, request: HttpRequest, queryset: QuerySet[SearchJob]) -> None:
        """Send held jobs now, instead of when the sweep finds that it can."""
        decide(self, request, without_others(self, request, queryset), decisions.RESUME)

    @admin.action(description=_("Send again: the answer to the POST was lost"), permissions=["spend"])
    def resend(self, request: HttpRequest, queryset: QuerySet[SearchJob]) -> HttpResponse | None:
        """Send unconfirmed jobs again, after a page that says what may be billed twice."""
        left = without_others(self, request, queryset)
        return confirm_resend(self, request, left) if left.exists() else None

    @admin.action(description=_("Search again what failed"), permissions=["spend"])
    def retry(self, request: HttpRequest, queryset: QuerySet[SearchJob]) -> HttpResponse | None:
        """Search the leads again whose search ended in an error, after a page that says what it can cost."""
        left = without_others(self, request, queryset)
        return confirm_retry(self, request, left) if left.exists() else None

    @admin.action(description=_("Check now"), permissions=["operate"])
    def check_now(self, request: HttpRequest, queryset: QuerySet[SearchJob]) -> None:
        """Let a worker ask Enrow at once for running jobs, and try those held jobs again that the user may send."""
        held = queryset.filter(state=State.HELD)
        held = held.exclude(pk__in=others_jobs(Viewer.of(self, request), held))
        if not self.has_spend_permission(request):
            held = held.none()
        asked = [*queryset.filter(state=State.RUNNING).values_list("pk", flat=True), *held.values_list("pk", flat=True)]
        jobs = SearchJob.objects.filter(pk__in=asked, state__in=[State.RUNNING, State.HELD])
        waiting = jobs.update(next_check_at=timezone.now())
        transaction.on_commit(partial(wake, sweep_jobs), using=sql.alias())
        sentence = f"{waiting} will be checked now." if waiting else "Only running and held jobs can be checked."
        self.message_user(request, sentence, SUCCESS if waiting else WARNING)
