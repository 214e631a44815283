"""Where inputs come from: fields, paths over to-one relations, expressions."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, Subquery, Value, When, Window
from django.db.models.fields.json import KT
from django.db.models.functions import Concat, Lower, RowNumber

from leads.mapping_checks.sources import own_field, readable
from leads.mapping_checks.wording import WrongError
from tests.leads.mapping_checks.shapes import codes, contact, mapping, model, only


@pytest.fixture
def lead():
    """Return a model with relations of every kind, and fields that are no text."""
    country = model("Country", code=models.CharField(max_length=2, primary_key=True))
    tag = model("Tag", word=models.CharField(max_length=9))
    made = contact(
        country=models.ForeignKey(country, models.CASCADE, null=True),
        tags=models.ManyToManyField(tag),
        firm=models.CharField(max_length=99),
        number=models.IntegerField(default=0),
        data=models.JSONField(default=dict),
        blob=models.BinaryField(default=b""),
        opted_out=models.BooleanField(default=False),
        born=models.DateField(null=True),
        content_type=models.ForeignKey(ContentType, models.CASCADE, null=True),
        thing=GenericForeignKey("content_type", "number"),
        manager=models.ForeignKey("self", models.CASCADE, null=True, related_name="staff"),
    )
    model(
        "Profile",
        contact=models.OneToOneField(made, models.CASCADE, related_name="profile"),
        url=models.CharField(max_length=99),
    )
    model(
        "Note",
        contact=models.ForeignKey(made, models.CASCADE, related_name="notes"),
        text=models.CharField(max_length=99),
    )
    return made


@pytest.mark.parametrize(
    "source",
    [
        "firm",
        "employer__title",
        "manager__employer__title",
        "profile__url",
        "number",
        "country",
        "country_id",
        "country__code",
        "country__pk",
        "manager__country",
        F("employer__title"),
        Lower("mobile"),
        Value("Acme"),
        KT("data__company"),
        Concat("given_name", Value(" "), "family_name"),
        Case(When(opted_out=True, then=Value("")), default=F("employer__title")),
        F("profile__url"),
    ],
)
def test_what_is_one_text_of_a_lead_is_an_input(lead, source):
    """A field, a path, a key that is a text itself, an expression."""
    assert codes(mapping(lead, company_name=source)) == []


@pytest.mark.parametrize(
    ("source", "code", "word"),
    [
        ("mobil", "E116", "Did you mean 'mobile'?"),
        ("nonsense", "E116", "Fields of crm.Contact: "),
        (" mobile", "E116", "Did you mean 'mobile'?"),
        ("employer__titel", "E116", "Did you mean 'employer__title'?"),
        ("employer__nonsense", "E116", "Fields of crm.Company: "),
        ("employer_title", "E116", "Did you mean 'employer__title'?"),
        ("employer.title", "E116", "Did you mean 'employer__title'?"),
        ("manager__employer_title", "E116", "Did you mean 'manager__employer__title'?"),
        ("mobile__title", "E116", "goes through 'mobile'"),
        ("employer__title__lower", "E116", "End the path there"),
        ("data__company", "E116", "KT('data__company')"),
        ("thing__title", "E116", "Subquery"),
        ("notes__text", "E117", "'notes'"),
        ("notes", "E117", "to many rows"),
        ("tags__word", "E117", "'tags'"),
        ("employer__people__mobile", "E117", "'people', which leads from one crm.Company"),
        ("staff__mobile", "E117", "'staff'"),
        ("employer", "E118", "'employer__title'"),
        ("employer_id", "E118", "whole row"),
        ("profile", "E118", "'profile__url'"),
        ("thing", "E118", "'thing__name'"),
        ("manager__employer", "E118", "'manager__employer__title'"),
        ("data", "E118", "JSONField"),
        ("blob", "E118", "BinaryField"),
        ("opted_out", "E118", "BooleanField"),
        ("born", "E118", "DateField"),
        (F("nonsense"), "E116", "Cannot resolve keyword"),
        (F("notes__text"), "E117", "Subquery"),
        (Lower("tags__word"), "E117", "Subquery"),
        (F("employer__people__mobile"), "E117", "many rows"),
        (Max("notes__text"), "E117", "many rows"),
        (Count("mobile"), "E117", "many rows"),
        (Window(RowNumber()), "E117", "many rows"),
        (Concat("given_name", "number"), "E116", "output_field"),
        (OuterRef("mobile"), "E116", "expression"),
    ],
)
def test_what_is_not_is_told(lead, source, code, word):
    """Unknown, over many rows, or no text: before anything is sent."""
    told = only(mapping(lead, company_name=source))
    assert told[:2] == (code, "company_name")
    assert word in told[2]


def test_a_generic_relation_leads_to_many_rows():
    """Like a foreign key that is followed backwards."""
    note = model(
        "Note",
        content_type=models.ForeignKey(ContentType, models.CASCADE),
        object_id=models.IntegerField(),
        thing=GenericForeignKey(),
        text=models.CharField(max_length=9),
    )
    lead = contact(notes=GenericRelation(note))
    assert only(mapping(lead, company_name="notes__text"))[0] == "E117"
    assert only(mapping(lead, company_name=F("notes__text")))[0] == "E117"


def test_a_subquery_says_which_row_is_meant(lead):
    """So it is right, also where its table has many rows for one lead."""
    note = lead._meta.get_field("notes").related_model
    some = Subquery(note.objects.filter(contact=OuterRef("pk")).values("text")[:1])
    assert codes(mapping(lead, company_name=some)) == []
    outer = Subquery(note.objects.filter(text=OuterRef("tags__word")).values("text")[:1])
    assert only(mapping(lead, company_name=outer))[0] == "E117"
    if_any = Case(When(Exists(note.objects.filter(contact=OuterRef("pk"))), then=Value("Acme")), default=Value(""))
    assert codes(mapping(lead, company_name=if_any)) == []
    lost = Subquery(note.objects.filter(text=OuterRef("nonsense")).values("text")[:1])
    assert only(mapping(lead, company_name=lost))[0] == "E116"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("profile", "no column"),
        ("thing", "no column"),
        ("employer__title", "is a path"),
        ("nonsense", "no field"),
        ("notes", "many rows"),
    ],
)
def test_only_a_column_of_its_own_table_is_the_models_own(lead, name, word):
    """For keys, statuses and fields of files."""
    with pytest.raises(WrongError, match=word):
        own_field(mapping(lead), name)
    assert own_field(mapping(lead), "employer_id").column == "employer_id"


def test_a_name_is_guessed_over_a_relation_only_where_it_leads_somewhere(lead):
    """Else the fields are listed."""
    assert "Fields of crm.Contact" in only(mapping(lead, company_name="employer_zzzzzz"))[2]


def test_an_array_is_no_text(lead):
    """Nor anything else that only PostgreSQL has."""
    postgres = pytest.importorskip("django.contrib.postgres.fields", exc_type=ImportError)
    other = model("Other", domains=postgres.ArrayField(models.CharField(max_length=9)))
    made = model("Lead2", other=models.ForeignKey(other, models.CASCADE))
    with pytest.raises(WrongError, match="an ArrayField, which is no text"):
        readable(mapping(made), "other__domains")


def test_a_condition_is_no_source(lead):
    """It has no text."""
    assert only(mapping(lead, company_name=Q(opted_out=True)))[0] == "E112"
