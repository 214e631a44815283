"""The index for the beginning of a text, on either database."""

from __future__ import annotations

import pytest
from django.db import connection

from leads.models import Lead
from leads.models.prefixes import prefix_index

pytestmark = pytest.mark.django_db


def test_it_compares_as_django_does_and_leaves_blanks_out():
    """Capitals on PostgreSQL, no case on SQLite; a blank costs nothing."""
    editor = connection.SchemaEditorClass(connection, collect_sql=True)
    sql = str(prefix_index("leads_lead", "email").create_sql(Lead, editor))
    column = 'UPPER("email") text_pattern_ops' if connection.vendor == "postgresql" else '"email" COLLATE NOCASE'
    assert f"({column})" in sql
    assert "WHERE NOT" in sql


def test_a_migration_can_write_it_down():
    """It is made anew from what is written there."""
    index = prefix_index("leads_lead", "email")
    path, args, kwargs = index.deconstruct()
    assert path == "leads.models.prefixes.PrefixIndex"
    assert type(index)(*args, **kwargs) == index
