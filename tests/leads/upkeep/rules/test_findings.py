"""The doctor tells of rules that are paused, fail, have not run, fall behind, or only miss."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from enrow_webhooks.doctor import Level
from leads.models import EnrichmentRuleState, Lead, SearchJob
from leads.upkeep.doctor import row_findings
from leads.upkeep.rules.deciding import pause
from leads.upkeep.rules.findings import rule_findings
from tests.leads.upkeep.rules.conftest import DAY

pytestmark = pytest.mark.django_db


def troubles():
    return [finding.sentence for finding in rule_findings() if finding.level is Level.NEEDS_PERSON]


def test_a_rule_that_is_well_is_told_as_such(new_leads, clock):
    """Also before the first sweep."""
    new_leads()
    (finding,) = rule_findings()
    assert "Rule 'new' is new: the next sweep switches it on" in finding.sentence
    clock.look()
    (finding,) = rule_findings()
    assert (finding.level, finding.sentence) == (
        Level.OK,
        "Rule 'new' is on: find e-mail for new rows; 0 of 100 credits today.",
    )
    assert finding in list(row_findings())


def test_a_rule_that_an_error_paused(new_leads, clock):
    """With the reason, and what to do."""
    new_leads(where={"nothing": 1})
    clock.look()
    assert troubles()[0].startswith("Rule 'new' is paused: It could not be looked at: FieldError")


@pytest.mark.parametrize(("days", "told"), [(6, 0), (8, 1)])
def test_a_pause_that_was_forgotten(new_leads, clock, days, told):
    """A person's own pause is told after a week."""
    pause(new_leads(), by="ann")
    EnrichmentRuleState.objects.update(paused_at=timezone.now() - days * DAY)
    assert len(troubles()) == told


@pytest.mark.parametrize(("hours", "told"), [(2, 0), (4, 1)])
def test_a_rule_that_nobody_looks_at(new_leads, clock, hours, told):
    """No sweep runs, or none with these settings."""
    new_leads()
    clock.look()
    EnrichmentRuleState.objects.update(looked_at=timezone.now() - dt.timedelta(hours=hours))
    assert len(troubles()) == told


def test_a_rule_that_could_not_be_looked_at(new_leads, clock):
    """The last error stands there until a look is well."""
    new_leads()
    clock.look()
    EnrichmentRuleState.objects.update(last_error="OperationalError")
    assert "is tried again: OperationalError" in troubles()[0]


def test_a_cap_that_is_too_small_for_what_is_made(make_leads, new_leads, clock):
    """More than a day's work waits."""
    new_leads(daily_credits=3)
    clock.look()
    make_leads(6)
    clock.look(minutes=1)
    assert not troubles(), "Three are bought, and three wait until tomorrow."
    make_leads(1, prefix="more", lastname="More")
    clock.look(minutes=2)
    assert troubles() == ["Rule 'new' falls behind: 4 new leads wait, and daily_credits=3 lets 3 through in a day."]


def test_a_cap_that_is_too_small_for_what_becomes_old(make_leads, old_leads, clock):
    """So many a day have to be checked, and so many can be."""
    old_leads(daily_credits="0.5")
    make_leads(5, email="ann@firm.com", email_status="valid", email_checked_at=clock.now - 95 * DAY)
    clock.look()
    (told,) = troubles()
    assert told.startswith("Rule 'old' falls behind: 5 leads a day have to be checked, 5 of them today, and")
    assert told.endswith("daily_credits=0.50 lets 2 through.")
    Lead.objects.all().delete()
    clock.look(days=1)
    assert not troubles()


@pytest.mark.parametrize(("found", "searched", "told"), [(0, 50, 1), (1, 500, 0), (0, 49, 0)])
def test_a_rule_that_only_misses(new_leads, clock, found, searched, told):
    """Of many searches of the last days; of few it may be chance."""
    new_leads()
    clock.look()
    SearchJob.objects.create(
        run="0d9a2c1e3b4f4e5a8c6d7e8f9a0b1c2d", kind="find_email", state="finished", requested=searched, found=found,
        requested_by="rule:new", credits_cost=0, written_at=timezone.now(),
    )  # fmt: skip
    assert len(troubles()) == told


def test_rules_that_are_none_are_told_and_nothing_is_raised(new_leads):
    """The system check says more."""
    new_leads(find={"fax"})
    assert "cannot be read" in troubles()[0]
