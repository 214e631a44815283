"""The forms of an import: what may be chosen for a column, and what is made of it."""

from __future__ import annotations

import pytest

from leads.admin.columns import ColumnsForm, name_of
from leads.csvfiles.fields import mapping_of_lead
from leads.mapping import registry
from leads.models import FileImport
from tests.crm.models import Contact

pytestmark = pytest.mark.django_db


def form(data=None, mapping=None, **preview):
    file = FileImport(preview=preview)
    return ColumnsForm(data, file=file, mapping=mapping or mapping_of_lead(), may_update=True)


def test_each_column_shows_what_it_is_taken_for():
    """Several columns may fill one field; one that is left out says why."""
    shown = form(
        titles=["Work", "Home", "Mood"],
        columns={"phone": ["Work", "Home"]},
        left_out_columns={"Mood": "it was chosen so"},
    )
    told = [(field.label, field.initial, why) for field, why in shown.columns]
    assert told == [("Work", "phone", ""), ("Home", "phone", ""), ("Mood", "", "it was chosen so")]


def test_titles_that_cannot_be_told_apart_are_asked_for_once():
    """A blank one has no name to choose by."""
    assert [field.label for field, _ in form(titles=["A ", "", "A", "B=C"]).columns] == ["A", "B=C"]


def test_what_is_chosen_is_what_the_command_takes():
    """The order of the columns says which counts first."""
    sent = form({"column_0": "email", "column_1": ""}, titles=["B=C", "A"])
    assert sent.is_valid()
    assert sent.chosen == ["B=C=email", "A="]


def test_only_fields_that_a_file_fills_or_finds_people_by_are_offered():
    """Of a related row nothing is written, but its company helps to find somebody."""
    mapping = registry.mapped(Contact)
    offered = dict(form(titles=["A"], mapping=mapping)["column_0"].field.choices)
    assert {"", "firstname", "email", "company_name", "crm_id"} <= set(offered)
    assert not {"opted_out", "changed_at", "id"} & set(offered)
    assert name_of(mapping, ["email", "nonsense"]) == [offered["email"], "nonsense"]
