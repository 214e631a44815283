"""The page "Rules": what each does, how it is, what it spent of its cap today; pause and resume."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.messages import ERROR, SUCCESS, WARNING
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from enrow_webhooks import admin_log
from enrow_webhooks.admin import ReadOnlyAdmin, admin_page
from enrow_webhooks.wake import wake
from leads import sql
from leads.admin.banner import HomeBannerMixin
from leads.admin.links import list_url, page_url
from leads.admin.rights import may_resume_rule
from leads.admin.viewing import ViewedPage, Viewer
from leads.models import EnrichmentRuleState, EnrichmentRun
from leads.permissions import SPEND_CREDITS
from leads.tasks import plan_runs, submit_jobs
from leads.upkeep.rules import deciding, overview
from leads.upkeep.rules.overview import Line


@admin.register(EnrichmentRuleState)
class EnrichmentRuleAdmin(ViewedPage, HomeBannerMixin, ReadOnlyAdmin):
    """The rules stand in the settings; here is how they are."""

    fields = ("name", "model", "switched_on_at", "looked_at", "last_run_at", "paused_at", "paused_by", "reason")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show all rules of the settings, or do what was decided about one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self._decide(request)
            return HttpResponseRedirect(request.get_full_path())
        viewer = Viewer.of(self, request)
        context = {
            "title": _("Rules"),
            "rows": [(line, self._links(viewer, line)) for line in self._lines(request)],
            "may_spend": request.user.has_perm(SPEND_CREDITS),
        }
        return admin_page(self, request, "admin/leads/rules.html", context)

    def _lines(self, request: HttpRequest) -> list[Line]:
        try:
            return overview.lines()
        except overview.UNREADABLE:
            self.message_user(request, _("The rules in the settings cannot be read: manage.py check says why."), ERROR)
            return []

    def _links(self, viewer: Viewer, line: Line) -> dict[str, str]:
        run = line.state.last_run
        is_there = run is not None and EnrichmentRun.objects.filter(pk=run).exists()
        return {
            "run": page_url(viewer, EnrichmentRun, run) if run is not None and is_there else "",
            "runs": list_url(viewer, EnrichmentRun, requested_by=line.rule.requested_by),
        }

    def _decide(self, request: HttpRequest) -> None:
        if not request.user.has_perm(SPEND_CREDITS):
            raise PermissionDenied
        name = request.POST.get("rule", "")
        line = next((line for line in self._lines(request) if line.rule.name == name), None)
        if line is None:
            self.message_user(request, _("There is no such rule in the settings any more."), WARNING)
        elif "pause" in request.POST:
            self._note(request, line, is_done=deciding.pause(line.rule, by=self._by(request)), done="Paused.")
        elif not may_resume_rule(Viewer.of(self, request), line.rule):
            self.message_user(request, _("Not resumed: it has leads that you may not search."), WARNING)
        else:
            self._note(request, line, is_done=deciding.resume(line.rule, by=self._by(request)), done="Resumed.")
            for task in (plan_runs, submit_jobs):
                transaction.on_commit(partial(wake, task), using=sql.alias())

    def _by(self, request: HttpRequest) -> str:
        return str(request.user.get_username())

    def _note(self, request: HttpRequest, line: Line, *, is_done: bool, done: str) -> None:
        if is_done:
            row = EnrichmentRuleState.objects.get(name=line.rule.name)
            admin_log.note(request, EnrichmentRuleState, [row], done)
            self.message_user(request, f"{line.rule.name}: {done.lower()}", SUCCESS)
        else:
            self.message_user(request, f"{line.rule.name}: nothing to do, somebody was faster.", WARNING)
