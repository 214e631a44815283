"""A person pauses a rule, and lets it go on."""

from __future__ import annotations

import datetime as dt

import pytest

from leads.models import EnrichmentRuleState, EnrichmentRun, LeadSearch
from leads.upkeep.rules.deciding import pause, resume
from leads.upkeep.rules.looking import look_at_rules

pytestmark = pytest.mark.django_db


def test_a_paused_rule_asks_for_nothing_and_its_runs_wait(make_leads, new_leads, clock):
    """Also a run that is not planned yet; what was made meanwhile is asked for afterwards."""
    rule = new_leads()
    clock.look()
    make_leads(2)
    look_at_rules(clock.now + dt.timedelta(minutes=1))
    assert pause(rule, by="ann")
    assert EnrichmentRun.objects.get().state == "paused"
    make_leads(1, prefix="later", lastname="Later")
    assert clock.look(days=3) == 0
    assert not LeadSearch.objects.exists()
    state = EnrichmentRuleState.objects.get()
    assert (state.paused_by, state.reason) == ("ann", "Paused by ann.")
    assert not pause(rule, by="bob")
    assert resume(rule, by="bob")
    assert not resume(rule, by="bob")
    clock.look(minutes=1)
    assert LeadSearch.objects.count() == 3


def test_a_rule_is_paused_before_its_first_look(make_leads, new_leads, clock):
    """It is not switched on then; resumed, it begins at that moment."""
    rule = new_leads()
    assert pause(rule, by="ann")
    clock.look(minutes=1)
    assert EnrichmentRuleState.objects.get().switched_on_at is None
    make_leads(1)
    resume(rule, by="ann")
    clock.look(minutes=1)
    clock.look(minutes=1)
    assert not LeadSearch.objects.exists()


def test_what_an_error_paused_a_person_may_pause(new_leads, clock):
    """Then the doctor asks no more."""
    rule = new_leads(where={"nothing": 1})
    clock.look()
    assert pause(rule, by="ann")
    assert EnrichmentRuleState.objects.get().paused_by == "ann"


def test_pausing_leaves_the_runs_of_others_alone(make_leads, new_leads, clock):
    """Only its own."""
    rule = new_leads()
    clock.look()
    other = EnrichmentRun.objects.create(model="leads.lead", kinds="find_email", requested_by="rule:new", via="code")
    pause(rule, by="ann")
    other.refresh_from_db()
    assert other.state == "planning"
