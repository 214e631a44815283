"""A query says of each lead what ``reading`` says of it, whatever its table looks like."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection

from benchmarks import plans
from leads import statuses
from leads.crm_ids import can_be_asked
from leads.enrichment import enrich
from leads.kinds import VALUES
from leads.mapping import registry
from leads.models import LeadEnrichment, LeadSearch, SearchJob
from leads.reading import candidates, enrichments, status
from leads.statuses import can_tell, having, searching
from tests.conftest import finish
from tests.crm.lead_mapping import ContactMapping
from tests.crm.models import Agent, Candidate, Company, Contact, Member, Partner, Person

pytestmark = pytest.mark.django_db

EMAIL, PHONE = VALUES
STATUSES = ["", "valid", "invalid", "not_found", "failed", "found"]


def told(model, facts):
    """Return the names of the leads by their status, as the query has it; each has exactly one."""
    mapping = registry.of(model)
    found = {each: set(having(mapping, facts, model.objects.all(), each)) for each in STATUSES}
    assert sum(map(len, found.values())) == model.objects.count()
    return {each: {str(lead) for lead in leads} for each, leads in found.items() if leads}


def read(model, facts):
    """Return the same as ``reading`` has it."""
    mapping = registry.of(model)
    names = {mapping.crm_id(mapping.key_of(lead)): str(lead) for lead in model.objects.all()}
    leads = candidates([(mapping.label, crm_id) for crm_id in names])
    states = enrichments(mapping, leads)
    found = {}
    for crm_id, lead in leads.items():
        known = status(states[crm_id], facts, lead) if crm_id in states else ""
        found.setdefault(known, set()).add(names[crm_id])
    return found


def contacts(*names):
    firm = Company.objects.create(title="Firm", website="firm.com")
    return [Contact.objects.create(given_name=name, family_name="Somebody", employer=firm) for name in names]


def test_a_status_beside_the_table_counts_while_the_value_is_the_same(sandbox):
    """Another address, a blanked one, other inputs: then it is as if nobody had asked."""
    found, edited, blanked, nobody, renamed, _never = contacts("Found", "Edited", "Blanked", "None", "Renamed", "Never")
    Contact.objects.filter(pk__in=[nobody.pk, renamed.pk]).update(family_name="Nobody")
    enrich(Contact.objects.exclude(given_name="Never"), find={"email"})
    finish(sandbox)
    assert told(Contact, EMAIL)["not_found"] == {"None", "Renamed"}
    Contact.objects.filter(pk=edited.pk).update(work_email="typed@firm.com")
    Contact.objects.filter(pk=blanked.pk).update(work_email=None)
    Contact.objects.filter(pk=renamed.pk).update(family_name="Nobody-Other")
    assert (
        told(Contact, EMAIL)
        == read(Contact, EMAIL)
        == {
            "valid": {"Found"},
            "not_found": {"None"},
            "": {"Edited", "Blanked", "Renamed", "Never"},
        }
    )
    found.employer.website = "other.com"
    found.employer.save()
    assert told(Contact, EMAIL) == read(Contact, EMAIL)
    assert told(Contact, EMAIL)["valid"] == {"Found"}, "the inputs do not matter to a value that was found"
    assert "not_found" not in told(Contact, EMAIL), "and a company is one of them"
    assert told(Contact, PHONE) == {"": {str(one) for one in Contact.objects.all()}}


def test_it_is_told_of_keys_and_values_of_any_shape(sandbox, monkeypatch):
    """UUIDs, a text, a child's rows of two tables, values in a table of their own."""
    monkeypatch.setattr("tests.crm.lead_mapping.CandidateMapping.email_status", "")
    for name in ("Ann Somebody", "Bob Nobody", "Eve Somebody"):
        Candidate.objects.create(name=name, company="Firm")
        Person.objects.create(code=name.lower().replace(" ", "-"), name=name, domain="firm.com")
        Partner.objects.create(given_name=name.split()[0], family_name=name.split()[1])
    Partner.objects.update(employer=Company.objects.create(title="Firm", website="firm.com"))
    for model in (Candidate, Person, Partner):
        enrich(model.objects.all(), find={"email"})
    finish(sandbox)
    Candidate.objects.filter(name__startswith="Eve").update(email="typed@firm.com")
    Person.objects.get(code="eve-somebody").addresses.update(email="typed@firm.com")
    Contact.objects.filter(given_name="Eve").update(work_email="typed@firm.com")
    for model in (Candidate, Person, Partner):
        names = {str(one)[:3]: str(one) for one in model.objects.all()}
        expected = {"valid": {names["Ann"]}, "not_found": {names["Bob"]}, "": {names["Eve"]}}
        assert told(model, EMAIL) == read(model, EMAIL) == expected


def test_it_is_told_of_a_child_with_another_primary_key(sandbox):
    """Whose own key is that of another lead."""
    others = contacts("Ann", "Bob", "Eve")
    for other, name in zip(others, ("Zoe Somebody", "Joe Nobody", "Noa Somebody"), strict=True):
        given, family = name.split()
        Agent.objects.create(number=other.pk, given_name=given, family_name=family, employer=other.employer)
    enrich(Agent.objects.exclude(given_name="Noa"), find={"email"})
    assert set(searching(registry.of(Agent), EMAIL, Agent.objects.all())) == set(
        Agent.objects.exclude(given_name="Noa")
    )
    finish(sandbox)
    assert told(Agent, EMAIL) == read(Agent, EMAIL) == {"valid": {"Zoe"}, "not_found": {"Joe"}, "": {"Noa"}}


def test_a_lead_has_only_the_status_of_its_own_model(sandbox):
    """Keys of several models are the same numbers."""
    contacts("Ann")
    member = Member.objects.create(pk=Contact.objects.get().pk, name="Nobody")
    LeadEnrichment.objects.create(model="crm.member", key=str(member.pk), email_status="failed")
    assert told(Contact, EMAIL) == {"": {"Ann"}}


def test_its_own_columns_say_it_where_there_are_some():
    """NULL and '' are the same there."""
    for number, state in enumerate([None, "", "valid", "not_found", "of the project"]):
        Member.objects.create(name=f"m{number}", mail_state=state)
    assert set(having(registry.of(Member), EMAIL, Member.objects.all(), "")) == set(Member.objects.all()[:2])
    assert having(registry.of(Member), EMAIL, Member.objects.all(), "valid").get().name == "m2"


def test_who_is_being_searched_is_told_of_each_value(sandbox, monkeypatch):
    """A verification is about the e-mail, too; what has ended is no longer under way."""
    first, second, _third = contacts("Ann", "Bob", "Eve")
    Contact.objects.filter(pk=second.pk).update(work_email="bob@firm.com")
    candidate = Candidate.objects.create(name="Cid Somebody", company="Firm")
    person = Person.objects.create(code="dora", name="Dora Somebody", domain="firm.com")
    enrich(Contact.objects.filter(pk=first.pk), find={"email"})
    enrich(Contact.objects.filter(pk=second.pk), find={"phone"}, verify=True)
    enrich(Candidate.objects.all(), find={"email"})
    enrich(Person.objects.all(), find={"email"})

    def under_way(facts, model=Contact):
        return set(searching(registry.of(model), facts, model.objects.all()))

    assert under_way(EMAIL) == {first, second}
    assert under_way(PHONE) == {second}
    assert under_way(EMAIL, Candidate) == {candidate}
    assert under_way(EMAIL, Person) == {person}
    finish(sandbox)
    assert LeadSearch.objects.count() == 5
    assert under_way(EMAIL) == under_way(EMAIL, Person) == set()


def test_names_of_an_earlier_mapping_break_nothing():
    """A mapping had another key once: its rows name no number."""
    contacts("Ann")
    for key in ("ann", "1e3", "", "９", "0" * 40, "9" * 128):
        LeadEnrichment.objects.create(model="crm.contact", key=key, email_status="failed")
    assert told(Contact, EMAIL) == {"": {"Ann"}}


def test_what_no_query_can_compare_is_not_told(monkeypatch):
    """A field that encrypts holds other characters; another database cannot be asked in the same query."""
    assert can_tell(registry.of(Contact), EMAIL)
    candidate = registry.of(Candidate)
    assert can_tell(candidate, EMAIL), "its own column"
    assert not can_tell(candidate, PHONE)
    assert can_be_asked(candidate)
    monkeypatch.setattr(ContactMapping, "alias", "elsewhere")
    assert not can_tell(registry.of(Contact), EMAIL)
    assert not can_be_asked(registry.of(Contact))


def big_tables():
    """Fill them: every status is there, those of phones are not, and few leads are being searched."""
    firm = Company.objects.create(title="Firm", website="firm.com")
    leads = [
        Contact(given_name=f"Ann{number}", employer=firm, work_email=f"a{number}@firm.com") for number in range(30_000)
    ]
    names = [str(lead.pk) for lead in Contact.objects.bulk_create(leads)]
    LeadEnrichment.objects.bulk_create(
        LeadEnrichment(
            model="crm.contact",
            key=name,
            email=leads[number].work_email,
            email_status="valid" if number % 2 else "invalid" if number % 1000 else "failed",
        )
        for number, name in enumerate(names[:20_000])
    )
    job = SearchJob.objects.create(run=uuid.uuid4(), kind="find_email")
    LeadSearch.objects.bulk_create(
        LeadSearch(
            job=job,
            model="crm.contact",
            crm_id=f"contact-{name}",
            kind="find_email",
            outcome="found" if number % 1000 else "pending",
        )
        for number, name in enumerate(names)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_postgresql_reads_indexes(monkeypatch):
    """A page of leads is looked up, be a status common, rare or nobody's."""
    monkeypatch.setattr(statuses, "_FEW", 1000)
    big_tables()
    contacts, mapping = Contact.objects.order_by("-pk"), registry.of(Contact)
    pages = {each: having(mapping, EMAIL, contacts, each) for each in ("valid", "failed", "not_found", "")}
    pages |= {"of phones": having(mapping, PHONE, contacts, ""), "searching": searching(mapping, EMAIL, contacts)}
    found = {each: len(page[:50]) for each, page in pages.items()}
    assert found == {"valid": 50, "failed": 20, "not_found": 0, "": 50, "of phones": 50, "searching": 30}
    sizes = plans.sizes_of(Contact, LeadEnrichment, LeadSearch)
    scans = {}
    for each, page in pages.items():
        (statement,) = plans.recorded(lambda page=page: list(page[:50]))
        scans[each] = plans.problems(plans.explain(statement), sizes, most=3000)
    assert {each: problems for each, problems in scans.items() if problems} == {}
