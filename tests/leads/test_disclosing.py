"""A person who asks what is stored of them gets all of it, and nothing of anybody else."""

from __future__ import annotations

import json

import pytest

from leads import forgetting
from leads.disclosing import stored_of
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch
from tests.conftest import work
from tests.crm.models import Contact

pytestmark = pytest.mark.django_db(transaction=True)

PERSON, STRANGER = "ann0", "ann1"


@pytest.fixture
def bought(site, make_leads):
    """Two leads whose addresses came by the event of one batch, and the first one's phone by an event of its own."""
    make_leads(2)
    enrich(Lead.objects.all(), find={"email"}, requested_by="sally")
    enrich(Lead.objects.filter(crm_id="lead-0"), find={"phone"}, requested_by="sally")
    work(site)
    return Lead.objects.get(crm_id="lead-0")


def test_everything_of_the_person_and_nothing_of_others(bought):
    """The lead, its searches with source, dates and who asked, and the parts of events that name it."""
    stored = stored_of("lead-0")
    said = json.dumps(stored, default=str).casefold()
    [lead] = stored["leads"]
    assert (lead["model"], lead["email"], lead["phone"]) == ("leads.Lead", bought.email, bought.phone)
    assert {search["kind"]: search["value"] for search in stored["searches"]} == {
        "find_email": bought.email,
        "find_phone": bought.phone,
    }
    assert all(search["source"] and search["asked_at"] and search["finished_at"] for search in stored["searches"])
    assert {search["requested_by"] for search in stored["searches"]} == {"sally"}
    assert any(bought.phone in json.dumps(event["body"]) for event in stored["events"])
    assert PERSON in said
    assert STRANGER not in said
    assert "lead-1" not in said


def test_a_result_that_was_reused_is_told_with_its_date(bought, make_leads):
    """It was asked for another lead of the same person."""
    make_leads(1, prefix="same")
    enrich(Lead.objects.filter(crm_id="same-0"), find={"email"})
    [search] = stored_of("same-0")["searches"]
    assert (search["value"], search["asked_at"]) == (bought.email, LeadSearch.objects.get(crm_id="same-0").asked_at)


def test_a_model_of_the_host_is_told_with_what_is_known_beside_its_table(site):
    """Its fields by the words of the mapping."""
    contact = Contact.objects.create(given_name="Ann", family_name="Somebody", linkedin="linkedin.com/in/ann-somebody")
    enrich(Contact.objects.all(), find={"phone"})
    work(site)
    stored = stored_of(f"contact-{contact.pk}")
    contact.refresh_from_db()
    [lead], [known] = stored["leads"], stored["known"]
    assert (lead["firstname"], lead["phone"], known["phone_status"]) == ("Ann", contact.mobile, "found")


def test_after_forgetting_there_is_nothing_to_tell(bought):
    """Neither here nor in what is left of the searches."""
    forgetting.forget(["lead-0"])
    assert not any(part for name, part in stored_of("lead-0").items() if name != "crm_id")
