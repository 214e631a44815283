"""The registry of mappings, and crm_ids to keys and back."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from leads import mapping as mappings
from leads.mapping import Change, LeadMapping, Registry, register, registry, unregister
from leads.models import Lead
from tests.crm.models import Candidate, Company, Contact, KeyContact, Partner, Person, Stranger


@pytest.fixture
def empty(monkeypatch):
    """Register into a registry of this test only."""
    own = Registry()
    monkeypatch.setattr(mappings, "registry", own)
    return own


class Plain(LeadMapping):
    crm_id_prefix = "contact-"


class Coded(LeadMapping):
    crm_id_prefix = "person-"
    crm_id_field = "code"


# Registering.


def test_a_class_maps_each_of_the_models_and_stays_what_it_is(empty):
    """One class may serve several tables."""
    assert register(Contact, Person)(Plain) is Plain
    assert [(each.label, type(each)) for each in empty] == [("crm.contact", Plain), ("crm.person", Plain)]
    assert empty.labelled("crm.person").model is Person
    assert empty.labelled("crm.stranger") is None


def test_a_model_is_mapped_once(empty):
    """The second says by which both are."""
    register(Contact)(Plain)
    with pytest.raises(ImproperlyConfigured, match=r"crm\.Contact is mapped twice: by .*Plain and by .*Coded"):
        register(Contact)(Coded)
    assert type(empty.labelled("crm.contact")) is Plain


def test_a_mapping_can_be_taken_away_and_put_back(empty):
    """As a project does it with that of leads.Lead."""
    register(Contact)(Plain)
    unregister(Contact)
    assert list(empty) == []
    with pytest.raises(ImproperlyConfigured, match=r"crm\.Contact is not mapped"):
        unregister(Contact)
    register(Contact)(Coded)
    assert type(empty.of(Contact)) is Coded


@pytest.mark.parametrize("models", [(), ("crm.Contact",), (Plain,), (Contact(),), (Contact, None)])
@pytest.mark.parametrize("function", [register, unregister])
def test_what_is_no_model_is_told_at_once(empty, function, models):
    """``@register`` without a model would map nothing, and nobody would notice."""
    with pytest.raises(ImproperlyConfigured, match=r"is no model: write @?(un)?register\(Contact\)"):
        function(*models)
    assert list(empty) == []


@pytest.mark.parametrize("what", [object, Plain(Contact), lambda model: None, models.Model])
def test_what_is_no_mapping_is_told_at_once(empty, what):
    """It would fail later, with a traceback that names nothing of it."""
    with pytest.raises(ImproperlyConfigured, match=r"is no mapping: a class that inherits leads\.mapping\.LeadMapping"):
        register(Contact)(what)
    assert list(empty) == []


# Whose a model is.


def test_proxies_and_children_are_rows_of_the_mapped_table():
    """Their own table has no mapping of its own."""
    assert registry.of(Contact) is registry.of(KeyContact) is registry.of(Partner)
    assert registry.of(Lead).label == "leads.lead"
    assert registry.of(Stranger) is registry.of(Company) is None


def test_a_childs_own_mapping_comes_first(empty):
    """The nearest in the order of inheritance."""
    register(Contact)(Plain)
    register(Partner)(Coded)
    assert type(empty.of(Partner)) is Coded
    assert type(empty.of(KeyContact)) is Plain


# Names and keys.


@pytest.mark.parametrize("crm_id", ["contact-17", "contact-0", "contact--5", f"contact-{2**63 - 1}"])
def test_an_integer_comes_back_from_its_own_text(crm_id):
    """Also a negative one."""
    own = Plain(Contact)
    assert own.crm_id(own.key(crm_id)) == crm_id


@pytest.mark.parametrize(
    "crm_id",
    [
        "contact-017",
        "contact-１７",
        "contact-1_7",
        "contact- 17",
        "contact-17 ",
        "contact-+17",
        "contact-17.0",
        "contact-1e1",
        "contact-0x11",
        "contact--0",
        "contact-True",
        "contact-",
        "contact",
        "17",
        "",
        "Contact-17",
        "contact-contact-17",
        "person-17",
        "contact-17\x00",
        "contact-\ud800",
        "contact-²",
        f"contact-{2**63}",
        f"contact-{-(2**63) - 1}",
        "contact-" + "9" * 5000,
    ],
)
def test_no_other_spelling_of_an_integer_is_a_lead(crm_id):
    """Python reads many of them as 17; none of them was ever sent."""
    assert Plain(Contact).key(crm_id) is None


def test_a_uuid_has_one_spelling():
    """Capitals, braces and missing hyphens are other people's."""
    own, key = Plain(Candidate), uuid.UUID("0d2b4b1e-0000-4000-8000-00000000000a")
    assert own.key(own.crm_id(key)) == key
    for text in (str(key).upper(), key.hex, f"{{{key}}}", f"urn:uuid:{key}", f" {key}", str(key.int)):
        assert own.key(f"contact-{text}") is None, text


@pytest.mark.parametrize("key", ["p-1", "person-person-1", "017", "１７", " p", "p ", "é", "P-1"])
def test_a_text_is_its_own_key_with_prefixes_inside(key):
    """Exactly one prefix is taken away; nothing is folded or stripped."""
    own = Coded(Person)
    assert own.key(f"person-{key}") == key
    assert own.crm_id(key) == f"person-{key}"


@pytest.mark.parametrize("key", ["a\x00b", "a\ud800"])
def test_a_text_that_no_database_takes_is_no_key(key):
    """PostgreSQL would end in an error, and the event with it."""
    assert Coded(Person).key(f"person-{key}") is None


@pytest.mark.django_db
@pytest.mark.parametrize("crm_id", ["contact-2147483648", f"contact-{10**30}", f"contact-{-(10**30)}", "person-\x00"])
def test_a_key_beyond_the_column_asks_the_database_for_nothing_that_it_refuses(crm_id):
    """Such a key names no row; it is no error either."""
    for mapping, keys in registry.keys([crm_id]):
        assert list(mapping.by_keys(keys)) == []


def test_a_key_that_is_a_parents_is_read_as_the_parents():
    """A child's primary key is the relation to its parent."""
    assert Plain(Partner).key("contact-17") == 17
    assert Plain(Partner).key("contact-017") is None


def test_a_field_that_raises_anything_names_no_lead(monkeypatch):
    """A project's own field may."""
    own = Plain(Contact)

    def fail(text):
        raise RuntimeError(text)

    monkeypatch.setattr(own.key_field, "to_python", fail)
    assert own.key("contact-17") is None


# Whose a crm_id is.


@pytest.fixture
def several(empty):
    """Map three models, one of them with the blank prefix."""
    register(Contact)(Plain)
    register(Person)(Coded)
    register(Lead)(type("Blank", (LeadMapping,), {"crm_id_field": "crm_id"}))
    return empty


@pytest.mark.parametrize(
    ("crm_id", "label"),
    [
        ("contact-17", "crm.contact"),
        ("contact-x", "crm.contact"),
        ("person-contact-17", "crm.person"),
        ("Contact-17", "leads.lead"),
        ("", "leads.lead"),
        ("contac", "leads.lead"),
    ],
)
def test_the_prefix_says_whose_a_crm_id_is(several, crm_id, label):
    """The blank one has the rest, and never what begins like another's."""
    assert several.owner(crm_id).label == label


def test_a_crm_id_without_an_owner_is_nobodys(empty):
    """No mapping has the blank prefix."""
    register(Contact)(Plain)
    assert empty.owner("person-1") is None
    assert list(empty.keys(["person-1"])) == []
    assert empty.prefixes() == ("contact-",)


def test_keys_are_sorted_to_their_mappings_and_the_rest_is_left_out(several):
    """One query for each model can ask for them."""
    found = {
        each.label: keys for each, keys in several.keys(["contact-17", "contact-017", "person-1", "x", "contact-18"])
    }
    assert found == {
        "crm.contact": {17: "contact-17", 18: "contact-18"},
        "crm.person": {"1": "person-1"},
        "leads.lead": {"x": "x"},
    }
    assert several.prefixes() == ("contact-", "person-")


# What a mapping tells of itself.


def test_a_mapping_and_a_change_show_no_values():
    """They stand in logs and on debug pages."""
    change = Change(model=Contact, key=17, crm_id="contact-17", field="email", old="", new="ann@example.com")
    assert repr(change) == "<Change email of crm.Contact>"
    assert repr(Plain(Contact)) == "<Plain of crm.contact>"


def test_write_is_the_projects_own_or_there_is_none():
    """Without it columns are written."""
    assert not Plain(Contact).has_own_write
    with pytest.raises(NotImplementedError):
        Plain(Contact).write([])
    assert registry.of(Person).has_own_write


def test_a_column_is_a_plain_name():
    """A path and an expression are none."""
    own = registry.of(Contact)
    assert own.column("firstname").column == "gn"
    assert own.column("company_name") is own.column("country_code") is None
    assert registry.of(Person).column("email") is None
