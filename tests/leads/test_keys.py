"""Texts that are keys, and texts that are not. What a mapping makes of them is in test_mapping."""

from __future__ import annotations

import pytest
from django.db import models

from leads.keys import Keys


class SmallField(models.CharField):
    """Stores capitals as small letters, as some fields for addresses do."""

    def get_prep_value(self, value):
        return super().get_prep_value(value).lower()


class TurnedField(models.CharField):
    """Stores another text than it gives, as a field that encrypts does."""

    def get_prep_value(self, value):
        return super().get_prep_value(value)[::-1]

    def from_db_value(self, value, expression, connection):
        return value[::-1]


def read(field, text):
    return Keys(field, "default").read(text)


@pytest.mark.parametrize("field", [models.CharField(max_length=9), models.SlugField(), models.UUIDField()])
def test_a_blank_is_nobodys_key(field):
    """The name of such a row would be the prefix alone, and without one nothing at all."""
    assert read(field, "") is None


@pytest.mark.parametrize(("text", "key"), [("ann", "ann"), ("Ann", None), ("ANN", None)])
def test_a_field_that_changes_a_key_has_one_spelling_of_it(text, key):
    """Any other would find the row, whose searches have the name that is stored."""
    assert read(SmallField(), text) == key


def test_a_field_that_encrypts_its_key_gives_it_back():
    """What the column holds is nobody's name."""
    assert read(TurnedField(), "Ann") == "Ann"


@pytest.mark.parametrize("text", ["1", "-1", "0"])
def test_an_integer_of_another_type_than_text_needs_no_spelling(text):
    """The mapping compares its text."""
    assert read(models.BigIntegerField(), text) == int(text)
