"""What a lead knows already is not told again, and what somebody cleared stays blank."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.client.values import Kind
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.skips import Reason
from tests.conftest import finish

pytestmark = pytest.mark.django_db
EMAIL = {"find": {"email"}}
PHONE = {"find": {"phone"}}
VERIFY = {"verify": True}


def aged(days):
    """Let all that there is be so many days older."""
    span = dt.timedelta(days=days)
    for job in SearchJob.objects.all():
        SearchJob.objects.filter(pk=job.pk).update(
            created_at=job.created_at - span,
            sent_at=job.sent_at and job.sent_at - span,
            finished_at=job.finished_at - span,
        )
    for lead in Lead.objects.all():
        for field in ("created_at", "email_checked_at", "phone_checked_at"):
            if getattr(lead, field):
                Lead.objects.filter(pk=lead.pk).update(**{field: getattr(lead, field) - span})


def rows():
    return LeadSearch.objects.count(), SearchJob.objects.count(), list(Lead.objects.order_by("pk").values())


@pytest.mark.parametrize("asked", [EMAIL, PHONE], ids=["email", "phone"])
def test_a_nightly_run_over_those_who_were_not_found_writes_nothing(make_leads, sandbox, asked):
    """No search, no job, no date, no credit: night after night, until the window ends."""
    make_leads(3, lastname="Nobody", linkedin_url="")
    enrich(Lead.objects.all(), **asked)
    finish(sandbox)
    assert sandbox.ledger.spent == 0
    for _ in range(3):
        aged(1)
        before = rows()
        run = enrich(Lead.objects.all(), **asked)
        assert ({reason for _, reason in run.tally.skipped}, run.tally.skipped.total()) == ({Reason.NOTHING_NEW}, 3)
        finish(sandbox)
        assert rows() == before
    aged(30)
    assert enrich(Lead.objects.all(), **asked).tally.to_search.total() == 3


def test_a_nightly_verification_of_what_was_verified_writes_nothing(make_leads, sandbox):
    """Also with overwrite; after 30 days Enrow is asked, and the date says so."""
    make_leads(1, email="ann@acme.com", company_domain="acme.com")
    enrich(Lead.objects.all(), **VERIFY)
    finish(sandbox)
    before = rows()
    run = enrich(Lead.objects.all(), **VERIFY, overwrite=True)
    assert run.tally.skipped == {(Kind.VERIFY_EMAIL, Reason.NOTHING_NEW): 1}
    assert rows() == before
    aged(31)
    spent, old = sandbox.ledger.spent, Lead.objects.get().email_checked_at
    assert enrich(Lead.objects.all(), **VERIFY, overwrite=True).tally.to_search.total() == 1
    finish(sandbox)
    assert sandbox.ledger.spent > spent
    assert Lead.objects.get().email_checked_at > old + dt.timedelta(days=30)


def test_a_verdict_that_somebody_took_away_is_told_again(make_leads, sandbox):
    """Free of charge, with the date on which Enrow was asked."""
    make_leads(1, email="ann@acme.com", company_domain="acme.com")
    enrich(Lead.objects.all(), **VERIFY)
    finish(sandbox)
    aged(10)
    known = Lead.objects.values("email_status", "email_checked_at").get()
    Lead.objects.update(email_status="", email_checked_at=None)
    assert enrich(Lead.objects.all(), **VERIFY).reused == 1
    assert Lead.objects.values("email_status", "email_checked_at").get() == known


@pytest.mark.parametrize("lastname", ["Somebody", "Nobody"])
def test_a_reused_result_has_the_date_on_which_enrow_was_asked(make_leads, sandbox, lastname):
    """Nobody asked today."""
    make_leads(1, prefix="a", lastname=lastname)
    enrich(Lead.objects.all(), **EMAIL)
    finish(sandbox)
    aged(20)
    asked = SearchJob.objects.get().sent_at
    make_leads(1, prefix="b", lastname=lastname)
    assert enrich(Lead.objects.filter(crm_id="b-0"), **EMAIL).reused == 1
    assert set(Lead.objects.values_list("email_checked_at", flat=True)) == {asked}


@pytest.mark.parametrize("days", [1, 400], ids=["within the window", "after it"])
@pytest.mark.parametrize("asked", [EMAIL, PHONE], ids=["email", "phone"])
def test_what_somebody_cleared_stays_blank(make_leads, sandbox, asked, days):
    """With and without overwrite, whatever is known; --force searches it again."""
    make_leads(2)
    enrich(Lead.objects.all(), **asked)
    finish(sandbox)
    aged(days)
    spent = sandbox.ledger.spent
    assert spent
    Lead.objects.filter(crm_id="lead-0").update(
        email="", email_status="", email_checked_at=None, phone="", phone_status="", phone_checked_at=None
    )
    for overwrite in (False, True):
        run = enrich(Lead.objects.filter(crm_id="lead-0"), **asked, overwrite=overwrite)
        assert {reason for _, reason in run.tally.skipped} == {Reason.CLEARED}
        assert "--force" in run.tally.examples[0].sentence
        finish(sandbox)
    lead = Lead.objects.get(crm_id="lead-0")
    assert (lead.email, lead.phone, sandbox.ledger.spent) == ("", "", spent)
    enrich(Lead.objects.filter(crm_id="lead-0"), **asked, force=True)
    finish(sandbox)
    lead.refresh_from_db()
    assert lead.email or lead.phone


def test_another_person_under_the_crm_id_is_no_cleared_one(make_leads, sandbox):
    """The blank belongs to somebody else."""
    make_leads(1)
    enrich(Lead.objects.all(), **EMAIL)
    finish(sandbox)
    Lead.objects.update(email="", email_status="", firstname="Eve", lastname="Stone", fullname="")
    assert enrich(Lead.objects.all(), **EMAIL).tally.to_search.total() == 1


def test_what_was_not_written_is_not_cleared(make_leads, sandbox):
    """A person's value won then; without it the lead may have what was found."""
    make_leads(1)
    enrich(Lead.objects.all(), **EMAIL)
    Lead.objects.update(email="by@hand.com")
    finish(sandbox)
    Lead.objects.update(email="")
    assert enrich(Lead.objects.all(), **EMAIL).reused == 1
    assert Lead.objects.get().email not in {"", "by@hand.com"}


def test_looking_at_what_was_told_takes_one_query_at_any_size(make_leads, sandbox):
    """Of a page, however many were told."""
    counts = []
    for size in (3, 300):
        make_leads(size, prefix=f"{size}", lastname="Nobody")
        some = Lead.objects.filter(crm_id__startswith=f"{size}-")
        enrich(some, **EMAIL)
        finish(sandbox)
        with CaptureQueriesContext(connection) as captured:
            assert enrich(some, **EMAIL).tally.skipped.total() == size
        counts.append(len(captured))
    assert counts[0] == counts[1]
