"""What becomes of leads that a rule asked for: forgotten people, cancelled runs, short balances."""

from __future__ import annotations

import pytest

from leads import forgetting
from leads.credits.budget import Balance
from leads.enrichment import Run
from leads.mapping import OnForget, registry
from leads.models import EnrichmentRun, Lead, LeadSearch, RuleLead
from leads.runs import controlling
from tests.conftest import finish
from tests.leads.upkeep.rules.conftest import DAY

pytestmark = pytest.mark.django_db


def balance_of(amount, clock, monkeypatch):
    monkeypatch.setattr("leads.credits.budget.ask_balance", lambda: Balance(credits=amount, asked_at=clock.now))


def test_whom_the_balance_did_not_pay_is_asked_for_in_an_hour(make_leads, new_leads, clock, monkeypatch):
    """Only those: who was skipped for another reason was asked for once, unless the run was short of credits."""
    balance_of(1, clock, monkeypatch)
    new_leads()
    clock.look()
    make_leads(3)
    clock.look(minutes=1)
    assert EnrichmentRun.objects.get().tally["skipped"] == {"find_email": {"over_balance": 2}}
    balance_of(50, clock, monkeypatch)
    assert clock.look(minutes=2) == 0
    assert clock.look(minutes=62) == 1
    assert LeadSearch.objects.count() == 3
    for _ in range(4):
        clock.look(minutes=61)
    assert EnrichmentRun.objects.count() == 2
    assert not RuleLead.objects.exists()


def test_of_two_kinds_the_one_that_was_not_paid_is_asked_for_again(make_leads, new_leads, clock, monkeypatch):
    """The other is not bought twice."""
    balance_of(3, clock, monkeypatch)
    new_leads(find={"email", "phone"}, daily_credits=1000)
    clock.look()
    make_leads(2)
    clock.look(minutes=1)
    assert list(LeadSearch.objects.values_list("kind", flat=True)) == ["find_email", "find_email"]
    balance_of(500, clock, monkeypatch)
    clock.look(minutes=1)
    clock.look(minutes=61)
    assert sorted(LeadSearch.objects.values_list("kind", flat=True)) == ["find_email"] * 2 + ["find_phone"] * 2


def test_stale_leads_that_were_not_paid_come_first_again(make_leads, old_leads, clock, monkeypatch):
    """It is not their fault: they are the oldest still, on the same day."""
    balance_of(0, clock, monkeypatch)
    old_leads()
    make_leads(2, email="ann@firm.com", email_status="valid", email_checked_at=clock.now - 95 * DAY)
    clock.look()
    assert EnrichmentRun.objects.get().tally["skipped"] == {"verify_email": {"over_balance": 2}}
    controlling.look_after()
    balance_of(50, clock, monkeypatch)
    assert clock.look(hours=1) == 1
    assert LeadSearch.objects.count() == 2


def test_leads_of_a_run_that_a_person_cancelled_are_left_alone(make_leads, new_leads, clock, monkeypatch):
    """They said no."""
    balance_of(1, clock, monkeypatch)
    new_leads()
    clock.look()
    make_leads(3)
    clock.look(minutes=1)
    Run.get(EnrichmentRun.objects.get().pk).cancel(by="ann")
    balance_of(50, clock, monkeypatch)
    for _ in range(4):
        clock.look(minutes=61)
    assert EnrichmentRun.objects.count() == 1


def test_a_run_that_was_pruned_is_settled(make_leads, new_leads, clock):
    """Nothing waits for a row that is gone."""
    new_leads()
    clock.look()
    make_leads(1)
    clock.look(minutes=1)
    EnrichmentRun.objects.all().delete()
    for _ in range(4):
        clock.look(minutes=11)
    assert not RuleLead.objects.exists()


@pytest.mark.parametrize("policy", [OnForget.BLANK, OnForget.DELETE])
def test_somebody_who_is_forgotten_is_not_taken_for_new(make_leads, new_leads, clock, sandbox, monkeypatch, policy):
    """The row may stay, and the stretch be looked at a second time."""
    monkeypatch.setattr(registry.of(Lead), "on_forget", policy)
    new_leads()
    clock.look()
    lead, _ = make_leads(2)
    clock.look(minutes=1)
    finish(sandbox)
    forgetting.forget([lead.crm_id])
    assert RuleLead.objects.filter(key=str(lead.pk)).exists() == (policy == OnForget.BLANK)
    for _ in range(4):
        clock.look(minutes=11)
    assert EnrichmentRun.objects.count() == 1
    assert not RuleLead.objects.exists()


def test_a_stale_lead_that_is_forgotten_leaves_nothing(make_leads, old_leads, clock):
    """Its verdict is gone, so that it cannot become too old."""
    old_leads()
    (lead,) = make_leads(1, email="ann@firm.com", email_status="valid", email_checked_at=clock.now - 95 * DAY)
    clock.look()
    forgetting.forget([lead.crm_id])
    assert not RuleLead.objects.exists()
