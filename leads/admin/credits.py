"""Where the credits went: the page "Credits"."""

from __future__ import annotations

import csv
from decimal import Decimal
from itertools import chain

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.admin import admin_page
from leads.admin import chart
from leads.admin.links import list_url
from leads.admin.viewing import Viewer
from leads.conf import lead_settings
from leads.credits import budget, reconciliation, statement
from leads.credits.statement import Line
from leads.csvfiles.guards import guarded
from leads.kinds import label
from leads.models import SearchJob
from leads.rules import PREFIX

# How far back the sums go.
_DAYS = 30


def credits_page(page: ModelAdmin[SearchJob], request: HttpRequest) -> TemplateResponse:
    """Show sums, limit, balance and reconciliation; Enrow is asked once, the database a fixed number of times."""
    viewer, balance, today = Viewer.of(page, request), budget.ask_balance(), statement.today()
    limit, own_limit = lead_settings.daily_credit_limit, lead_settings.user_daily_credit_limit
    own = None if own_limit is None else statement.of_limited_user(request.user.get_username())
    users = [] if own is None else statement.per_limited_user()
    per_day = statement.per_day(days=_DAYS)
    drawn = chart.days_of(per_day, days=_DAYS, today=timezone.localdate())
    return admin_page(
        page,
        request,
        "admin/leads/credits.html",
        {
            "title": _("Credits"),
            "today": today,
            "limit": limit,
            "left": _left(limit, today),
            "own": own,
            "own_limit": own_limit,
            "own_left": _left(own_limit, own),
            "balance": balance,
            "reconciliation": reconciliation.reconcile(balance) if balance else None,
            "tolerance": lead_settings.unexplained_credits,
            "days": _DAYS,
            "chart": chart.draw(drawn, limit=limit),
            "export_url": reverse("admin:leads_searchjob_credits_csv", current_app=page.admin_site.name),
            "tables": [
                *([(_("Today, of the limit for each user"), _("User"), _by_user(viewer, users))] if own else []),
                (_("Today, per user"), _("User"), _by_user(viewer, statement.per_user(days=1))),
                (_("Today, per run"), _("Run"), _by_run(viewer, statement.per_run(days=1))),
                (_("Per day"), _("Day"), [(line, line.name, "") for line in per_day]),
                (_("Per user"), _("User"), _by_user(viewer, statement.per_user(days=_DAYS))),
                (_("Per kind"), _("Kind"), _by_kind(viewer, statement.per_kind(days=_DAYS))),
                (_("Per run, most credits first"), _("Run"), _by_run(viewer, statement.per_run(days=_DAYS))),
                (_("Per rule"), _("Rule"), _by_rule(viewer, statement.per_rule(days=_DAYS))),
            ],
        },
    )


_HEADINGS = ("sum", "name", "jobs", "searches", "found", "spent", "reserved", "released")


class _Echo:
    """Returns what is written, so that a row is sent as soon as it is made."""

    def write(self, text: str) -> str:
        return text


def credits_csv() -> StreamingHttpResponse:
    """Answer with every line of the sums of the page, as it is read."""
    writer = csv.writer(_Echo())
    lines = statement.everything(days=_DAYS)
    rows = chain([_HEADINGS], ([about, guarded(line.name), *_figures(line)] for about, line in lines))
    answer = StreamingHttpResponse(map(writer.writerow, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="enrow-credits-{timezone.localdate()}.csv"'
    return answer


def _figures(line: Line) -> list[object]:
    return [line.jobs, line.searched, line.found, line.spent, line.reserved, line.released]


# A line, its name as it is shown, and where that leads.
Row = tuple[Line, str, str]


def _left(limit: Decimal | None, line: Line | None) -> Decimal | None:
    return None if limit is None or line is None else max(Decimal(0), limit - line.committed)


def _by_user(viewer: Viewer, lines: list[Line]) -> list[Row]:
    return [(line, line.name or "–", list_url(viewer, SearchJob, requested_by=line.name)) for line in lines]


def _by_kind(viewer: Viewer, lines: list[Line]) -> list[Row]:
    return [(line, label(line.name), list_url(viewer, SearchJob, kind__exact=line.name)) for line in lines]


def _by_rule(viewer: Viewer, lines: list[Line]) -> list[Row]:
    return [(line, name.removeprefix(PREFIX), url) for line, name, url in _by_user(viewer, lines)]


def _by_run(viewer: Viewer, lines: list[Line]) -> list[Row]:
    return [(line, line.name[:8], list_url(viewer, SearchJob, run=line.name)) for line in lines]
