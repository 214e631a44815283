"""A look makes at most one run for each rule, whatever becomes of the others, and however many look at once."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import OperationalError, connection, connections
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.enrichment import sweep
from leads.models import EnrichmentRuleState, EnrichmentRun, Home, Lead, LeadSearch, RuleLead, SearchJob
from leads.rules import EnrichmentRule
from leads.runs import planning
from leads.upkeep.rules.looking import look_at_rules
from tests.conftest import finish
from tests.crm.lead_mapping import ContactMapping
from tests.crm.models import Contact
from tests.leads.upkeep.rules.conftest import DAY

pytestmark = pytest.mark.django_db

EMAIL = {"find": {"email"}, "daily_credits": 100}


def bought():
    return LeadSearch.objects.filter(position__isnull=False)


def test_without_a_rule_nothing_happens(make_leads, clock):
    """Rules are off by default, and cost the sweep one query."""
    make_leads(1)
    with CaptureQueriesContext(connection) as queries:
        assert clock.look(days=1) == 0
    assert sum("ruledstate" in query["sql"] or "rulestate" in query["sql"] for query in queries) == 1
    assert not EnrichmentRuleState.objects.exists()
    assert not EnrichmentRun.objects.exists()


def test_a_rule_that_raises_is_paused_with_the_reason_and_the_others_are_looked_at(
    make_leads, enrow, clock, monkeypatch, caplog
):
    """The reason says which error, and where; nothing that the error quotes."""
    enrow(RULES=[EnrichmentRule("bad", "crm.Contact", **EMAIL), EnrichmentRule("good", "leads.Lead", **EMAIL)])
    clock.look()
    make_leads(1)

    quoted = Lead.objects.get().linkedin_url

    def fail(mapping):
        raise RuntimeError(quoted)

    monkeypatch.setattr(ContactMapping, "get_queryset", fail)
    assert clock.look(minutes=1) == 1
    bad, good = EnrichmentRuleState.objects.order_by("name")
    assert (bad.paused_at, bad.paused_by, good.paused_at) == (clock.now, "", None)
    assert bad.reason.startswith("It could not be looked at: RuntimeError at")
    assert quoted not in bad.reason + bad.last_error + caplog.text
    assert "Rule 'bad' is paused" in caplog.text
    monkeypatch.undo()
    Contact.objects.create(given_name="Ann", family_name="King", linkedin="ann")
    assert clock.look(minutes=1) == 0, "A person resumes it."


def test_a_rule_that_asks_what_cannot_be_asked_is_paused_too(make_leads, new_leads, clock):
    """Where nobody ran the checks."""
    new_leads(where=Q(no_such_field=1))
    clock.look()
    assert "FieldError" in EnrichmentRuleState.objects.get().reason


def test_a_database_that_fails_pauses_nothing(make_leads, new_leads, clock, monkeypatch):
    """It may be well a moment later; the rule is tried again in ten minutes."""
    new_leads()
    clock.look()
    make_leads(1)

    def fail(*args):
        raise OperationalError("canceling statement due to statement timeout")

    with monkeypatch.context() as patch:
        patch.setattr("leads.upkeep.rules.created.choose", fail)
        clock.look(minutes=1)
    state = EnrichmentRuleState.objects.get()
    assert (state.paused_at, state.last_error[:16]) == (None, "OperationalError")
    assert clock.look(minutes=1) == 0
    assert clock.look(minutes=10) == 1
    assert EnrichmentRuleState.objects.get().last_error == ""


def test_a_rule_without_a_cap_spends_nothing(make_leads, new_leads, clock):
    """Also where nobody ran the checks."""
    new_leads(daily_credits=None)
    clock.look()
    make_leads(1)
    assert clock.look(minutes=1) == 0
    assert not bought().exists()


def test_a_rule_that_was_taken_out_and_comes_back_begins_anew(make_leads, new_leads, enrow, clock):
    """What was made in between is not bought; one that is missing for a moment, in a worker, goes on."""
    new_leads()
    clock.look()
    enrow(RULES=[])
    clock.look(minutes=30)
    make_leads(1)
    new_leads()
    clock.look(minutes=1)
    assert bought().count() == 1
    enrow(RULES=[])
    clock.look(minutes=1)
    assert RuleLead.objects.exists(), "Who was asked for is not forgotten either."
    clock.look(minutes=61)
    assert not EnrichmentRuleState.objects.exists()
    assert not RuleLead.objects.exists()
    make_leads(1, prefix="between", lastname="Between")
    new_leads()
    clock.look(minutes=1)
    clock.look(minutes=1)
    assert bought().count() == 1


def test_another_name_is_another_rule_and_another_model_begins_anew(make_leads, new_leads, clock):
    """Nothing that is older is bought by either."""
    new_leads()
    clock.look()
    make_leads(1)
    new_leads(name="renamed")
    clock.look(minutes=1)
    Contact.objects.create(given_name="Ann", family_name="King", linkedin="https://www.linkedin.com/in/ann/")
    new_leads(name="renamed", model="crm.Contact")
    clock.look(minutes=1)
    assert EnrichmentRuleState.objects.get(name="renamed").model == "crm.contact"
    assert not bought().exists()


def test_other_settings_of_a_rule_hold_from_now_on(make_leads, new_leads, clock):
    """It goes on where it was."""
    new_leads(where={"crm_id": "nobody"})
    clock.look()
    make_leads(1)
    clock.look(minutes=1)
    new_leads(find={"phone"})
    make_leads(1, prefix="other", lastname="Other", linkedin_url="")
    clock.look(minutes=1)
    assert list(bought().values_list("crm_id", "kind")) == [("other-0", "find_phone")]


def test_a_copy_of_the_database_asks_for_nothing(make_leads, new_leads, clock):
    """The original does."""
    new_leads()
    clock.look()
    make_leads(1)
    Home.objects.update_or_create(pk=1, defaults={"database": "another", "environment": "", "since": timezone.now()})
    assert clock.look(minutes=1) == 0


def test_two_rules_that_want_the_same_lead_buy_it_once(make_leads, enrow, clock, sandbox):
    """Each has its run, and one of them the purchase."""
    enrow(RULES=[EnrichmentRule(name, "leads.Lead", **EMAIL) for name in ("one", "two")])
    clock.look()
    make_leads(3)
    assert clock.look(minutes=1) == 2
    finish(sandbox)
    assert sandbox.ledger.purchases.total() == 3


def test_a_run_whose_rule_was_taken_out_buys_nothing(make_leads, new_leads, enrow, clock):
    """It was not planned yet; who takes a rule out wants it to stop."""
    new_leads()
    clock.look()
    make_leads(2)
    look_at_rules(clock.now + dt.timedelta(minutes=1))
    enrow(RULES=[])
    while planning.plan_next():
        pass
    assert EnrichmentRun.objects.get().tally["skipped"] == {"find_email": {"over_rule": 2}}


def test_a_run_that_is_not_planned_yet_counts_against_the_cap(make_leads, new_leads, clock):
    """No worker was there for a while; the next look takes nobody whom the cap could not pay."""
    new_leads(daily_credits=2)
    clock.look()
    make_leads(5)
    assert [look_at_rules(clock.now + dt.timedelta(minutes=number)) for number in (1, 3, 5)] == [1, 0, 0]
    assert EnrichmentRun.objects.get().selected == 2


def test_a_look_costs_the_same_for_one_lead_and_for_many(make_leads, new_leads, clock):
    """Only the rows in its statements are more."""
    new_leads(daily_credits=10_000)
    clock.look()
    costs = []
    for number in (2, 1, 400):
        make_leads(number, prefix=f"new{number}")
        clock.now += dt.timedelta(minutes=12)
        with CaptureQueriesContext(connection) as queries:
            assert look_at_rules(clock.now) == 1
        # SQLite takes few rows in one INSERT.
        costs.append(sum('INSERT INTO "leads_rulelead"' not in query["sql"] for query in queries))
        clock.look(minutes=12)
    assert costs[1] == costs[2]
    assert costs[2] <= 30


def _together(work):
    threads = [threading.Thread(target=work, daemon=True) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.parametrize("stale", [False, True], ids=["created", "stale"])
def test_twenty_beats_at_once_keep_the_cap_and_take_each_lead_once(make_leads, new_leads, old_leads, clock, stale):
    """Each sweeps: looks at the rules, and plans; while the rules rest for no moment."""
    if stale:
        old_leads(daily_credits=5)
        make_leads(50, email_status="valid", email_checked_at=clock.now - 95 * DAY)
        Lead.objects.update(email=Concat("crm_id", Value("@firm.com")))
    else:
        new_leads(daily_credits=20)
        clock.look()
        make_leads(50)
    gate, errors = threading.Barrier(20), []

    def beat():
        try:
            gate.wait(30)
            for _ in range(3):
                EnrichmentRuleState.objects.update(next_look_at=clock.now)
                look_at_rules(clock.now + dt.timedelta(minutes=5))
                while planning.plan_next():
                    pass
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    _together(beat)
    assert not errors
    assert bought().count() == len(set(bought().values_list("crm_id", flat=True))) == 20
    assert SearchJob.objects.all().credits() == (5 if stale else 20)
    assert RuleLead.objects.count() == 20
    assert not EnrichmentRuleState.objects.get().last_error


def test_twenty_beats_one_after_the_other(make_leads, new_leads, sandbox):
    """By the sweep itself."""
    new_leads(daily_credits=2)
    sweep()
    make_leads(5)
    for _ in range(20):
        EnrichmentRuleState.objects.update(next_look_at=timezone.now())
        sweep()
    assert SearchJob.objects.all().credits() == 2
