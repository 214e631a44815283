"""Tables that the project does not migrate: whether they are there with the mapped columns, and can be written.

Asked of the database, so only by ``migrate`` and ``check --database``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage
from django.db import Error as DatabaseProblem
from django.db import connections

from leads.digests import INPUTS
from leads.mapping import LeadMapping
from leads.mapping_checks.attributes import KNOWN, OUTPUTS
from leads.mapping_checks.sources import own_field
from leads.mapping_checks.wording import WrongError, error

_TABLE = "t"
_PARTITIONED = "p"
# The bit in PostgreSQL's answer for UPDATE; a view that only a trigger makes writable is not counted.
_CAN_UPDATE = 4


def check_table(mapping: LeadMapping, databases: Sequence[str]) -> Iterator[CheckMessage]:
    """Yield what is wrong with the table of an unmanaged model, E130; nothing where the database does not answer."""
    if mapping.model._meta.managed or mapping.alias not in databases:
        return
    try:
        yield from _check(mapping)
    except DatabaseProblem:
        return


def _check(mapping: LeadMapping) -> Iterator[CheckMessage]:
    table = mapping.model._meta.db_table
    connection = connections[mapping.alias]
    with connection.cursor() as cursor:
        tables = {each.name: each.type for each in connection.introspection.get_table_list(cursor)}
        if table not in tables:
            return  # made later, or in a schema that only the project knows
        found = {each.name for each in connection.introspection.get_table_description(cursor, table)}
    for name, column in _columns(mapping).items():
        if column not in found:
            sentence = f"the table {table!r} has no column {column!r}."
            hint = f"Set db_column of the field. Columns of the table: {', '.join(sorted(found))}."
            yield error(mapping, name, sentence, hint=hint, code="E130")
    if tables[table] not in {_TABLE, _PARTITIONED} and not mapping.has_own_write and not _is_updatable(mapping):
        sentence = f"{table!r} is a view: what was found could not be written to it."
        hint = "Override write() of the mapping, and write to the tables behind it."
        yield error(mapping, "", sentence, hint=hint, code="E130")


def _is_updatable(mapping: LeadMapping) -> bool:
    """Tell whether PostgreSQL locks and writes the rows behind a view as those of a table."""
    connection = connections[mapping.alias]
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(mapping.model._meta.db_table)
        cursor.execute("SELECT pg_relation_is_updatable(%s::regclass, false) & %s", [name, _CAN_UPDATE])
        return bool(cursor.fetchone()[0])


def _columns(mapping: LeadMapping) -> dict[str, str]:
    """Return the columns of the model's own table that the mapping names, by attribute."""
    columns: dict[str, str] = {}
    for name in ("crm_id_field", *INPUTS, *OUTPUTS, *KNOWN, "created_at"):
        source: Any = mapping.source(name)
        if isinstance(source, str) and source not in {"", "pk"} and "__" not in source:
            try:
                columns[name] = str(own_field(mapping, source).column)
            except WrongError:
                continue
    return columns
