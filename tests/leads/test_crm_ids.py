"""Keys and their texts are the same in a query as in Python."""

from __future__ import annotations

import pytest
from django.db.models import F, TextField, Value
from django.db.models.functions import Cast

from leads import crm_ids
from leads.mapping import registry
from tests.crm.models import Agent, Candidate, Contact, Partner, Person

pytestmark = pytest.mark.django_db

LEADS = {
    "number": lambda: Contact.objects.create(pk=7, given_name="Ann"),
    "large number": lambda: Contact.objects.create(pk=2**63 - 1, given_name="Ann"),
    "negative number": lambda: Contact.objects.create(pk=-(10**18), given_name="Ann"),
    "a child's": lambda: Partner.objects.create(given_name="Ann"),
    "a child's with another primary key": lambda: Agent.objects.create(id=99, given_name="Ann"),
    "UUID": lambda: Candidate.objects.create(name="Ann"),
    "text": lambda: Person.objects.create(code="ann", name="Ann"),
}


@pytest.mark.parametrize("make", LEADS.values(), ids=LEADS)
def test_a_key_and_its_text_say_the_same(make):
    """From the key to the text, as crm_id() makes it, and back, as key() reads it."""
    lead = make()
    mapping, model = registry.of(type(lead)), type(lead)
    lead.refresh_from_db()
    key = mapping.key_of(lead)
    assert model.objects.annotate(text=crm_ids.text(mapping, "default")).get().text == str(key)
    rows = model.objects.annotate(leads_text=Cast(Value(str(key)), TextField()))
    named = crm_ids.key(mapping, "leads_text", "default")
    found = rows.annotate(named=named or F("leads_text")).filter(named=F(mapping.key_name))
    assert found.get() == lead


def test_which_keys_a_query_can_name(monkeypatch):
    """A field that turns its value is none of them, and neither are keys in another database."""
    assert all(crm_ids.can_be_asked(registry.of(model)) for model in (Contact, Candidate, Person, Partner))
    mapping = registry.of(Person)
    monkeypatch.setattr(type(mapping), "crm_id_field", "id")
    assert crm_ids.can_be_asked(mapping)
    monkeypatch.setattr(type(mapping), "key_field", Candidate._meta.get_field("phone"))
    assert not crm_ids.can_be_asked(mapping)
    monkeypatch.undo()
    monkeypatch.setattr(type(mapping), "alias", "elsewhere")
    assert not crm_ids.can_be_asked(mapping)
