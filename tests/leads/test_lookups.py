"""Keys as one parameter find exactly the rows that ``in`` finds, whatever the key is."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.mapping import LeadMapping, registry
from tests.crm.models import Candidate, Company, Contact, Partner, Person

pytestmark = pytest.mark.django_db


def found(model, keys):
    """Return the keys of the rows that are found, and the only query."""
    with CaptureQueriesContext(connection) as queries:
        rows = sorted(registry.of(model).by_keys(keys).values_list("pk", flat=True), key=str)
    return rows, [query["sql"] for query in queries]


@pytest.fixture
def contacts(db):
    company = Company.objects.create(title="Firm")
    return [Contact.objects.create(given_name=f"Ann{number}", employer=company) for number in range(3)]


@pytest.mark.parametrize("unknown", [[], [10**9]])
def test_integers_are_found_by_one_parameter_on_postgresql(contacts, unknown):
    """The rows are those with the keys; a key that nobody has finds nobody."""
    keys = [contacts[0].pk, contacts[2].pk]
    rows, (query,) = found(Contact, {*keys, *unknown})
    # As texts: 9 comes after 11, and a sequence may stand anywhere.
    assert rows == sorted(keys, key=str)
    assert ("ANY" in query) == (connection.vendor == "postgresql")


def test_no_keys_find_nobody(contacts):
    """And ask nobody."""
    assert found(Contact, set()) == ([], [])


def test_uuids_are_found(db):
    """By their own type."""
    one, two = (Candidate.objects.create(name=f"Ann{number}") for number in range(2))
    assert found(Candidate, [one.pk, uuid.uuid4()])[0] == [one.pk]
    assert found(Candidate, [one.pk, two.pk])[0] == sorted([one.pk, two.pk], key=str)


def test_texts_are_compared_as_their_column_is(db):
    """An array would say what type they are."""
    people = [Person.objects.create(code=code, name="Ann") for code in ("a", "b")]
    rows, (query,) = found(Person, ["a", "c"])
    assert rows == [people[0].pk]
    assert "ANY" not in query


def test_a_key_that_is_a_relation_is_found(db):
    """A child's key is its parent's."""
    partner = Partner.objects.create(given_name="Ann")
    assert list(LeadMapping(Partner).by_keys([partner.pk])) == [partner]
