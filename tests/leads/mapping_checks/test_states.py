"""The project's own columns for what is known of a value."""

from __future__ import annotations

import pytest
from django.db import models

from tests.leads.mapping_checks.shapes import STATES, mapping, only, said, with_columns


def write(self, changes):
    """Write nothing."""
    return []


def test_columns_for_status_time_and_country_are_right():
    """As short as our words are."""
    assert said(mapping(with_columns(), **STATES)) == []


def test_a_text_without_a_limit_in_its_table_is_long_enough():
    """Only forms count its characters."""
    assert said(mapping(with_columns(phone_state=models.TextField(max_length=3, blank=True)), **STATES)) == []


def test_choices_with_all_our_words_are_right():
    """In groups, with others, and with some countries only."""
    words = [(word, word) for word in ("valid", "invalid", "not_found", "failed", "mine")]
    more = with_columns(
        state=models.CharField(max_length=20, choices=[("group", words)], blank=True),
        land=models.CharField(max_length=2, choices=[("", "-"), ("FR", "France")], blank=True),
    )
    assert said(mapping(more, **STATES)) == []


@pytest.mark.parametrize(
    ("name", "field", "code", "word"),
    [
        ("state", lambda: models.CharField(max_length=8, blank=True), "E122", "'not_found'"),
        ("state", lambda: models.IntegerField(default=0), "E124", "IntegerField"),
        (
            "state",
            lambda: models.CharField(max_length=9, choices=[("valid", "valid"), ("invalid", "no")]),
            "E124",
            "'not_found', 'failed'",
        ),
        ("at", lambda: models.DateField(null=True), "E124", "DateField"),
        ("at", lambda: models.CharField(max_length=30), "E124", "a time is written"),
        ("at", models.DateTimeField, "E124", "null=True"),
        ("at", lambda: models.DateTimeField(auto_now=True), "E124", "set by itself"),
        ("at", lambda: models.DateTimeField(auto_now_add=True, null=True), "E124", "set by itself"),
        ("land", lambda: models.CharField(max_length=1), "E122", "'FR'"),
        ("land", lambda: models.IntegerField(null=True), "E124", "IntegerField"),
        ("land", lambda: models.CharField(max_length=9, choices=[("FRA", "France")]), "E124", "'FRA'"),
        ("land", lambda: models.CharField(max_length=9, choices=[("fr", "France")]), "E124", "'fr'"),
        ("land", lambda: models.CharField(max_length=9, choices=[("F1", "France")]), "E124", "'F1'"),
        ("land", lambda: models.CharField(max_length=9, choices=[(33, "France")]), "E124", "33"),
        ("phone_state", lambda: models.ForeignKey("self", models.CASCADE, null=True), "E124", "relation"),
    ],
)
def test_a_column_that_does_not_take_our_words_is_told(name, field, code, word):
    """And that it may be left out."""
    lead = with_columns(**{name: field()})
    told = only(mapping(lead, **STATES))
    assert (told[0], STATES[told[1]]) == (code, name)
    assert word in told[2]
    assert "leads.LeadEnrichment" in told[2]


@pytest.mark.parametrize("source", ["employer__title", "stat", "employer__at"])
def test_such_a_column_is_the_models_own(source):
    """It is written with the value, by the same statement."""
    assert only(mapping(with_columns(), email_status=source))[:2] == ("E116", "email_status")


def test_with_write_nothing_else_is_written():
    """LeadEnrichment keeps what is known."""
    told = said(mapping(with_columns(), **STATES, write=write))
    assert {(code, attribute) for code, attribute, _ in told} == {("E120", name) for name in STATES}
    assert all("write() is overridden" in text for _, _, text in told)


def test_a_status_without_its_value_is_never_written():
    """Something was left out."""
    code, attribute, text = only(mapping(with_columns(), phone="", phone_status="phone_state"))
    assert (code, attribute) == ("E119", "phone_status")
    assert "phone is not mapped" in text
