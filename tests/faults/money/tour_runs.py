"""A tour through the rules about runs, each once, in an order in which it has its effect."""

from __future__ import annotations

from decimal import Decimal

from tests.faults.money.by_rules import NEW, OLD
from tests.faults.money.tour import ANN, BOB, CID, DAN, EMAIL, LAST, PHONE, VERIFY, ZOE
from tests.faults.money.workers import MIDNIGHTS


def stored_runs(go):
    """Planned by workers, of whom one dies; paused before and after, and gone on with; within a cap."""
    go.set_up()
    go.add_leads([ANN, BOB, CID, DAN, ZOE], 0)
    go.order_later(EMAIL)
    go.plan_a_page(dies=True)
    go.decide_about_a_run(LAST, "pause")
    go.everything_goes_well_by_events()
    go.decide_about_a_run(LAST, "resume")
    go.leases_run_out()
    go.everything_goes_well_by_events()
    go.add_leads([ANN, DAN, ZOE], 1)
    go.order_later(PHONE, cap=Decimal(45))
    go.plan_a_page()
    go.decide_about_a_run(LAST, "pause")
    go.everything_goes_well_for_a_while()
    go.decide_about_a_run(LAST, "resume")
    go.everything_goes_well_for_a_while()
    go.type_a_value(0, ("email", "ok@firm9.com"))
    go.order_later(EMAIL, overwrite=True, force=True)
    go.type_a_value(0, ("email", "bounce@firm9.com"))
    go.plan_a_page()
    go.decide_about_a_run(LAST, "cancel")
    go.order_later(EMAIL, force=True)
    go.decide_about_a_run(LAST, "cancel")
    go.order(EMAIL)
    go.everything_goes_well_by_events()


def limits_of_runs(go):
    """What a user may spend in a day, and what all leads together may cost that come one by one."""
    go.set_up()
    go.add_leads([ANN, BOB, CID, DAN, ZOE], 0)
    go.order_as_a_user(EMAIL)
    go.everything_goes_well_by_events()
    go.time_passes(MIDNIGHTS[0])
    go.order_as_a_user(EMAIL)
    go.everything_goes_well_by_events()
    go.add_leads([ANN, ZOE, DAN], 2, "ok@firm9.com")
    for find in (VERIFY, PHONE):
        go.some_come_one_by_one(find, [LAST, 5, 6, 6])
        go.gather()
    go.everything_goes_well_by_events()
    go.gather()


def members(go):
    """One person in two models and twice in one of them, whose table takes a number once."""
    go.set_up()
    go.add_leads([DAN], 0)
    go.order(PHONE)
    go.everything_goes_well_by_events()
    go.add_members([DAN, ZOE, ZOE, CID], 2)
    for find in (EMAIL, PHONE, VERIFY):
        go.order_members(find, later=find is PHONE)
        go.everything_goes_well_for_a_while()
    go.another_becomes_a_member(0, ANN)
    go.order_members(EMAIL)
    go.another_becomes_a_member(0, BOB)
    go.everything_goes_well_for_a_while()


def rules(go):
    """A rule buys for leads that are new, another checks again what is too old; neither passes its cap."""
    go.set_up()
    go.add_leads([ANN], 0)
    go.rules_are_changed([NEW, OLD])
    go.add_leads([ANN, BOB, CID, DAN, ZOE], 1)
    for _ in range(2):
        go.rules_look()
        go.everything_goes_well_by_events()
        go.time_passes("an hour")
    for _ in range(2):
        go.time_passes("91 days")
        for _ in range(2):
            go.rules_look()
            go.everything_goes_well_by_events()
            go.time_passes(MIDNIGHTS[0])


TOURS = [stored_runs, limits_of_runs, members, rules]
EFFECTS = {
    *("a page planned", "a planner of a page died", "leads that came one by one were gathered"),
    *("pause: a planning run", "pause: a running run", "resume: a paused run"),
    *("cancel: a planning run", "cancel: a running run", "skipped: over_user"),
    *("a mail of a member", "a mobile of a member", "a number that another member has", "a member became another"),
    *("a rule asked", "bought by the rule new", "bought by the rule old", "bought again: a rule checks again"),
}
