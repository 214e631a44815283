"""A person stands in a lead, in what is known of it, and in searches under either name."""

from __future__ import annotations

import uuid

import pytest

from leads import persons
from leads.models import LeadEnrichment, LeadSearch, SearchJob
from tests.crm.models import Contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def searches():
    """One search of the person, one that was sent before two leads were merged, one of somebody else."""
    job = SearchJob.objects.create(
        run=uuid.uuid4(), kind="find_email", state="finished", requested=1, enrow_id="at-enrow"
    )
    named = {"job": job, "kind": "find_email", "outcome": "found", "effect": "written"}
    return LeadSearch.objects.bulk_create(
        LeadSearch(
            **named,
            fingerprint=uuid.uuid4(),
            crm_id=crm_id,
            sent_as=sent_as,
            position=place,
            value=f"{crm_id}@firm.com",
        )
        for place, (crm_id, sent_as) in enumerate([("ann", ""), ("other", "ann"), ("bob", "")])
    )


def test_searches_are_found_by_either_name(searches):
    """Also where hundreds are asked for; a search that was sent under its own name is no one's by a blank."""
    assert set(persons.searches(["ann"])) == set(searches[:2])
    assert set(persons.searches(["ann", "", *map(str, range(300))])) == set(searches[:2])


def test_their_words_are_what_they_and_enrow_are_called_by(searches, make_leads):
    """Values and ids name them alone; a name may be another's."""
    make_leads(1, prefix="ann", firstname="Ann", lastname="Lee")
    assert {"ann@firm.com", "ann", "at-enrow"} <= persons.words(["ann"])
    assert "bob@firm.com" not in persons.words(["ann"])
    assert {"Ann", "Lee"} <= persons.names(["ann-0"])


def test_a_lead_of_any_model_is_found_with_what_is_known_of_it():
    """By the id that its mapping makes, and not another model's with the same key."""
    contact = Contact.objects.create(given_name="Ann", family_name="Lee")
    LeadEnrichment.objects.create(model="crm.contact", key=str(contact.pk), email_status="valid")
    LeadEnrichment.objects.create(model="leads.lead", key=str(contact.pk), email_status="invalid")
    crm_id = f"contact-{contact.pk}"
    assert [lead.firstname for lead in persons.candidates([crm_id])] == ["Ann"]
    assert [row.email_status for row in persons.known([crm_id])] == ["valid"]
