"""Columns that are written."""

from __future__ import annotations

import pytest
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Lower

from tests.crm.fields import SecretField
from tests.leads.mapping_checks.shapes import codes, contact, mapping, model, only, said, with_columns

NULLS = {"null": True, "blank": True}


def write(self, changes):
    """Write nothing."""
    return []


class OwnField(models.Field):
    """A project's own, of its own database type."""


class OwnNumber(models.IntegerField):
    """A project's own, which is a number all the same."""


class StrictField(models.Field):
    """A project's own that does not know ''."""

    empty_strings_allowed = False


@pytest.mark.parametrize(
    "field",
    [
        lambda: models.CharField(max_length=254, blank=True),
        lambda: models.CharField(max_length=254, **NULLS),
        lambda: models.CharField(max_length=254, null=True, unique=True),
        lambda: models.TextField(blank=True),
        lambda: models.TextField(blank=True, max_length=20),
        lambda: models.EmailField(**NULLS, unique=True),
        lambda: models.EmailField(blank=True, db_column="mail address"),
        lambda: SecretField(blank=True),
        lambda: OwnField(blank=True),
        lambda: StrictField(**NULLS),
        lambda: models.CharField(max_length=254, blank=True, editable=False),
        lambda: models.CharField(max_length=254, blank=True, validators=[lambda value: 1 / 0]),
    ],
)
def test_a_column_that_takes_a_text_is_an_output(field):
    """Whether a blank is NULL or '' there; a project's own field is left to the ORM."""
    assert codes(mapping(contact(work_email=field()))) == []


@pytest.mark.parametrize(
    ("field", "code", "word"),
    [
        (lambda: models.IntegerField(null=True), "E120", "IntegerField"),
        (lambda: models.JSONField(null=True), "E120", "JSONField"),
        (lambda: models.BinaryField(null=True), "E120", "BinaryField"),
        (lambda: models.UUIDField(null=True), "E120", "UUIDField"),
        (lambda: OwnNumber(null=True), "E120", "OwnNumber"),
        (lambda: models.URLField(max_length=254, blank=True), "E120", "URLField"),
        (lambda: models.SlugField(max_length=254, blank=True), "E120", "SlugField"),
        (lambda: models.CharField(max_length=253, blank=True), "E122", "max_length=254"),
        (lambda: models.CharField(max_length=20, blank=True), "E122", "20 characters"),
        (lambda: models.EmailField(unique=True), "E123", "unique and not NULL"),
        (StrictField, "E123", "neither NULL nor ''"),
        (models.EmailField, "W102", "blank=True"),
    ],
)
def test_a_column_that_does_not_is_told(field, code, word):
    """Before the first credit: nothing would be written, or nobody could be forgotten."""
    told = only(mapping(contact(work_email=field())))
    assert told[:2] == (code, "email")
    assert word in told[2]


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (lambda: models.CharField(max_length=16, blank=True), None),
        (lambda: models.CharField(max_length=15, blank=True), "E122"),
        (lambda: models.CharField(max_length=20, blank=True, validators=[RegexValidator(r"^0\d+$")]), "W101"),
        (lambda: models.CharField(max_length=20, blank=True, validators=[RegexValidator(r"^\+\d+$")]), None),
        (lambda: models.EmailField(blank=True), "E120"),
    ],
)
def test_a_phone_needs_sixteen_characters_and_a_plus(field, code):
    """E.164; what a form would refuse afterwards is told too."""
    assert codes(mapping(contact(mobile=field()))) == ([code] if code else [])


@pytest.mark.parametrize(
    "meta",
    [
        {"constraints": [models.UniqueConstraint(fields=["mobile"], name="one")]},
        {"unique_together": [("mobile",)]},
        {"constraints": [models.UniqueConstraint(Lower("mobile"), name="one")]},
        {"constraints": [models.UniqueConstraint(F("mobile"), name="one")]},
    ],
)
def test_a_constraint_makes_a_column_unique_too(meta):
    """Two leads without a phone could not be."""
    assert only(mapping(contact(meta=meta)))[0] == "E123"


def test_a_partial_constraint_lets_blanks_be():
    """That is how a unique column without NULL is written."""
    one = models.UniqueConstraint(fields=["mobile"], name="one", condition=~Q(mobile=""))
    both = models.UniqueConstraint(fields=["mobile", "given_name"], name="both")
    lower = models.UniqueConstraint(Lower("mobile"), Lower("given_name"), name="lower")
    assert codes(mapping(contact(meta={"constraints": [one, both, lower]}))) == []


@pytest.mark.parametrize(
    ("source", "code", "word"),
    [
        ("employer__title", "E120", "the path 'employer__title' can be read, but not written"),
        (F("mobile"), "E120", "an expression can be read"),
        (Lower("mobile"), "E120", "write()"),
        ("employer__titel", "E116", "employer__title"),
        (F("nonsense"), "E116", "nonsense"),
        ("mobil", "E116", "Did you mean 'mobile'?"),
        ("employer", "E120", "relation (ForeignKey)"),
        ("notes", "E117", "many rows"),
    ],
)
def test_what_is_only_read_needs_write(source, code, word):
    """And with write() it is read like an input."""
    lead = contact()
    model("Note", contact=models.ForeignKey(lead, models.CASCADE, related_name="notes"))
    told = only(mapping(lead, email=source))
    assert told[:2] == (code, "email")
    assert word in told[2]
    after = codes(mapping(lead, email=source, write=write, forget=lambda self, keys: None))
    assert after == ({"E120": [], "E116": ["E116"], "E117": ["E117"]}[code] if source != "employer" else ["E118"])


def test_a_column_that_the_database_computes_is_not_written():
    """PostgreSQL and SQLite would refuse the statement."""
    full = models.GeneratedField(
        expression=Lower("given_name"), output_field=models.CharField(max_length=254), db_persist=True
    )
    code, attribute, text = only(mapping(contact(full=full), email="full"))
    assert (code, attribute) == ("E120", "email")
    assert "computes" in text


# One column, one thing.


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({"phone": "work_email"}, "email"),
        ({"email_status": "mobile"}, "phone"),
        ({"company_name": "mobile"}, "phone"),
        ({"country_code": "land", "phone_country": "land"}, "phone_country"),
        ({"phone": "code", "crm_id_field": "code"}, "phone"),
        ({"phone_status": "state", "email_status": "state"}, "email_status"),
        ({"phone_checked_at": "at", "email_checked_at": "at"}, "email_checked_at"),
    ],
)
def test_an_output_that_is_something_else_too_is_told(attributes, told):
    """Writing the one would change the other."""
    lead = with_columns(code=models.CharField(max_length=40, unique=True, blank=True, null=False))
    found = {(code, attribute) for code, attribute, _ in said(mapping(lead, **attributes))}
    assert ("E121", told) in found


def test_the_primary_key_is_no_output():
    """A lead would be another one afterwards."""
    lead = model(
        "Person",
        mail=models.EmailField(primary_key=True),
        given_name=models.CharField(max_length=9),
        mobile=models.CharField(max_length=20, blank=True),
    )
    told = said(mapping(lead, lastname="", company_domain="", company_name=Value("Acme"), email="mail"))
    assert ("E121", "email") in {each[:2] for each in told}


def test_two_inputs_from_one_source_are_told():
    """ "Jane Doe Jane Doe" would be paid for."""
    code, attribute, text = only(mapping(contact(), lastname="given_name"))
    assert (code, attribute) == ("E121", "lastname")
    assert "'given_name' is firstname, too" in text


def test_with_write_a_column_may_be_read_for_two_things():
    """Nothing is written to it by us."""
    assert codes(mapping(contact(), phone="work_email", write=write)) == []
