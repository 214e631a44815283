"""The chart of credits per day: every day, to scale, with the limit of a day as a line."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from leads.admin import chart
from leads.credits.statement import Line
from leads.models import SearchJob
from tests.leads.admin.test_credits import PAGE, RUN
from tests.leads.admin_pages import text

pytestmark = pytest.mark.django_db


def test_the_chart_shows_every_day_with_the_limit(admin_client, sandbox, enrow):
    """Days without a job too; drawn in the page, with words for who cannot see it and the table below."""
    job = {"kind": "find_email", "state": "finished", "requested": 4, "credits_reserved": 4}
    SearchJob.objects.create(run=RUN, credits_cost=3, **job)
    SearchJob.objects.create(run=RUN, created_at=timezone.now() - dt.timedelta(days=2), **job)
    assert "enrow-limit" not in text(admin_client.get(PAGE))
    enrow(DAILY_CREDIT_LIMIT=8)
    shown = text(admin_client.get(PAGE))
    assert shown.count('<rect class="enrow-spent"') == 30
    assert "3 spent, 0 reserved" in shown
    assert "0 spent, 4 reserved" in shown
    assert "limit of the day: 8" in shown
    enrow(DAILY_CREDIT_LIMIT=1000)
    assert "(above the chart)" in text(admin_client.get(PAGE))


def test_without_a_job_there_is_no_chart(admin_client, sandbox):
    """Nothing is drawn of nothing."""
    assert "<svg viewBox" not in text(admin_client.get(PAGE))


def test_bars_are_to_scale_and_stand_on_each_other():
    """The highest day fills the drawing; a small amount is still seen; the reserved stand on the spent."""
    lines = [
        Line(name="2026-11-01", spent=Decimal(50), reserved=Decimal(50)),
        Line(name="2026-11-02", spent=Decimal("0.25")),
        Line(name="2026-11-03"),
    ]
    bars = [chart._bar(line, 0, 9, lambda amount: int(amount) + bool(amount % 1)) for line in lines]
    assert [(bar.spent_height, bar.reserved_height) for bar in bars] == [(50, 50), (1, 0), (0, 0)]
    assert bars[0].reserved_y + bars[0].reserved_height == bars[0].spent_y


def test_days_are_in_order_and_none_is_left_out():
    """Oldest first, as one reads; what the sums do not have is zero."""
    day = dt.date(2026, 3, 1)
    lines = chart.days_of([Line(name="2026-03-01", spent=Decimal(1))], days=3, today=day)
    assert [(line.name, line.spent) for line in lines] == [("2026-02-27", 0), ("2026-02-28", 0), ("2026-03-01", 1)]
