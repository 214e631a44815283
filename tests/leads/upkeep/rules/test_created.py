"""New rows are asked for once each, however they came and however late they were committed."""

from __future__ import annotations

import datetime as dt
import threading
from functools import partial

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from leads.enrichment import sweep
from leads.models import EnrichmentRuleState, EnrichmentRun, Lead, LeadSearch, RuleLead, SearchJob
from leads.upkeep.rules import created
from tests.conftest import finish
from tests.crm.models import Candidate, Company, Contact

pytestmark = pytest.mark.django_db


def searched():
    """The crm_ids that were bought, in the order of the searches."""
    return list(LeadSearch.objects.filter(position__isnull=False).order_by("pk").values_list("crm_id", flat=True))


def test_only_rows_that_are_made_after_the_rule_was_switched_on_are_bought(make_leads, new_leads, clock):
    """The first look only notes where the table ends; bulk inserts and imports count."""
    make_leads(3)
    new_leads()
    assert clock.look() == 0
    make_leads(2, prefix="new", lastname="Newman")
    assert clock.look(minutes=1) == 1
    assert sorted(searched()) == ["new-0", "new-1"]
    run = EnrichmentRun.objects.get()
    assert (run.requested_by, run.via, run.max_credits) == ("rule:new", "rule", 100)
    assert (run.force, run.overwrite) == (False, False)
    assert set(SearchJob.objects.values_list("requested_by", flat=True)) == {"rule:new"}


def test_an_empty_table_is_a_beginning_too(make_leads, new_leads, clock):
    """The very first row is new."""
    new_leads()
    clock.look()
    make_leads(1)
    clock.look(minutes=1)
    assert searched() == ["lead-0"]


def test_rows_that_are_saved_again_in_a_loop_are_bought_once(make_leads, new_leads, clock, sandbox):
    """A write, of the host or of ours, is no reason: 1,000 rows, ten times."""
    new_leads(daily_credits=5000)
    clock.look()
    make_leads(1000)
    for _ in range(10):
        Lead.objects.update(updated_at=timezone.now(), country_code="FR")
        clock.look(minutes=7)
        finish(sandbox)
    assert len(searched()) == len(set(searched())) == 1000
    assert sandbox.ledger.purchases.total() == 1000
    assert EnrichmentRun.objects.count() == 1


def test_a_deleted_row_at_the_watermark_does_not_matter(make_leads, new_leads, clock):
    """Also where the rows of a whole stretch are gone."""
    make_leads(3)
    new_leads()
    clock.look()
    Lead.objects.all().delete()
    for number in range(3):
        make_leads(2, prefix=f"new{number}", lastname=f"Newman{'abc'[number]}")
        clock.look(minutes=11)
        Lead.objects.all().delete()
    assert len(searched()) == 6


def test_what_the_cap_does_not_pay_today_is_bought_when_there_is_room(make_leads, new_leads, clock):
    """Oldest first, each once; the day's cap is never passed."""
    new_leads(daily_credits=2)
    clock.look()
    make_leads(5)
    for day in range(4):
        clock.look(days=1)
        for _ in range(3):
            clock.look(minutes=20)
        assert len(searched()) == min(5, 2 * (day + 1))
        assert EnrichmentRuleState.objects.get().due == max(0, 5 - 2 * (day + 1))
    pairs = [sorted(searched()[at : at + 2]) for at in (0, 2, 4)]
    assert pairs == [["lead-0", "lead-1"], ["lead-2", "lead-3"], ["lead-4"]]


def test_whom_a_limit_of_others_did_not_let_through_is_asked_for_again(make_leads, new_leads, clock, monkeypatch):
    """Planned in the same moment as others who took what was left: no lead is lost, and none is bought twice."""
    rule = new_leads(daily_credits=10)
    clock.look()
    make_leads(5)
    # What the look saw is gone when the run is planned.
    monkeypatch.setattr(type(rule), "cap", property(lambda rule: 2))
    monkeypatch.setattr("leads.upkeep.rules.looking.left", lambda rule: 10)
    clock.look(minutes=1)
    assert len(searched()) == 2
    assert EnrichmentRun.objects.get().tally["skipped"] == {"find_email": {"over_rule": 3}}
    monkeypatch.undo()
    clock.look(minutes=1)
    assert RuleLead.objects.filter(again_at__isnull=False).count() == 3
    clock.look(minutes=70)
    assert sorted(searched()) == [f"lead-{number}" for number in range(5)]


def test_skipped_leads_are_not_planned_again(make_leads, new_leads, clock):
    """Neither in the stretch that is looked at twice, nor later."""
    new_leads()
    clock.look()
    make_leads(3, email="ann@firm.com")
    for _ in range(6):
        clock.look(minutes=6)
    run = EnrichmentRun.objects.get()
    assert run.tally["skipped"] == {"find_email": {"already": 3}}
    assert not RuleLead.objects.exists(), "What was asked for is forgotten once nobody can ask again."


def test_where_narrows_and_rows_that_do_not_fit_are_read_once(make_leads, new_leads, clock):
    """The place moves on behind them, so that no sweep reads them again."""
    new_leads(where={"company_domain": "firm1.com"})
    clock.look()
    make_leads(3)
    clock.look(minutes=1)
    assert searched() == ["lead-1"]
    assert EnrichmentRuleState.objects.get().cursor == ["", str(Lead.objects.latest("pk").pk)]


def test_where_over_many_rows_takes_a_lead_once(new_leads, clock):
    """A lead with two rows that fit is one lead; and the project's own queryset leaves others out."""
    new_leads(model="crm.Contact", where={"employer__contact__given_name__startswith": "A"})
    clock.look()
    firm = Company.objects.create(title="Firm", website="firm.com")
    for name, out in (("Ann", False), ("Ada", False), ("Amy", True)):
        Contact.objects.create(given_name=name, family_name="King", employer=firm, opted_out=out)
    clock.look(minutes=1)
    assert EnrichmentRun.objects.get().selected == 2
    assert len(set(searched())) == len(searched()) == 2


def test_pages_are_taken_one_after_the_other(make_leads, new_leads, clock, monkeypatch):
    """A look is bounded, and the next sweep takes the next page at once."""
    monkeypatch.setattr(created, "MOST", 2)
    new_leads()
    clock.look()
    make_leads(5)
    assert [clock.look(seconds=15) for _ in range(3)] == [1, 1, 1]
    assert len(searched()) == 5
    for _ in range(8):
        clock.look(minutes=11)
    assert EnrichmentRun.objects.count() == 3
    assert not RuleLead.objects.exists()


def test_rows_that_come_within_a_minute_go_together(make_leads, new_leads, clock):
    """The first at once."""
    new_leads()
    clock.look()
    for number in range(4):
        make_leads(1, prefix=f"new{number}", company_domain=f"other{number}.com")
        clock.look(seconds=15)
    clock.look(seconds=15)
    assert [run.selected for run in EnrichmentRun.objects.order_by("created_at")] == [1, 3]


class Late:
    """A transaction in another thread that stays open until it is told to commit."""

    def __init__(self, work):
        self.is_written, self.may_commit = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, args=[work], daemon=True)
        self.thread.start()
        assert self.is_written.wait(20)

    def _run(self, work):
        try:
            with transaction.atomic():
                work()
                self.is_written.set()
                assert self.may_commit.wait(60)
        finally:
            connections.close_all()

    def commit(self):
        self.may_commit.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


def _five(make_leads, turn, at, kind):
    person = {"lastname": f"{kind.title()}{'abcd'[turn]}", "company_domain": "firm.com", "linkedin_url": ""}
    made = make_leads(5, prefix=f"{kind}{turn}", **person)
    Lead.objects.filter(pk__in=[lead.pk for lead in made]).update(created_at=at)


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["", "created_at"])
def test_commits_that_come_two_minutes_late_miss_nobody(make_leads, new_leads, clock, path):
    """Their keys, and times, lie behind rows that were bought long before; each is bought once."""
    new_leads(created_at=path, late_minutes=3)
    clock.look()
    for turn in range(4):
        make = partial(_five, make_leads, turn, clock.now)
        late = Late(partial(make, "late"))
        make("prompt")
        clock.look(seconds=60)
        clock.look(seconds=60)
        late.commit()
        clock.look(seconds=15)
    for _ in range(4):
        clock.look(minutes=3)
    assert sorted(searched()) == sorted(Lead.objects.values_list("crm_id", flat=True))
    assert Lead.objects.count() == 40


def candidate(name, at):
    return Candidate.objects.create(name=f"{name} King", company="Firm", made_at=at)


def test_keys_without_an_order_are_found_by_a_time(new_leads, clock, monkeypatch):
    """Among rows of one time by the key, page by page; a row that is dated ahead waits until then."""
    monkeypatch.setattr(created, "MOST", 2)
    candidate("Old", clock.now - dt.timedelta(seconds=1))
    new_leads(model="crm.Candidate", created_at="made_at")
    clock.look()
    at = clock.now + dt.timedelta(seconds=5)
    several = [candidate(f"New{letter}", at) for letter in "abcde"]
    ahead = candidate("Ahead", clock.now + dt.timedelta(days=2))
    for _ in range(5):
        clock.look(minutes=1)
    assert set(searched()) == {f"candidate-{one.pk}" for one in several}
    for _ in range(20):
        clock.look(minutes=6)
    assert len(searched()) == 5
    assert not RuleLead.objects.exists()
    clock.look(days=3)
    assert searched()[5:] == [f"candidate-{ahead.pk}"]


def test_the_sweep_looks_at_rules(make_leads, new_leads, sandbox):
    """Nothing else starts them: no signal, no request."""
    new_leads()
    sweep()
    make_leads(2)
    sweep()
    finish(sandbox)
    assert set(Lead.objects.values_list("email_status", flat=True)) == {"valid"}
    assert EnrichmentRun.objects.get().state == "finished"
