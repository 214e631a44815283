"""A crm_id names one row, of one model."""

from __future__ import annotations

import uuid

import pytest
from django.db import models
from django.db.models import Q

from leads.mapping import registry
from leads.models import Lead
from tests.leads.mapping_checks.shapes import bare, codes, contact, mapping, model, only, said


class Ulid(models.Field):
    """A project's own, stored as a UUID."""

    def get_internal_type(self):
        return "UUIDField"


class Short(models.Field):
    """A project's own, stored as a short text."""

    def get_internal_type(self):
        return "CharField"


ALONE = models.UniqueConstraint(fields=["code"], name="alone")


@pytest.mark.parametrize(
    "code",
    [
        lambda: models.CharField(max_length=120, unique=True),
        lambda: models.SlugField(unique=True),
        lambda: models.UUIDField(unique=True, default=uuid.uuid4),
        lambda: models.IntegerField(unique=True),
        lambda: models.BigIntegerField(unique=True),
        lambda: Ulid(unique=True),
        lambda: Short(max_length=120, unique=True),
    ],
)
def test_unique_integers_uuids_and_short_texts_are_keys(code):
    """Any of them, beside the primary key."""
    assert codes(mapping(contact(code=code()), crm_id_field="code")) == []


@pytest.mark.parametrize("meta", [{"constraints": [ALONE]}, {"unique_together": [("code",)]}])
def test_a_constraint_on_the_field_alone_makes_it_unique(meta):
    """It need not be the field's own."""
    assert codes(mapping(contact(code=models.CharField(max_length=9), meta=meta), crm_id_field="code")) == []


@pytest.mark.parametrize(
    "constraint",
    [
        lambda: models.UniqueConstraint(fields=["code"], name="some", condition=Q(mobile="")),
        lambda: models.UniqueConstraint(fields=["code", "mobile"], name="both"),
        lambda: models.UniqueConstraint(models.functions.Lower("code"), name="lower"),
        lambda: models.UniqueConstraint(fields=["code"], name="late", deferrable=models.Deferrable.DEFERRED),
    ],
)
def test_a_constraint_that_is_not_on_the_field_alone_is_none(constraint):
    """Two rows could have one key."""
    lead = contact(code=models.CharField(max_length=9), meta={"constraints": [constraint()]})
    code, attribute, text = only(mapping(lead, crm_id_field="code"))
    assert (code, attribute) == ("E114", "crm_id_field")
    assert "not unique" in text


@pytest.mark.parametrize(
    ("field", "word"),
    [
        (lambda: models.CharField(max_length=9), "not unique"),
        (lambda: models.CharField(max_length=9, unique=True, null=True), "NULL"),
        (lambda: models.TextField(unique=True), "no limit"),
        (lambda: models.TextField(unique=True, max_length=9), "no limit"),
        (lambda: models.FloatField(unique=True), "FloatField, which is no key that can travel as a text. Name a"),
        (lambda: Short(max_length=121, unique=True), "129 characters"),
        (lambda: models.DecimalField(unique=True, max_digits=9, decimal_places=2), "DecimalField"),
        (lambda: models.DateTimeField(unique=True), "DateTimeField"),
        (lambda: models.BinaryField(unique=True), "BinaryField"),
        (lambda: models.BooleanField(unique=True), "BooleanField"),
        (lambda: models.CharField(max_length=121, unique=True), "129 characters"),
        (lambda: models.CharField(max_length=None, unique=True), "no key"),
        (lambda: models.CharField(max_length=9, unique=True, db_collation="nocase"), "nocase"),
    ],
)
def test_a_field_that_is_no_key_is_told(field, word):
    """Its results would be lost, or reach another row."""
    code, attribute, text = only(mapping(contact(code=field()), crm_id_field="code"))
    assert (code, attribute) == ("E114", "crm_id_field")
    assert word in text


def test_the_prefix_counts_for_the_length():
    """Also before the primary key."""
    lead = contact()
    assert codes(mapping(lead, crm_id_prefix="x" * 108)) == []
    assert only(mapping(lead, crm_id_prefix="x" * 109))[:2] == ("E114", "crm_id_field")


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [
        ("cod", "E116", "'code'"),
        ("employer__id", "E116", "path"),
        ("people", "E116", "no field"),
        ("Code", "E116", "'code'"),
    ],
)
def test_a_field_that_is_not_there_is_told_with_the_one_that_was_meant(name, code, word):
    """A key is the model's own field."""
    told = only(mapping(contact(code=models.CharField(max_length=9, unique=True)), crm_id_field=name))
    assert told[:2] == (code, "crm_id_field")
    assert word in told[2]


def test_a_relation_is_a_row_not_a_key():
    """Its column is one, where each of its rows stands once."""
    user = model("User", name=models.CharField(max_length=9))
    lead = contact(user=models.OneToOneField(user, models.CASCADE))
    code, attribute, text = only(mapping(lead, crm_id_field="user"))
    assert (code, attribute) == ("E114", "crm_id_field")
    assert "Write 'user_id'" in text
    assert codes(mapping(lead, crm_id_field="user_id")) == []


def test_a_primary_key_that_is_a_relation_is_a_key():
    """It is the other row's key."""
    user = model("User", code=models.CharField(max_length=20, primary_key=True))
    lead = contact(user=models.OneToOneField(user, models.CASCADE, primary_key=True))
    assert codes(mapping(lead)) == []
    assert 'Write "pk".' in only(mapping(lead, crm_id_field="user"))[2]
    assert only(mapping(lead, crm_id_prefix="x" * 109))[0] == "E114"


def test_a_child_may_be_keyed_by_its_parents_field():
    """It is unique in the table of the parent."""
    child = model("Partner", contact(code=models.CharField(max_length=9, unique=True)))
    assert codes(mapping(child, crm_id_field="code")) == []


@pytest.mark.parametrize(
    ("prefix", "hint"),
    [
        ("contact- ", "contact-"),
        (" contact-", "contact-"),
        ("a  b", "a b"),
        ("a\tb", "a b"),
        ("a\x00b", "a b"),
        ("a\u200bb", "ab"),
        ("e\u0301-", "é-"),
        ("a\ud800", "a"),
        ("\u202ax", "x"),
        (" ", "contact-"),
    ],
)
def test_a_prefix_that_may_come_back_changed_is_told(prefix, hint):
    """Then its leads would be nobody's."""
    code, attribute, text = only(mapping(contact(), crm_id_prefix=prefix))
    assert (code, attribute) == ("E115", "crm_id_prefix")
    assert text.endswith(f"Write {hint!r}.")


@pytest.mark.parametrize("prefix", ["", "contact-", "kunde é-", "c:"])
def test_a_prefix_that_is_plain_is_right(prefix):
    """Also a blank one, and letters of any language."""
    assert codes(mapping(contact(), crm_id_prefix=prefix)) == []


def pair(one, other):
    """Return mappings of two models with these prefixes."""
    second = model(
        "Person",
        name=models.CharField(max_length=9),
        domain=models.CharField(max_length=99),
        mail=models.EmailField(null=True),
    )
    sources = {"fullname": "name", "company_domain": "domain", "email": "mail"}
    return mapping(contact(), crm_id_prefix=one), bare(second, crm_id_prefix=other, **sources)


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [("c", "co", "'c' begins 'co'"), ("co", "c", "'c' begins"), ("c", "c", "also"), ("", "", "blank")],
)
def test_prefixes_that_collide_are_told_once(one, other, word):
    """A crm_id would belong to two models."""
    code, attribute, text = only(*pair(one, other))
    assert (code, attribute) == ("E115", "crm_id_prefix")
    assert word in text
    assert "unregister" not in text


def test_beside_our_own_mapping_the_projects_is_told():
    """A mapping that was given no prefix meets that of leads.Lead, which has none."""
    both = [mapping(contact(), crm_id_prefix=""), registry.of(Lead)]
    for order in (both, both[::-1]):
        code, attribute, text = only(*order)
        assert (code, attribute) == ("E115", "crm_id_prefix")
        assert text.startswith("crm.lead_mapping.ContactMapping.crm_id_prefix: it is blank as in leads.lead_mapping.")
        assert "unregister(Lead)" in text


@pytest.mark.parametrize(("one", "other"), [("", "c"), ("c-", "d-"), ("ac", "c"), ("C", "c")])
def test_prefixes_that_can_be_told_apart_are_right(one, other):
    """One of them may be blank."""
    assert said(*pair(one, other)) == []
