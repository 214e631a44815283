"""Thousands of keys as one parameter."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Field, Q
from django.db.models.lookups import In
from django.db.models.sql.compiler import SQLCompiler


def among(name: str, field: Field[Any, Any], keys: Collection[Any]) -> Q | In:
    """Return the condition that a model's own field has one of these keys."""
    # What a relation is compared with is a matter of the other side.
    return Q((f"{name}__in", keys)) if field.remote_field else _Among(F(name), keys)


class _Among(In):
    """As ``in``; on PostgreSQL an array where all are integers or UUIDs.

    A placeholder for each of 5,000 keys costs Django and the driver more than the database needs to find the rows.
    """

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        """Return the SQL and its parameters."""
        keys = [self.lhs.output_field.get_db_prep_value(key, connection, prepared=True) for key in self.rhs]
        # What a text is compared as depends on the column, which an array's own type would hide.
        if not keys or not all(isinstance(key, int | uuid.UUID) for key in keys):
            return self.as_sql(compiler, connection)
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*params, keys]
