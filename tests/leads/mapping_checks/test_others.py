"""Fields of files, when a row was made, what forgetting does."""

from __future__ import annotations

import pytest
from django.db import models
from django.db.models.functions import Lower

from leads.mapping import LeadMapping, OnForget
from tests.leads.mapping_checks.shapes import GOOD, codes, contact, mapping, only


def lead():
    """Return a model with more fields."""
    return contact(
        city=models.CharField(max_length=9),
        score=models.IntegerField(null=True),
        photo=models.FileField(),
        data=models.JSONField(),
        blob=models.BinaryField(),
        joined=models.DateTimeField(auto_now_add=True),
        born=models.DateField(null=True),
    )


def test_plain_fields_stand_in_files():
    """Any list of them; what is set by itself only goes out."""
    good = mapping(lead(), import_fields=["city", "score"], export_fields=("joined", "city", "id"))
    assert codes(good) == []


@pytest.mark.parametrize("attribute", ["import_fields", "export_fields"])
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("citi", "'city'"),
        ("employer", "relation"),
        ("employer__title", "path"),
        ("photo", "FileField"),
        ("data", "JSONField"),
        ("blob", "BinaryField"),
        ("people", "no field"),
    ],
)
def test_what_is_no_cell_is_told(attribute, name, word):
    """A file holds texts of one table."""
    told = only(mapping(lead(), **{attribute: ["city", name]}))
    assert told[:2] == ("E125", attribute)
    assert word in told[2]


@pytest.mark.parametrize(("name", "word"), [("joined", "not editable"), ("id", "primary key")])
def test_what_a_file_cannot_fill_is_told(name, word):
    """It names a lead by its crm_id."""
    told = only(mapping(lead(), import_fields=[name]))
    assert told[:2] == ("E125", "import_fields")
    assert word in told[2]


def test_the_time_at_which_a_row_was_made_may_come_over_a_relation():
    """It is only read."""
    model = lead()
    assert codes(mapping(model, created_at="joined")) == []
    for name in ("born", "joind", "employer__title", "mobile", "employer"):
        assert only(mapping(model, created_at=name))[:2] == ("E127", "created_at")


@pytest.mark.parametrize("word", ["blank", "delete", OnForget.BLANK, OnForget.DELETE])
def test_forgetting_blanks_or_deletes(word):
    """The word or the name of it."""
    assert codes(mapping(contact(), on_forget=word)) == []


@pytest.mark.parametrize(
    ("word", "hint"),
    [("delet", 'Write "delete".'), ("remove", "'blank' or 'delete'"), (None, "Write"), (True, "Write")],
)
def test_another_word_for_it_is_told(word, hint):
    """Nobody would be forgotten."""
    told = only(mapping(contact(), on_forget=word))
    assert told[:2] == ("E126", "on_forget")
    assert hint in told[2]


# What write() wrote, and forgetting.

PATH, EXPRESSION = "employer__website", Lower("work_email")
OWN = {"write": lambda self, changes: [], "company_domain": "", "company_name": "employer__title"}


@pytest.mark.parametrize(
    ("attributes", "values"),
    [
        ({"email": EXPRESSION}, "email is in no column of crm.Contact"),
        ({"email": PATH}, "email is in"),
        ({"phone": EXPRESSION}, "phone is in"),
        ({"email": PATH, "phone": EXPRESSION}, "email and phone are in"),
    ],
)
def test_values_beside_the_table_need_somebody_who_blanks_them(attributes, values):
    """Else the first who wants to be forgotten cannot be."""
    lead = contact()
    code, attribute, text = only(mapping(lead, **OWN | attributes))
    assert (code, attribute) == ("E132", "forget")
    assert values in text
    assert codes(mapping(lead, **OWN | attributes, forget=lambda self, keys: None)) == []
    assert codes(mapping(lead, **OWN | attributes, on_forget="delete")) == []


def test_columns_are_blanked_whoever_writes_them():
    """Then forgetting knows by itself what to do; and what cannot be written is told as that."""
    lead = contact()
    assert codes(mapping(lead, **OWN)) == []
    assert codes(mapping(lead, email=EXPRESSION)) == ["E120"]


def test_a_forget_that_is_inherited_counts():
    """A project's mappings may have a base."""
    base = type("Base", (LeadMapping,), {"forget": lambda self, keys: None})
    own = type("Own", (base,), GOOD | OWN | {"email": EXPRESSION})
    assert codes(own(contact())) == []
