"""A year of a base of leads, day by day: ``RULES_LEADS=100000`` for a large one. The clock is an argument."""

from __future__ import annotations

import os
import random
import statistics

import pytest

from enrow_webhooks.client.values import Answer, Result, SearchStatus, Verdict
from leads.credits import budget
from leads.models import EnrichmentRuleState, Lead, LeadSearch, RuleLead, SearchJob
from leads.results import applying
from leads.runs import controlling
from leads.upkeep.rules.findings import rule_findings
from tests.leads.upkeep.rules.conftest import DAY

LEADS, DAYS, AGE = int(os.environ.get("RULES_LEADS", "10000")), 365, 90
PRICE = 0.25


pytestmark = [pytest.mark.django_db, pytest.mark.timeout(3600), pytest.mark.slow]


@pytest.fixture
def base(clock):
    """Make leads that were verified so many days ago; one in fifty has lost its address since."""

    def make(age):
        people = (
            Lead(
                crm_id=f"lead-{number}",
                email="" if number % 50 == 0 else f"ann{number}@firm.com",
                email_status="valid",
                email_checked_at=clock.now - age(number) * DAY,
            )
            for number in range(LEADS)
        )
        Lead.objects.bulk_create(people, batch_size=1000)

    return make


@pytest.fixture(autouse=True)
def no_balance(monkeypatch):
    """Enrow is not asked for the balance: there is none here."""
    monkeypatch.setattr(budget, "ask_balance", lambda: None)


def answer_all(clock, chance):
    """Let Enrow answer what is queued, at this time: most are valid, some invalid, one in a hundred is an error."""
    for job in SearchJob.objects.filter(state="queued"):
        SearchJob.objects.filter(pk=job.pk).update(state="running", enrow_id=str(job.pk), sent_at=clock.now)
        rows = LeadSearch.objects.filter(job=job, position__isnull=False)
        results = []
        for crm_id, place, value in rows.values_list("crm_id", "position", "value_before"):
            drawn = chance.random()
            verdict = Verdict.FOUND if drawn < 0.8 else Verdict.NOT_FOUND if drawn < 0.99 else Verdict.UNUSABLE
            results.append(Result(verdict=verdict, value=value, crm_id=crm_id, index=place))
        assert applying.apply(job.pk, Answer(status=SearchStatus.COMPLETED, results=tuple(results)), via="poll")
    controlling.look_after()


def live(clock, days):
    """Return how many were searched on each day; each day nobody is too old, or the doctor says so."""
    chance, loads, told = random.Random(16), [], 0
    for day in range(days):
        clock.look(days=1)
        answer_all(clock, chance)
        loads.append(sum(SearchJob.objects.filter(sent_at=clock.now).values_list("requested", flat=True)))
        waiting = {int(key) for key in RuleLead.objects.values_list("key", flat=True)}
        old = Lead.objects.filter(email_checked_at__lt=clock.now - AGE * DAY)
        late = set(old.values_list("pk", flat=True)) - waiting
        said = any("falls behind" in finding.sentence for finding in rule_findings())
        assert said or not late, f"day {day}: {len(late)} are too old, and nobody says so"
        told += said
        # Only the dates of the leads, and what the rule wrote down, say who is due.
        LeadSearch.objects.all().delete()
    return loads, told


def test_a_base_that_was_checked_in_one_night_has_days_alike_after_the_first_round(base, old_leads, clock):
    """A year: each day's load is within a fifth of the mean, the cap is never passed, nobody becomes too old."""
    base(lambda number: 0)
    cap = LEADS / AGE * 3 * PRICE
    old_leads(days=AGE, daily_credits=cap)
    loads, told = live(clock, DAYS)
    assert told == 0
    assert max(loads) * PRICE <= cap
    later = loads[AGE:]
    mean = statistics.mean(later)
    print(f"{LEADS:,} leads: {min(later)} to {max(later)} a day, {mean:.0f} in the mean; before, up to {max(loads)}")
    assert 0.8 * mean <= min(later) <= max(later) <= 1.2 * mean
    # Everybody twice in the first round at most, and once in each of the others.
    assert LEADS * 0.97 * 3 <= sum(loads) <= LEADS * 5.2


def test_a_base_that_is_spread_stays_so_and_waits_for_its_last_day(base, old_leads, clock):
    """Nothing is bought earlier than it must be."""
    base(lambda number: number * 89 / LEADS)
    old_leads(days=AGE, daily_credits=LEADS)
    loads, told = live(clock, AGE + 20)
    assert told == 0
    later = loads[1:]
    assert 0.8 * statistics.mean(later) <= min(later) <= max(later) <= 1.2 * statistics.mean(later)
    assert sum(loads) <= LEADS * 1.28


def test_a_cap_that_is_too_small_is_kept_and_told(base, old_leads, clock):
    """Day by day: the rule falls behind, and the doctor says by how much."""
    base(lambda number: number * 89 / LEADS)
    cap = int(LEADS / AGE / 2) * PRICE
    old_leads(days=AGE, daily_credits=cap)
    loads, told = live(clock, 20)
    assert max(loads) * PRICE <= cap
    assert told == 20
    assert EnrichmentRuleState.objects.get().due > 0
