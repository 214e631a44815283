"""Names, types and methods of a mapping's class."""

from __future__ import annotations

import pytest
from django.db.models import F

from leads.mapping import LeadMapping
from leads.mapping_checks import attributes
from tests.leads.mapping_checks.shapes import codes, contact, mapping, only, said


def test_a_right_mapping_is_told_nothing():
    """Silence means that all is well."""
    assert said(mapping(contact())) == []


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("firstname", None, "None"),
        ("firstname", ["given_name"], "a list, which is nothing that a mapping can use. Write the name"),
        ("firstname", ("given_name",), "comma"),
        ("email", 1, "an int"),
        ("phone", b"mobile", "a bytes"),
        ("email_status", F("mobile"), "a F,"),
        ("crm_id_prefix", None, "None"),
        ("crm_id_prefix", 7, "an int"),
        ("crm_id_field", None, "None"),
        ("crm_id_field", "", "blank"),
        ("created_at", None, "None"),
        ("import_fields", "mobile", "a str"),
        ("import_fields", None, "None"),
        ("export_fields", [F("mobile")], "a list"),
        ("export_fields", ("mobile", 1), "a tuple, which is nothing that a mapping can use. Write a list"),
        ("get_queryset", None, "no method"),
        ("write", lambda self: [], "other arguments"),
        ("write", lambda self, changes, job: [], "def write(self, changes)"),
        ("visible_to", lambda self, user: [], "other arguments"),
        ("crm_id", "mobile", "crm_id_field"),
        ("label", "crm.contact", "another name"),
        ("key", "id", "LeadMapping's own"),
    ],
)
def test_a_wrong_type_is_told(name, value, word):
    """It is told alone: what follows from it would only confuse."""
    code, attribute, text = only(mapping(contact(), **{name: value}))
    assert (code, attribute) == ("E112", name)
    assert word in text


def test_what_a_mapping_can_say_is_known():
    """Each that is declared is checked for its type, or by its own check."""
    assert {*attributes._SOURCES, *attributes._TEXTS, *attributes._LISTS, "on_forget"} == attributes._OWN


def test_a_queryset_belongs_into_a_subquery():
    """Which of its rows is meant, nobody could tell."""
    lead = contact()
    code, attribute, text = only(mapping(lead, fullname=lead.objects.all()))
    assert (code, attribute) == ("E112", "fullname")
    assert "Subquery" in text


async def later(self, changes):
    """Return a coroutine when called."""
    return []


def one_by_one(self):
    """Return a generator when called."""
    yield from ()


@pytest.mark.parametrize(("name", "method"), [("write", later), ("get_queryset", one_by_one)])
def test_a_method_that_returns_something_to_wait_for_is_told(name, method):
    """Nothing would have been written when its result is counted."""
    code, attribute, text = only(mapping(contact(), **{name: method}))
    assert (code, attribute) == ("E112", name)
    assert "async" in text


def test_a_method_may_take_more_with_defaults_and_be_static():
    """What can be called is right."""
    good = mapping(contact(), visible_to=staticmethod(lambda user, queryset: queryset), write=lambda self, *them: [])
    assert codes(good) == []


def test_a_colon_in_place_of_an_equals_sign_is_told():
    """Python takes ``firstname: "given_name"`` for a type."""

    class ContactMapping(LeadMapping):
        crm_id_prefix: str = "contact-"
        fullname = "given_name"
        company_domain: "employer__website"  # noqa: F821, UP037 - the mistake
        email = "work_email"

    found = [(code, attribute, "colon" in text) for code, attribute, text in said(ContactMapping(contact()))]
    assert found == [("E112", "company_domain", True)]


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("company_domian", "employer__website", "company_domain"),
        ("first_name", "given_name", "firstname"),
        ("e_mail", "work_email", "email"),
        ("email_checked", "mobile", "email_checked_at"),
        ("crm_id_prefx", "c-", "crm_id_prefix"),
        ("Phone", "mobile", "phone"),
        ("company", "employer__title", "company_domain or company_name"),
        ("linkedin", "mobile", "linkedin_url"),
        ("country", F("mobile"), "country_code or phone_country"),
        ("get_querset", lambda self: None, "get_queryset"),
        ("visible_for", lambda self, user, queryset: queryset, "visible_to"),
        ("get_queryst", classmethod(lambda cls: None), "get_queryset"),
        ("first_name", property(lambda self: "given_name"), "firstname"),
        ("wirte", lambda self, changes: [], "write"),
        ("onforget", "delete", "on_forget"),
    ],
)
def test_a_name_that_is_nearly_ours_is_told_with_what_was_meant(name, value, meant):
    """It would do nothing, and the leads that it is about would be searched without it."""
    code, attribute, text = only(mapping(contact(), **{name: value}))
    assert (code, attribute) == ("E113", name)
    assert f"Did you mean {meant}?" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_company_domian", "employer__website"),
        ("owner_field", "employer"),
        ("company", "the firm"),
        ("company", 3),
        ("owner", "employer"),
        ("by_owner", lambda self, user: None),
        ("emailer", lambda self: None),
        ("verbose_name", "contact"),
        ("model", None),
        ("__slots__", ()),
    ],
)
def test_a_project_may_have_names_of_its_own(name, value):
    """Helpers and constants are nobody else's business."""
    assert codes(mapping(contact(), **{name: value})) == []


def test_what_a_base_class_of_the_project_says_is_checked_too():
    """A mixin for several mappings is the project's own."""

    class Base(LeadMapping):
        first_name = "given_name"

    class ContactMapping(Base):
        crm_id_prefix = "contact-"
        fullname = "given_name"
        company_name = "employer__title"
        email = "work_email"

    ContactMapping.__module__ = Base.__module__ = "crm.lead_mapping"
    assert [each[:2] for each in said(ContactMapping(contact()))] == [("E113", "first_name")]
