"""Rows from Python as a table in SQL."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from leads import sql
from leads.models import LeadSearch

pytestmark = pytest.mark.django_db

AWKWARD = ["", " ", '"', "\\", '\\"', "{}", ",", "NULL", "null", "'", "%s", "a\nb", "é 例 😀", LeadSearch.Outcome.FOUND]


def fetched(columns, rows):
    table = sql.table_of("r", columns, rows)
    return sql.fetch(f"SELECT {', '.join(columns)} FROM {table.text}", table.params)  # noqa: S608 - literals of this test


def test_every_text_arrives_as_it_is():
    """Quotes, backslashes, braces and the word NULL mean nothing to the database."""
    assert fetched({"word": "text", "place": "int"}, list(zip(AWKWARD, range(99), strict=False))) == [
        (str(word), place) for place, word in enumerate(AWKWARD)
    ]


def test_other_values_arrive_too():
    """None is NULL; a UUID is the one that the ORM would have written."""
    name = uuid.uuid4()
    [(one, two, three)] = fetched({"a": "text", "b": "uuid", "c": "numeric"}, [(None, name, Decimal("0.25"))])
    assert (one, uuid.UUID(str(two)), Decimal(str(three))) == (None, name, Decimal("0.25"))


def test_no_rows_are_an_empty_table():
    """A batch without rows is no special case."""
    assert fetched({"a": "text", "b": "uuid"}, []) == []
