"""Where the credits went: the page "Credits"."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.admin import admin_page
from leads.admin.links import list_url
from leads.admin.viewing import Viewer
from leads.conf import lead_settings
from leads.credits import budget, reconciliation, statement
from leads.credits.statement import Line
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
            "tables": [
                *([(_("Today, of the limit for each user"), _("User"), _by_user(viewer, users))] if own else []),
                (_("Today, per user"), _("User"), _by_user(viewer, statement.per_user(days=1))),
                (_("Today, per run"), _("Run"), _by_run(viewer, statement.per_run(days=1))),
                (_("Per day"), _("Day"), [(line, line.name, "") for line in statement.per_day(days=_DAYS)]),
                (_("Per user"), _("User"), _by_user(viewer, statement.per_user(days=_DAYS))),
                (_("Per run, most credits first"), _("Run"), _by_run(viewer, statement.per_run(days=_DAYS))),
                (_("Per rule"), _("Rule"), _by_rule(viewer, statement.per_rule(days=_DAYS))),
            ],
        },
    )


# A line, its name as it is shown, and where that leads.
Row = tuple[Line, str, str]


def _left(limit: Decimal | None, line: Line | None) -> Decimal | None:
    return None if limit is None or line is None else max(Decimal(0), limit - line.committed)


def _by_user(viewer: Viewer, lines: list[Line]) -> list[Row]:
    return [(line, line.name or "–", list_url(viewer, SearchJob, requested_by=line.name)) for line in lines]


def _by_rule(viewer: Viewer, lines: list[Line]) -> list[Row]:
    return [(line, name.removeprefix(PREFIX), url) for line, name, url in _by_user(viewer, lines)]


def _by_run(viewer: Viewer, lines: list[Line]) -> list[Row]:
    return [(line, line.name[:8], list_url(viewer, SearchJob, run=line.name)) for line in lines]
