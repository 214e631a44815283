"""``manage.py enrich_rules``."""

from __future__ import annotations

import pytest

from leads.models import EnrichmentRuleState, EnrichmentRun, Lead, LeadSearch, RuleLead
from leads.rules import EnrichmentRule
from leads.upkeep.rules.looking import look_at_rules
from tests.commands import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def rules(enrow, make_leads):
    """Two rules that are on, and three new leads."""
    enrow(
        RULES=[
            EnrichmentRule("new people", "leads.Lead", find={"email"}, daily_credits=2),
            EnrichmentRule("old", "leads.Lead", when="stale", days=90, verify=True, daily_credits=7),
        ]
    )
    look_at_rules()
    make_leads(2)
    make_leads(1, prefix="has", email="ann@firm.com")


def test_it_lists_the_rules(rules):
    """What each does, how it is, what it spent."""
    outcome = run("enrich_rules")
    assert outcome.code == 0
    new, old = outcome.out.splitlines()
    assert new == "new people: on. leads.Lead, find e-mail for new rows; 0 of 2 credits today."
    assert "verify e-mail again before it is 90 days old; 0 of 7 credits today" in old
    told = run("enrich_rules", "old", "--json").json["rules"]
    assert [(rule["name"], rule["state"], rule["daily_credits"]) for rule in told] == [("old", "on", "7")]


def test_a_dry_run_says_what_would_be_done_and_the_worst_case_and_changes_nothing(rules, sandbox):
    """Also in the rows of the rule."""
    EnrichmentRuleState.objects.update(next_look_at="2020-01-01T00:00Z")
    before = list(EnrichmentRuleState.objects.order_by("name").values())
    outcome = run("enrich_rules", "--dry-run")
    assert outcome.code == 0
    assert "new people: at most 2 credits" in outcome.out
    assert "old: at most 0 credits now." in outcome.out
    assert "Dry run: nothing was written" in outcome.out
    told = run("enrich_rules", "new people", "--dry-run", "--json").json["rules"][0]
    assert (told["worst_case_credits"], told["name"]) == ("2", "new people")
    assert list(EnrichmentRuleState.objects.order_by("name").values()) == before
    assert [model.objects.count() for model in (EnrichmentRun, LeadSearch, RuleLead)] == [0, 0, 0]
    assert sandbox.ledger.purchases.total() == 0
    assert look_at_rules() == 1
    assert EnrichmentRun.objects.get().max_credits == 2


def test_a_dry_run_before_the_first_sweep_promises_nothing(enrow, make_leads):
    """The rule begins with the sweep: what is there is not new."""
    enrow(RULES=[EnrichmentRule("new people", "leads.Lead", find={"email"}, daily_credits=2)])
    make_leads(2)
    assert "at most 0 credits" in run("enrich_rules", "--dry-run").out
    assert "new: the next sweep switches it on" in run("enrich_rules").out
    assert not EnrichmentRuleState.objects.exists()


def test_it_pauses_and_resumes(rules):
    """Once; a second time is exit code 1."""
    outcome = run("enrich_rules", "new people", "--pause")
    assert (outcome.code, outcome.out[:40]) == (0, "Paused: rule 'new people' is paused: pau")
    again = run("enrich_rules", "new people", "--pause")
    assert (again.code, "Nothing was paused." in again.err) == (1, True)
    told = run("enrich_rules", "new people", "--resume", "--json").json["rules"][0]
    assert (told["done"], told["state"]) == (True, "on")


def test_a_wrong_call_is_told_in_a_sentence(rules):
    """Exit code 2, and nothing was done."""
    outcome = run("enrich_rules", "newpeople")
    assert (outcome.code, outcome.err.strip()) == (2, "There is no rule 'newpeople'. Rules: 'new people', 'old'.")
    outcome = run("enrich_rules", "--pause")
    assert (outcome.code, outcome.err.strip()) == (2, "Say which rule: give its name.")


def test_a_rule_that_raises_is_told_and_the_others_are_looked_at(enrow, make_leads):
    """Exit code 1; the kind of the error, and nothing that it quotes."""
    good = EnrichmentRule("good", "leads.Lead", find={"email"}, daily_credits=2)
    enrow(RULES=[EnrichmentRule("bad", "leads.Lead", find={"email"}, daily_credits=2, where={"no": 1}), good])
    outcome = run("enrich_rules", "--dry-run")
    assert outcome.code == 1
    assert "bad: it cannot be looked at: FieldError" in outcome.out
    assert "good: at most 0 credits" in outcome.out
    assert "1 of 2 rules" in outcome.err


def test_rules_that_are_none(enrow):
    """Where nobody ran the checks."""
    enrow(RULES=[EnrichmentRule("bad", "leads.Lead", find={"fax"}, daily_credits=2)])
    outcome = run("enrich_rules")
    assert outcome.code == 2
    assert "'manage.py check' says why" in outcome.err
    enrow(RULES=[])
    assert "There is no rule" in run("enrich_rules").out
    assert not Lead.objects.exists()
