"""The index for parts of a text, as its command and the admin ask for it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import search_indexes
from leads.admin import people
from leads.models import Lead


@pytest.mark.django_db
def test_every_text_that_is_searched_has_an_index_for_its_beginning():
    """In the table's own list; and no text is longer than what is looked for."""
    names = {index.name for index in Lead._meta.indexes}
    assert {f"leads_lead_like_{name}" for name in search_indexes.SEARCHED} <= names
    assert max(Lead._meta.get_field(name).max_length for name in search_indexes.SEARCHED) == people._LONGEST


@pytest.mark.django_db
def test_it_is_not_there_until_a_person_makes_it():
    """It is no part of the migrations. SQLite is not even asked."""
    with CaptureQueriesContext(connection) as asked:
        assert not search_indexes.is_there("default")
    assert len(asked) == (connection.vendor == "postgresql")


def test_all_that_is_searched_is_in_it():
    """One index for all of them, in capitals, as ``icontains`` compares."""
    assert all(f'UPPER("{name}") gin_trgm_ops' in search_indexes.statement() for name in search_indexes.SEARCHED)
