"""Fields of files, when a row was made, what forgetting does."""

from __future__ import annotations

import pytest
from django.db import models

from leads.mapping import OnForget
from tests.leads.mapping_checks.shapes import codes, contact, mapping, only


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
