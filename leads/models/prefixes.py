"""An index for the beginning of a text, in any case."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement


class PrefixIndex(models.Index):
    """What Django's ``istartswith`` and ``iexact`` can use, on PostgreSQL and on SQLite.

    Django compares capitals on PostgreSQL, whatever the collation of the database; on SQLite it asks ``LIKE``, which
    knows the case of ASCII letters only.
    """

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: Any,  # noqa: ANN401 - Django's own signature
    ) -> Statement:
        """Return the statement that makes it."""
        statement = super().create_sql(model, schema_editor, using=using, **kwargs)
        [name] = self.fields
        column = schema_editor.quote_name(str(model._meta.get_field(name).column))  # type: ignore[union-attr]  # it is one
        is_postgres = schema_editor.connection.vendor == "postgresql"
        by = f"UPPER({column}) text_pattern_ops" if is_postgres else f"{column} COLLATE NOCASE"
        statement.parts["columns"] = by  # type: ignore[assignment]  # a text is a part, too
        return statement


def prefix_index(table: str, name: str) -> PrefixIndex:
    """Return the index of one text column. Rows in which it is blank are left out, and cost nothing.

    So a query has to leave them out, too.
    """
    return PrefixIndex(fields=[name], name=f"{table}_like_{name}", condition=~models.Q((name, "")))
