"""A result reaches nobody but whom it was searched for, whatever the project did meanwhile."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying
from tests.leads.answers import VIA, done, found, missed
from tests.leads.newer import written_later

pytestmark = pytest.mark.django_db

KINDS = {"email": {"find": {"email"}}, "phone": {"find": {"phone"}}}
EDITS = {
    "another company": {"company_domain": "other.com"},
    "another person": {"firstname": "Eve", "lastname": "Stone", "fullname": ""},
    "no name": {"firstname": "", "lastname": "", "fullname": ""},
}


def known(lead):
    return lead.email, lead.email_status, lead.email_checked_at, lead.phone, lead.phone_status, lead.phone_checked_at


NOTHING = ("", "", None, "", "", None)


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@pytest.mark.parametrize("is_hit", [True, False], ids=["found", "missed"])
def test_a_result_is_kept_and_not_written_when_the_lead_changed_meanwhile(running, kind, edit, is_hit):
    """Neither value nor status nor date; the history says why, and the others of the batch get theirs."""
    job = running(2, **kind, company_domain="firm.com", linkedin_url="")
    Lead.objects.filter(crm_id="lead-0").update(**edit)
    value = "x@firm.com" if "email" in kind["find"] else "+15705550100"
    result = found("lead-0", value) if is_hit else missed("lead-0")
    applying.apply(job.pk, done(result, found("lead-1", value)), via=VIA)
    assert known(Lead.objects.get(crm_id="lead-0")) == NOTHING
    assert dict(job.searches.values_list("crm_id", "effect")) == {"lead-0": "changed", "lead-1": "written"}


def test_a_result_does_not_reach_another_person_who_got_the_crm_id(running, make_leads):
    """A list was deleted and another one imported, with ids from 1 again."""
    job = running(1)
    Lead.objects.all().delete()
    make_leads(1, fullname="Eve Stone", firstname="", lastname="", company_domain="other.com")
    applying.apply(job.pk, done(found("lead-0")), via=VIA)
    assert known(Lead.objects.get()) == NOTHING
    assert LeadSearch.objects.get().effect == "changed"


def test_a_failure_is_not_told_of_a_lead_that_changed(running):
    """It is a failure of the search for somebody else."""
    job = running(1)
    Lead.objects.update(company_domain="other.com")
    applying.end_without_result(job.pk, SearchJob.State.FAILED, "Enrow refused it.")
    assert Lead.objects.get().email_status == ""


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_another_spelling_of_the_same_inputs_costs_no_result(running, kind):
    """A trimmed space, a scheme before the domain, the country of a company that is named by its domain."""
    job = running(3, **kind, company_domain="firm.com", lastname="Lee", linkedin_url="")
    Lead.objects.filter(crm_id="lead-0").update(lastname=" Lee ")
    Lead.objects.filter(crm_id="lead-1").update(company_domain="https://www.firm.com/")
    Lead.objects.filter(crm_id="lead-2").update(country_code="FR")
    value = "x@firm.com" if "email" in kind["find"] else "+15705550100"
    applying.apply(job.pk, done(*(found(f"lead-{number}", value) for number in range(3))), via=VIA)
    assert set(job.searches.values_list("effect", flat=True)) == {"written"}
    assert {lead.email or lead.phone for lead in Lead.objects.all()} == {value}


def test_a_verdict_reaches_the_same_address_in_another_spelling(running):
    """Case and blanks are no other address."""
    job = running(1, find=(), verify=True, email="ann@firm.com")
    Lead.objects.update(email="  ann@FIRM.com ")
    applying.apply(job.pk, done(found(value="ann@firm.com")), via=VIA)
    assert Lead.objects.get().email_status == "valid"


def test_a_result_that_was_not_written_is_free_for_the_next_lead_that_it_fits(running, make_leads):
    """It was paid for once, and is reused."""
    job = running(1, company_domain="firm.com")
    Lead.objects.update(company_domain="other.com")
    applying.apply(job.pk, done(found("lead-0", "x@firm.com")), via=VIA)
    Lead.objects.update(company_domain="firm.com")
    run = enrich(Lead.objects.all(), find={"email"})
    assert (run.reused, run.progress().spent) == (1, 0)
    assert Lead.objects.get().email == "x@firm.com"


def test_who_shares_a_purchase_is_compared_too(running, make_leads):
    """The buyer did not change, and gets the result; the one who shares it did, and does not."""
    job = running(1, firstname="Ann", lastname="Lee", fullname="", company_domain="firm.com")
    make_leads(1, prefix="twin", firstname="Ann", lastname="Lee", fullname="", company_domain="firm.com")
    enrich(Lead.objects.filter(crm_id="twin-0"), find={"email"})
    Lead.objects.filter(crm_id="twin-0").update(lastname="Other")
    applying.apply(job.pk, done(found("lead-0", "x@firm.com")), via=VIA)
    assert dict(Lead.objects.values_list("crm_id", "email")) == {"lead-0": "x@firm.com", "twin-0": ""}
    assert dict(job.searches.values_list("crm_id", "effect")) == {"lead-0": "written", "twin-0": "changed"}


def test_a_date_that_a_person_typed_makes_no_result_stale(running):
    """Which of two results is newer is decided by when they were sent."""
    job = running(1)
    Lead.objects.update(email_checked_at=timezone.now() + dt.timedelta(days=300))
    applying.apply(job.pk, done(found("lead-0", "x@firm.com")), via=VIA)
    lead = Lead.objects.get()
    job.refresh_from_db()
    assert (lead.email, lead.email_checked_at) == ("x@firm.com", job.sent_at or job.created_at)


def test_a_date_that_a_person_typed_makes_no_old_result_new(running):
    """The newer search is known by its own row. Two are there only when the older one was given up."""
    job = running(1)
    applying.end_without_result(job.pk, SearchJob.State.EXPIRED, "Nothing came by the deadline.")
    written_later("lead-0")
    Lead.objects.update(email_checked_at=timezone.now() - dt.timedelta(days=300))
    applying.apply(job.pk, done(found("lead-0", "x@firm.com")), via=VIA)
    assert (Lead.objects.get().email, LeadSearch.objects.get(job=job).effect) == ("", "stale")
