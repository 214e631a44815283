"""Rows from Python as a table in SQL."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from leads import sql
from leads.models import LeadSearch

pytestmark = pytest.mark.django_db

AWKWARD = ["", " ", '"', "\\", '\\"', "\\u0000", "\\n", "{}", "[]", ",", "NULL", "null", "'", "%s", "a\nb\tc\x01",
           "é 例 😀", LeadSearch.Outcome.FOUND]  # fmt: skip


def fetched(columns, rows):
    table = sql.table_of("r", columns, rows)
    return sql.fetch(f"SELECT {', '.join(columns)} FROM {table.text}", table.params)  # noqa: S608 - literals of this test


def test_every_text_arrives_as_it_is():
    """Quotes, backslashes, brackets, control characters and the word NULL mean nothing to the database."""
    assert fetched({"word": "text", "place": "int"}, list(zip(AWKWARD, range(99), strict=False))) == [
        (str(word), place) for place, word in enumerate(AWKWARD)
    ]


def test_other_values_arrive_too():
    """None is NULL; a UUID is the one that the ORM would have written; numbers and times keep every digit."""
    columns = {"a": "text", "b": "uuid", "c": "numeric", "d": "bigint", "e": "boolean", "f": "double precision"}
    name = uuid.uuid4()
    [(one, two, three, *rest)] = fetched(columns, [(None, name, Decimal("0.25"), 2**62, True, 0.1)])
    assert (one, two, Decimal(str(three))) == (None, sql.key(name), Decimal("0.25"))
    assert rest == [2**62, True, 0.1]


@pytest.mark.postgres
def test_a_time_keeps_its_zone():
    """PostgreSQL gets the moment, to the microsecond; SQLite has texts."""
    moment = dt.datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))
    assert fetched({"a": "timestamp with time zone"}, [(moment,)]) == [(moment,)]


def test_half_a_character_is_refused():
    """A lone surrogate would be stored by SQLite, and break whatever reads the row."""
    with pytest.raises(UnicodeEncodeError):
        fetched({"a": "text"}, [("\ud800",)])


@pytest.mark.parametrize("rows", [[], ()])
def test_no_rows_are_an_empty_table(rows):
    """A batch without rows is no special case."""
    assert fetched({"a": "text", "b": "uuid"}, rows) == []
