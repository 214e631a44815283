"""Every credit is accounted for: per day, user and run, and against the account's own balance."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from leads.credits import budget, statement
from leads.enrichment import enrich
from leads.models import EnrichmentRun, Lead, SearchJob
from leads.rules import EnrichmentRule
from tests.conftest import finish

pytestmark = pytest.mark.django_db


def test_sums_say_what_was_reserved_spent_and_released(make_leads, sandbox):
    """Two found, one not: 3 reserved, 2 spent, 1 released; what is open stands apart."""
    make_leads(2)
    make_leads(1, prefix="miss", lastname="Nobody")
    enrich(Lead.objects.all(), find={"email"}, requested_by="ann")
    finish(sandbox)
    enrich(Lead.objects.filter(crm_id="lead-0"), find={"phone"}, requested_by="bob")
    lines = {line.name: line for line in statement.per_user()}
    ann, bob = lines["ann"], lines["bob"]
    assert (ann.jobs, ann.searched, ann.found, ann.spent, ann.reserved, ann.released) == (1, 3, 2, 2, 0, 1)
    assert (bob.spent, bob.reserved, bob.released) == (0, 40, 0)
    assert [line.name for line in statement.per_day()] == [str(timezone.localdate())]
    assert statement.per_day()[0].spent + statement.per_day()[0].reserved == 42
    assert [line.reserved for line in statement.per_run()] == [40, 0]


def test_the_sum_of_costs_is_the_sandboxs_ledger(make_leads, sandbox):
    """All three kinds, hits and misses."""
    make_leads(6, lastname="Maybe")
    enrich(Lead.objects.all(), find={"email", "phone"})
    finish(sandbox)
    enrich(Lead.objects.exclude(email=""), verify=True, overwrite=True)
    finish(sandbox)
    assert SearchJob.objects.credits() == sandbox.ledger.spent
    assert sum(line.spent for line in statement.per_run()) == sandbox.ledger.spent


def test_today_is_a_line_even_when_nothing_was_queued(make_leads, sandbox):
    """Days begin at midnight: what was queued a second earlier belongs to yesterday."""
    assert (statement.today().name, statement.today().committed) == (str(timezone.localdate()), 0)
    make_leads(2)
    enrich(Lead.objects.filter(crm_id="lead-0"), find={"email"})
    enrich(Lead.objects.filter(crm_id="lead-1"), find={"phone"})
    midnight = budget.start_of(timezone.localdate())
    SearchJob.objects.filter(kind="find_phone").update(created_at=midnight - dt.timedelta(seconds=1))
    SearchJob.objects.filter(kind="find_email").update(created_at=midnight)
    assert (statement.today().committed, statement.today().jobs) == (1, 1)
    assert [line.reserved for line in statement.per_day(days=2)] == [1, 40]


def test_of_many_runs_those_with_most_credits_are_told(make_leads, sandbox):
    """A host that calls enrich() per lead does not make the page endless."""
    make_leads(4)
    for number in range(4):
        enrich(Lead.objects.filter(crm_id=f"lead-{number}"), find={"phone" if number == 2 else "email"})
    assert [line.reserved for line in statement.per_run(most=2)] == [40, 1]


def test_days_are_the_projects_own(make_leads, sandbox, far_away):
    """In TIME_ZONE, not in UTC: their names, where they begin, and which of them is today."""
    midnight = dt.datetime.now(far_away).replace(hour=0, minute=0, second=0, microsecond=0)
    here, before = str(midnight.date()), str(midnight.date() - dt.timedelta(days=1))
    assert statement.today().name == here
    make_leads(1)
    enrich(Lead.objects.all(), find={"email"})
    assert [(line.name, line.reserved) for line in statement.per_day(days=1)] == [(here, 1)]
    assert (statement.today().name, statement.today().committed) == (here, 1)
    SearchJob.objects.update(created_at=midnight)
    assert [line.name for line in statement.per_day(days=1)] == [here]
    SearchJob.objects.update(created_at=midnight - dt.timedelta(seconds=1))
    assert statement.per_day(days=1) == []
    assert [line.name for line in statement.per_day(days=2)] == [before]


def test_sums_per_rule(make_leads, enrow):
    """Also of a rule that is gone, and where its run was pruned; what code calls so is none."""
    enrow(RULES=[EnrichmentRule(name, "leads.Lead", find={"email"}, daily_credits=9) for name in ("new", "gone")])
    make_leads(4)
    asked = {"lead-0": ("rule:new", "rule"), "lead-1": ("rule:gone", "rule"), "lead-2": ("rule:x", "code")}
    for crm_id, (by, via) in asked.items():
        enrich(Lead.objects.filter(crm_id=crm_id), find={"email"}, requested_by=by, via=via)
    enrich(Lead.objects.filter(crm_id="lead-3"), find={"email"}, requested_by="rule:new", via="rule")
    enrow(RULES=[])
    lines = [("rule:new", 2), ("rule:gone", 1)]
    assert [(line.name, line.reserved) for line in statement.per_rule()] == lines
    EnrichmentRun.objects.filter(via="rule").delete()
    assert [(line.name, line.reserved) for line in statement.per_rule()] == lines
