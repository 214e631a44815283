"""Results that fit nobody: given to a lead or dropped by a person, and until then kept for good."""

from __future__ import annotations

import pytest
from django.db import DatabaseError

from enrow_webhooks.client.values import Kind
from leads import forgetting
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying, aside, writeback
from leads.results.waiting import write_waiting
from leads.skips import Reason
from tests.leads.answers import VIA, done, found, missed
from tests.leads.refusing import leads_refuse

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(running):
    """Two leads got nothing; two results, a hit and a miss, fit nobody."""
    job = running(2)
    applying.apply(job.pk, done(found("who", "who@x.com"), missed("nobody")), via=VIA)
    return job


def search(crm_id="who") -> LeadSearch:
    return LeadSearch.objects.get(crm_id=crm_id)


def waiting() -> int:
    return SearchJob.objects.get().kept_aside


def test_a_result_is_given_to_the_lead_that_a_person_names(job):
    """It is written like any other, the row says who gave it, and it waits no more."""
    given = search()
    assert (given.effect, given.outcome, waiting()) == ("aside", "found", 2)
    assert aside.give(given.pk, "lead-1", by="ann")
    given.refresh_from_db()
    assert (given.crm_id, given.effect, given.error, waiting()) == (
        "lead-1",
        "written",
        "Given to this lead by ann.",
        1,
    )
    assert Lead.objects.values_list("email", "email_status").get(crm_id="lead-1") == ("who@x.com", "valid")
    assert not aside.give(given.pk, "lead-0", by="ann"), "it does not wait any more"


def test_a_miss_is_given_too(job):
    """That nothing was found is a result: the lead is not searched again for a while."""
    assert aside.give(search("nobody").pk, "lead-0", by="ann")
    assert Lead.objects.get(crm_id="lead-0").email_status == "not_found"


def test_what_a_lead_has_is_kept(job):
    """A person who typed an address meanwhile has the last word."""
    Lead.objects.filter(crm_id="lead-1").update(email="mine@x.com")
    given = search()
    assert aside.give(given.pk, "lead-1", by="ann")
    given.refresh_from_db()
    assert (given.effect, Lead.objects.get(crm_id="lead-1").email) == ("kept", "mine@x.com")


def test_a_verdict_is_given_to_a_lead_that_has_its_address_alone(make_leads):
    """Also when a person says so: it judged that address."""
    make_leads(2, email="ann@firm.com")
    Lead.objects.filter(crm_id="lead-1").update(email="bob@firm.com")
    job = enrich(Lead.objects.all(), verify=True).jobs().get()
    SearchJob.objects.update(state="running")
    applying.apply(job.pk, done(found(value="c@firm.com"), found(value="d@firm.com")), via=VIA)
    Lead.objects.filter(crm_id="lead-0").update(email="c@firm.com")
    for row, crm_id in zip(LeadSearch.objects.filter(effect="aside").order_by("pk"), ("lead-0", "lead-1"), strict=True):
        assert aside.give(row.pk, crm_id, by="ann")
    assert dict(Lead.objects.values_list("crm_id", "email_status")) == {"lead-0": "valid", "lead-1": "failed"}


def test_what_cannot_be_used_can_only_be_dropped(running):
    """Nobody gets an address that is none."""
    job = running(2)
    applying.apply(job.pk, done(found("who", "not-an-email")), via=VIA)
    assert (search().outcome, "not an e-mail" in search().error) == ("unusable", True)
    assert not aside.give(search().pk, "lead-0", by="ann")
    assert aside.drop(search().pk, by="ann")


def test_a_lead_that_is_not_there_gets_nothing(job):
    """The result goes on waiting."""
    assert not aside.give(search().pk, "lead-9", by="ann")
    assert (search().effect, waiting()) == ("aside", 2)


def test_what_is_dropped_waits_no_more_and_says_who_dropped_it(job):
    """The row stays, for the history; nobody gets it later."""
    assert aside.drop(search().pk, by="ann")
    assert (search().effect, waiting()) == ("dropped", 1)
    assert search().error.endswith("Dropped by ann.")
    assert not aside.drop(search().pk, by="ann")
    assert not aside.give(search().pk, "lead-0", by="ann")
    writeback.write(job.pk)
    assert set(Lead.objects.values_list("email", flat=True)) == {""}


def test_a_late_answer_brings_back_nothing_that_somebody_decided(job):
    """An expired job takes another answer: it keeps no second copy, and counts what is aside as nobody's find."""
    aside.drop(search().pk, by="ann")
    SearchJob.objects.update(state="expired")
    applying.apply(job.pk, done(found("who", "who@x.com"), found("lead-0", "0@x.com")), via=VIA)
    job.refresh_from_db()
    assert (job.found, LeadSearch.objects.filter(crm_id="who").count()) == (1, 1)


def test_a_decision_outlasts_a_lead_that_cannot_be_written(job, monkeypatch):
    """The sweep writes it later, as any result."""

    def refuse(pk):
        raise DatabaseError("the host's trigger")

    with monkeypatch.context() as patch:
        patch.setattr(aside.writeback, "write", refuse)
        assert aside.give(search().pk, "lead-1", by="ann")
    assert Lead.objects.get(crm_id="lead-1").email == ""
    assert write_waiting() == 1
    assert Lead.objects.get(crm_id="lead-1").email == "who@x.com"


def test_who_is_forgotten_leaves_nothing_that_waits(job):
    """Their result is blanked, and nobody is asked to look at it."""
    assert aside.give(search().pk, "lead-1", by="ann")
    LeadSearch.objects.filter(crm_id="nobody").update(crm_id="lead-0")
    forgetting.forget(["lead-0", "lead-1"])
    assert waiting() == 0
    assert not LeadSearch.objects.exclude(value="").exists()


@pytest.mark.parametrize("count", [1, 50])
def test_deciding_costs_the_same_however_big_the_job_is(running, django_assert_num_queries, count):
    """It looks at one row, its job and its lead."""
    job = running(2)
    strangers = [found(f"s{number}", f"{number}@x.com") for number in range(count)]
    applying.apply(job.pk, done(*strangers), via=VIA)
    pk = search("s0").pk
    with django_assert_num_queries(7):  # savepoint, row, job, row, row, count, savepoint
        aside.drop(pk, by="ann")


def test_who_got_a_result_was_bought(job, make_leads):
    """It is reused, free of charge, for another lead of that person, and says nothing of anybody else."""
    assert aside.give(search().pk, "lead-1", by="ann")
    make_leads(1, prefix="twin", firstname="Ann1", company_domain="firm1.com")
    run = enrich(Lead.objects.filter(crm_id="twin-0"), find={"email"})
    assert (run.tally.reused.total(), run.tally.to_search.total()) == (1, 0)
    assert Lead.objects.get(crm_id="twin-0").email == "who@x.com"


def test_what_was_given_and_cleared_stays_blank(job):
    """We wrote it."""
    assert aside.give(search().pk, "lead-1", by="ann")
    Lead.objects.update(email="")
    tally = enrich(Lead.objects.filter(crm_id="lead-1"), find={"email"}).tally
    assert tally.skipped == {(Kind.FIND_EMAIL, Reason.CLEARED): 1}


def test_a_miss_that_was_given_is_not_bought_again(job):
    """Not before its days are over."""
    assert aside.give(search("nobody").pk, "lead-0", by="ann")
    tally = enrich(Lead.objects.filter(crm_id="lead-0"), find={"email"}).tally
    assert tally.skipped == {(Kind.FIND_EMAIL, Reason.NOTHING_NEW): 1}


def test_what_was_given_and_waits_is_not_written_to_another_person(job):
    """The table took nothing then; by the time that it does, the lead is somebody else."""
    with leads_refuse():
        assert aside.give(search().pk, "lead-1", by="ann")
    Lead.objects.filter(crm_id="lead-1").update(firstname="Zed", lastname="Other", company_domain="other.com")
    write_waiting()
    assert Lead.objects.get(crm_id="lead-1").email == ""
    assert LeadSearch.objects.get(value="who@x.com").effect == "changed"


def test_a_late_answer_brings_back_nothing_that_was_given(job):
    """Whether Enrow said then whose it is, or did not."""
    assert aside.give(search().pk, "lead-1", by="ann")
    SearchJob.objects.update(state="expired")
    applying.apply(job.pk, done(found("who", "who@x.com"), found("", "who@x.com", index=9)), via=VIA)
    assert (waiting(), LeadSearch.objects.filter(value="who@x.com").count()) == (1, 1)
