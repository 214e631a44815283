"""Rules for one test, looked at at a time that the test says."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import F
from django.utils import timezone

from leads.models import SearchJob
from leads.rules import EnrichmentRule
from leads.runs import planning
from leads.upkeep.rules.looking import look_at_rules

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


@pytest.fixture
def new_leads(enrow):
    """Set the one rule that finds e-mails for new leads; keyword arguments change it."""

    def make(name="new", model="leads.Lead", **changes):
        rule = EnrichmentRule(name, model, **{"find": {"email"}, "daily_credits": 100} | changes)
        enrow(RULES=[rule])
        return rule

    return make


@pytest.fixture
def old_leads(enrow):
    """Set the one rule that verifies e-mails which were verified long ago; keyword arguments change it."""

    def make(name="old", model="leads.Lead", **changes):
        values = {"when": "stale", "days": 90, "verify": True, "daily_credits": 100} | changes
        rule = EnrichmentRule(name, model, **values)
        enrow(RULES=[rule])
        return rule

    return make


class Clock:
    """A time that moves; each look is at this time."""

    def __init__(self):
        self.now = timezone.now()

    def look(self, **ahead):
        """Move on, look at the rules, and plan what that came to; return how many runs there are more."""
        self.now += dt.timedelta(**ahead)
        # The caps look at the day of the machine: what was queued on another day of this clock was so there, too.
        SearchJob.objects.update(created_at=F("created_at") - ahead.get("days", 0) * DAY)
        runs = look_at_rules(self.now)
        while planning.plan_next():
            pass
        return runs


@pytest.fixture
def clock():
    """A clock, at this moment."""
    return Clock()
