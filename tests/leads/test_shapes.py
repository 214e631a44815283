"""What a batch costs, for each shape of a host's table: as many queries for 200 leads as for 20, on the whole way."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.enrichment import enrich
from leads.mapping import LeadMapping, register
from leads.models import LeadSearch, SearchJob
from leads.outbox import submission
from leads.results import collecting
from tests.crm.models import Address, Candidate, Company, Contact, Member, Partner, Person

pytestmark = pytest.mark.django_db

ASKED = {"email": {"find": {"email"}}, "phone": {"find": {"phone"}}, "verify": {"verify": True}}
# Leads of the first batch, which also does what is done once; of two that are compared; and of one that the ORM writes
# in parts of 500.
FIRST, FEW, MANY, PARTS = 2, 20, 200, 1100


def contacts(count, email, model=Contact):
    """Renamed columns, inputs over a relation, NULL: one statement writes what was compared on locked rows."""
    for number in range(count):
        firm = Company.objects.create(title=f"Firm {count}", website=f"firm{count}.com")
        model.objects.create(
            given_name=f"Ann{number}", family_name="Somebody", employer=firm, work_email=email(number) or None
        )
    return model.objects.filter(employer__website=f"firm{count}.com")


def candidates(count, email):
    """A column that only the ORM can write."""
    Candidate.objects.bulk_create(
        Candidate(name=f"Ann{number} Somebody", company=f"firm{count}", email=email(number)) for number in range(count)
    )
    return Candidate.objects.filter(company=f"firm{count}")


def people(count, email):
    """Values in a table of their own, written by the project."""
    rows = Person.objects.bulk_create(
        Person(code=f"{count}-{number}", name=f"Ann{number} Somebody", domain=f"firm{count}.com")
        for number in range(count)
    )
    Address.objects.bulk_create(
        Address(person=row, email=email(number)) for number, row in enumerate(rows) if email(number)
    )
    return Person.objects.filter(domain=f"firm{count}.com")


def members(count, email):
    """Columns for everything: one statement compares and writes."""
    Member.objects.bulk_create(
        Member(name=f"Ann{number} Somebody", domain=f"firm{count}.com", mail=email(number)) for number in range(count)
    )
    return Member.objects.filter(domain=f"firm{count}.com")


def partners(count, email):
    """Rows of two tables, of which the parent's is mapped."""
    return contacts(count, email, Partner)


# A number of the fake Enrow may be two persons', and the members' column takes each once; persons have none.
CASES = [
    (shape, kind)
    for shape in (contacts, candidates, people, members, partners)
    for kind in ASKED
    if kind != "phone" or shape not in (people, members)
]


def costs(sandbox, rows, kind):
    """Return how many queries it takes to plan, to send and to apply a search of these leads."""
    with CaptureQueriesContext(connection) as planned:
        job = enrich(rows, **ASKED[kind]).jobs().get(state="queued")
    with CaptureQueriesContext(connection) as sent:
        assert submission.submit(job.pk)
    sandbox.finish_all()
    job.refresh_from_db()
    with CaptureQueriesContext(connection) as applied:
        assert collecting.collect(job, via=SearchJob.Via.WEBHOOK)
    effects = Counter(LeadSearch.objects.filter(job=job).values_list("effect", flat=True))
    assert effects == {"written": rows.count()}
    steps = {"plan": planned, "send": sent, "apply": applied}
    return {name: sum("SAVEPOINT" not in query["sql"] for query in step) for name, step in steps.items()}


def email(kind, count):
    """Return who has which address beforehand."""
    return lambda number: f"ann{number}@firm{count}.com" if kind == "verify" else ""


def compared(sandbox, shape, kind, *counts):
    """Return the costs of batches of these sizes, behind a first one."""
    _, *others = (costs(sandbox, shape(count, email(kind, count)), kind) for count in (FIRST, *counts))
    return others


@pytest.mark.parametrize(("shape", "kind"), CASES, ids=lambda case: getattr(case, "__name__", case))
def test_a_batch_costs_the_same_at_any_size(sandbox, shape, kind):
    """Planning, sending and applying; and none of it is much."""
    few, many = compared(sandbox, shape, kind, FEW, MANY)
    assert few == many
    assert few["plan"] <= 20
    assert few["send"] <= 10
    assert few["apply"] <= 13


@pytest.mark.parametrize("kind", ASKED)
def test_a_child_that_is_mapped_itself_costs_the_same_at_any_size(sandbox, unmapped, kind):
    """Its values are in the parent's table, so the ORM writes them."""
    unmapped(Contact)
    own = {"crm_id_prefix": "partner-", "firstname": "given_name", "lastname": "family_name"}
    own |= {"company_domain": "employer__website", "email": "work_email", "phone": "mobile"}
    register(Partner)(type("PartnerMapping", (LeadMapping,), own))
    few, many = compared(sandbox, partners, kind, FEW, MANY)
    assert few == many
    assert set(LeadSearch.objects.values_list("model", flat=True)) == {"crm.partner"}


def test_what_only_the_orm_can_write_it_writes_in_parts(sandbox):
    """Of some hundred rows each: the statements would be too long else. All other queries stay as many."""
    few, many = compared(sandbox, candidates, "phone", FEW, PARTS)
    assert (many["plan"], many["send"]) == (few["plan"], few["send"])
    assert few["apply"] < many["apply"] <= few["apply"] + PARTS // MANY
