"""A result is written only while its lead is the one that was searched; the newer of two results wins."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from leads.enrichment import enrich
from leads.kinds import KINDS
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying
from tests.conftest import finish
from tests.leads.answers import VIA, done, effects, found, missed

pytestmark = pytest.mark.django_db

EMAIL, PHONE, VERIFY = {"find": ("email",)}, {"find": ("phone",)}, {"find": (), "verify": True, "email": "a@firm.com"}
SAID = [name for facts in KINDS.values() for name in (facts.value, facts.status, facts.checked_at)]
OUTCOMES = {
    "found": done(found("lead-0", "+15705551234")),
    "not found": done(missed("lead-0")),
    "no answer": done(),
}


@pytest.mark.parametrize("came", OUTCOMES)
@pytest.mark.parametrize(
    ("asked", "change"),
    [
        (EMAIL, {"company_domain": "right.example.com"}),
        (EMAIL, {"firstname": "Zoe", "lastname": "Other"}),
        (PHONE, {"linkedin_url": "https://www.linkedin.com/in/zoe-other/"}),
        (VERIFY, {"email": "zoe@other.com"}),
    ],
    ids=["company", "name", "profile", "address"],
)
def test_a_lead_that_changed_meanwhile_learns_nothing(running, asked, change, came):
    """Neither value nor status nor date: the result says nothing of the person who stands there now. It is kept."""
    job = running(1, **asked)
    Lead.objects.update(**change)
    before = Lead.objects.values(*SAID).get()
    applying.apply(job.pk, OUTCOMES[came], via=VIA)
    assert Lead.objects.values(*SAID).get() == before
    assert effects(job) == {"lead-0": "changed"}
    assert LeadSearch.objects.exclude(outcome="pending").exists()


def test_another_person_under_the_same_crm_id_does_not_get_the_result(running, make_leads):
    """The lead was deleted and a list with the same ids imported while the search ran."""
    job = running(3)
    Lead.objects.filter(crm_id__in=["lead-0", "lead-1"]).delete()
    make_leads(2, firstname="Zoe", lastname="Other", company_domain="omega.example.com")
    applying.apply(job.pk, done(*(found(f"lead-{number}") for number in range(3))), via=VIA)
    assert dict(Lead.objects.values_list("crm_id", "email")) == {"lead-0": "", "lead-1": "", "lead-2": "x@firm.com"}
    assert effects(job) == {"lead-0": "changed", "lead-1": "changed", "lead-2": "written"}


def test_after_a_correction_the_next_run_searches_what_is_right(sandbox, running):
    """The result for the wrong company is in nobody's way."""
    job = running(1, company_domain="wrong.example.com")
    Lead.objects.update(company_domain="right.example.com")
    applying.apply(job.pk, done(found("lead-0", "ann@wrong.example.com")), via=VIA)
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    assert Lead.objects.get().email == "ann0.somebody@right.example.com"


def test_a_result_that_was_not_written_serves_the_lead_that_it_fits(running, make_leads):
    """It was paid for, so a lead of that person gets it free of charge."""
    job = running(1)
    Lead.objects.update(lastname="Other")
    applying.apply(job.pk, done(found("lead-0")), via=VIA)
    make_leads(1, prefix="same")
    run = enrich(Lead.objects.filter(crm_id="same-0"), find={"email"})
    assert (run.reused, run.tally.worst_case) == (1, 0)
    assert Lead.objects.get(crm_id="same-0").email == "x@firm.com"


@pytest.mark.parametrize(
    ("asked", "change"),
    [
        (EMAIL, {"firstname": " ANN0 "}),
        (EMAIL, {"company_domain": "https://www.firm0.com/team", "company_name": "Firm"}),
        (PHONE, {"linkedin_url": "linkedin.com/in/ann0-somebody", "firstname": "Anna"}),
        (VERIFY, {"email": " a@firm.com"}),
    ],
    ids=["space", "domain", "profile", "address"],
)
def test_another_spelling_of_the_same_person_costs_nothing(running, asked, change):
    """What would be sent is the same, so the result is written."""
    job = running(1, **asked)
    Lead.objects.update(**change)
    applying.apply(job.pk, done(found("lead-0", "+15705551234" if asked is PHONE else "a@firm.com")), via=VIA)
    assert effects(job) == {"lead-0": "written"}
    lead = Lead.objects.get()
    assert lead.phone_status or lead.email_status


def test_what_a_result_is_not_about_may_change(running):
    """A profile says nothing about an e-mail search, nor does a note of the phone."""
    job = running(1)
    Lead.objects.update(linkedin_url="https://www.linkedin.com/in/other/", phone="+15705551234")
    applying.apply(job.pk, done(found("lead-0")), via=VIA)
    assert effects(job) == {"lead-0": "written"}


def test_who_shares_a_purchase_is_compared_with_what_they_said_themselves(running, make_leads):
    """One of two leads of a person was corrected: the other one gets the result."""
    make_leads(1, prefix="twin", firstname=" ann0")
    job = running(1)
    Lead.objects.filter(crm_id="lead-0").update(lastname="Other")
    applying.apply(job.pk, done(found("lead-0")), via=VIA)
    buyer = LeadSearch.objects.get(position=0).crm_id
    applied = dict(LeadSearch.objects.values_list("crm_id", "effect"))
    assert buyer in applied
    assert applied == {"lead-0": "changed", "twin-0": "written"}


def test_a_field_that_transforms_its_value_is_compared_as_the_orm_reads_it(running, monkeypatch):
    """What is stored became another text, as when a field encrypts; it still means the same person."""
    job = running(2)
    field = Lead._meta.get_field("lastname")
    plain = {"<1>": "Somebody", "<2>": "Other"}
    monkeypatch.setattr(field, "from_db_value", lambda text, *more: plain.get(text, text), raising=False)
    Lead.objects.filter(crm_id="lead-0").update(lastname="<1>")
    Lead.objects.filter(crm_id="lead-1").update(lastname="<2>")
    applying.apply(job.pk, done(found("lead-0"), found("lead-1")), via=VIA)
    assert effects(job) == {"lead-0": "written", "lead-1": "changed"}


# --- Which of two results is newer.


def searched(lead, *, days, came, kind="email"):
    """Search a lead, so many days ago, and return the job."""
    asked = {"verify": True} if kind == "verify" else {"find": {kind}}
    job = enrich(Lead.objects.filter(pk=lead.pk), **asked, force=True, overwrite=True).jobs().get(state="queued")
    SearchJob.objects.filter(pk=job.pk).update(state="running", sent_at=timezone.now() - dt.timedelta(days=days))
    if came:
        applying.apply(job.pk, came, via=VIA)
    return job


def test_a_late_result_does_not_beat_a_newer_one_though_the_date_was_taken_away(make_leads):
    """A person erased address and date in the admin: the older result that comes at last does not fill the field."""
    (lead,) = make_leads(1)
    older = searched(lead, days=3, came=None)
    applying.end_without_result(older.pk, SearchJob.State.EXPIRED, "Nothing came by the deadline.")
    searched(lead, days=2, came=done(found("lead-0", "wrong@firm.com")))
    Lead.objects.update(email="", email_status="", email_checked_at=None)
    applying.apply(older.pk, done(found("lead-0", "older@firm.com")), via=VIA)
    assert (Lead.objects.get().email, effects(older)) == ("", {"lead-0": "stale"})


@pytest.mark.parametrize(("first", "status"), [("ann@firm.com", "invalid"), ("eve@firm.com", "valid")])
def test_a_newer_verdict_counts_for_the_address_that_it_judged(make_leads, first, status):
    """An older search finds the address that a newer verification calls invalid: it stays so; another one is news."""
    (lead,) = make_leads(1, email="ann@firm.com")
    older = searched(lead, days=3, came=None)
    searched(lead, days=2, came=done(missed(value="ann@firm.com")), kind="verify")
    applying.apply(older.pk, done(found("lead-0", first)), via=VIA)
    assert Lead.objects.values_list("email", "email_status").get() == (first, status)


def test_a_date_alone_makes_nothing_stale(running):
    """It may be of another person who stood there, or typed by hand: only results are compared with results."""
    job = running(1)
    Lead.objects.update(email_checked_at=timezone.now() + dt.timedelta(days=1), email_status="not_found")
    applying.apply(job.pk, done(found("lead-0")), via=VIA)
    lead, job = Lead.objects.get(), SearchJob.objects.get()
    asked = job.sent_at or job.created_at
    assert (lead.email, lead.email_status, lead.email_checked_at) == ("x@firm.com", "valid", asked)


def test_a_checked_date_is_when_enrow_was_asked(running):
    """Not when the job was made, and not when its result came."""
    job = running(1)
    sent_at = timezone.now() - dt.timedelta(days=2)
    SearchJob.objects.update(sent_at=sent_at)
    applying.apply(job.pk, done(found("lead-0")), via=VIA)
    assert Lead.objects.get().email_checked_at == sent_at
