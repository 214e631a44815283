"""Whole journeys of other people's tables: three shapes, three kinds of search."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.values import Kind
from leads.enrichment import enrich
from leads.kinds import KINDS
from leads.mapping import registry
from leads.models import LeadEnrichment, LeadSearch
from leads.reading import candidates, enrichments, status
from leads.skips import Reason
from tests.conftest import finish
from tests.crm.lead_mapping import PersonMapping
from tests.crm.models import Agent, Candidate, Company, Contact, KeyContact, Person

pytestmark = pytest.mark.django_db


def contacts(count=5):
    company = Company.objects.create(title="Firm", website="https://www.firm.com/about", city="Lyon")
    return [
        Contact.objects.create(given_name=f"Ann{number}", family_name="Somebody", employer=company)
        for number in range(count)
    ]


def test_a_table_with_renamed_columns_and_a_relation_is_enriched(sandbox):
    """Its inputs come over a relation; its outputs are NULL and unique; status and dates are kept beside it."""
    rows = contacts()
    run = enrich(KeyContact.objects.filter(employer__city="Lyon"), find={"email", "phone"})
    assert run.tally.to_search == {Kind.FIND_EMAIL: 5, Kind.FIND_PHONE: 5}
    finish(sandbox)
    for row in Contact.objects.all():
        assert row.work_email == f"{row.given_name.lower()}.somebody@firm.com"
        assert row.mobile.startswith("+")
        assert row.changed_at > rows[0].changed_at
    states = LeadEnrichment.objects.values_list("model", "email_status", "phone_status")
    assert set(states) == {("crm.contact", "valid", "found")}
    assert set(LeadSearch.objects.values_list("effect", flat=True)) == {"written"}


@pytest.mark.parametrize("part", [lambda rows: rows, lambda rows: rows[:2]], ids=["all", "a slice"])
def test_a_child_with_a_primary_key_of_its_own_is_the_row_of_its_parent(sandbox, part):
    """Its own key is that of another lead, who is neither searched instead, nor left out in its place."""
    others = contacts(3)
    out, *agents = [
        Agent.objects.create(
            number=other.pk, given_name=f"Eve{number}", family_name="Somebody", employer=other.employer
        )
        for number, other in enumerate(others)
    ]
    Agent.objects.filter(pk=out.pk).update(opted_out=True)
    run = enrich(part(Agent.objects.order_by("given_name")), find={"email"})
    assert run.tally.skipped == {(Kind.FIND_EMAIL, Reason.LEFT_OUT): 1}
    finish(sandbox)
    written = set(Contact.objects.exclude(work_email=None).values_list("given_name", flat=True))
    assert written == ({"Eve1", "Eve2"} if run.tally.to_search.total() == 2 else {"Eve1"})
    crm_ids = set(LeadSearch.objects.values_list("crm_id", flat=True))
    assert crm_ids == {f"contact-{agent.contact_id}" for agent in agents[: run.tally.to_search.total()]}


def test_verification_judges_and_a_status_counts_only_for_its_value(sandbox):
    """A second run skips who is known; who gets another address is judged anew."""
    contacts(3)
    Contact.objects.update(work_email=None)
    for number, row in enumerate(Contact.objects.all()):
        Contact.objects.filter(pk=row.pk).update(work_email=f"x{number}@firm.com")
    enrich(Contact.objects.all(), verify=True)
    finish(sandbox)
    assert LeadEnrichment.objects.exclude(email_status="").count() == 3
    assert enrich(Contact.objects.all(), verify=True).tally.counts().searched == 0
    Contact.objects.filter(given_name="Ann0").update(work_email="other@firm.com")
    assert enrich(Contact.objects.all(), verify=True).tally.counts().searched == 1


def test_what_was_not_found_counts_while_the_inputs_are_the_same(sandbox):
    """A status beside the table can neither outlive an edit nor pass to a stranger."""
    contacts(2)
    Contact.objects.update(family_name="Nobody")
    enrich(Contact.objects.all(), find={"email"})
    finish(sandbox)
    assert set(LeadEnrichment.objects.values_list("email_status", flat=True)) == {"not_found"}
    Contact.objects.filter(given_name="Ann0").update(family_name="Other")
    mapping = registry.of(Contact)
    leads = candidates([("crm.contact", mapping.crm_id(pk)) for pk in Contact.objects.values_list("pk", flat=True)])
    states = enrichments(mapping, leads)
    assert {lead.firstname: status(states[crm_id], KINDS[Kind.FIND_EMAIL], lead) for crm_id, lead in leads.items()} == {
        "Ann0": "",
        "Ann1": "not_found",
    }


def test_what_the_project_does_not_write_is_kept(sandbox, monkeypatch):
    """Its own write() says whom it wrote; the others' results are kept, and their status stays unknown."""
    for number in range(2):
        Person.objects.create(code=f"p-{number}", name=f"Ann{number} Somebody", domain="firm.com")
    whole = PersonMapping.write
    monkeypatch.setattr(PersonMapping, "write", lambda self, changes: whole(self, changes[:1]))
    enrich(Person.objects.all(), find={"email"})
    finish(sandbox)
    assert sorted(LeadSearch.objects.values_list("effect", flat=True)) == ["kept", "written"]
    assert LeadEnrichment.objects.count() == 1


def test_who_is_left_out_by_the_project_is_skipped_at_planning_and_before_the_post(sandbox):
    """Asked twice: nothing is bought for somebody who opted out in between."""
    first, second, third = contacts(3)
    Contact.objects.filter(pk=first.pk).update(opted_out=True)
    run = enrich(Contact.objects.all(), find={"email"})
    assert run.tally.skipped[Kind.FIND_EMAIL, "left_out"] == 1
    Contact.objects.filter(pk=second.pk).update(opted_out=True)
    finish(sandbox)
    assert sandbox.ledger.purchases.total() == 1
    assert Contact.objects.get(work_email__isnull=False) == third


def test_a_field_that_encrypts_is_written_by_the_orm(sandbox):
    """Nothing is in plain text in its column."""
    for number in range(3):
        Candidate.objects.create(name=f"Ann{number} Somebody", company="Firm")
    enrich(Candidate.objects.all(), find={"email", "phone"})
    finish(sandbox)
    for row in Candidate.objects.all():
        assert (row.email_state, row.phone[:1]) == ("valid", "+")
    assert not Candidate.objects.filter(phone__startswith="K").extra(where=["phone LIKE '+%%'"]).exists()


def test_values_in_another_table_are_written_by_the_project(sandbox):
    """The mapping reads them by an expression, and writes them itself."""
    for number in range(3):
        Person.objects.create(code=f"p-{number}", name=f"Ann{number} Somebody", domain="firm.com")
    enrich(Person.objects.all(), find={"email"})
    finish(sandbox)
    assert {person.addresses.get().email for person in Person.objects.all()} == {
        f"ann{number}.somebody@firm.com" for number in range(3)
    }
    assert enrich(Person.objects.all(), find={"email"}).tally.counts().searched == 0


def test_one_person_in_two_tables_is_bought_once(sandbox):
    """The second shares what the first buys."""
    contacts(1)
    Person.objects.create(code="p", name="Ann0 Somebody", domain="firm.com")
    enrich(Contact.objects.all(), find={"email"})
    run = enrich(Person.objects.all(), find={"email"})
    assert run.tally.shared[Kind.FIND_EMAIL] == 1
    finish(sandbox)
    assert sandbox.ledger.purchases.total() == 1
    assert Person.objects.get().addresses.get().email == Contact.objects.get().work_email


def test_the_registry_knows_proxies_and_children():
    """They are rows of the mapped table."""
    assert registry.of(KeyContact) is registry.of(Contact)
