"""An index for any part of a text of ``leads.Lead``: opt-in, for PostgreSQL with its extension pg_trgm.

One index serves all that a person looks for leads by. It takes room, and each lead that is written costs more; so a
person makes it, by ``manage.py enrow_search_indexes``, and the admin uses it where it is there.
"""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from enrow_webhooks.client.scrub import describe
from leads.models import Lead
from leads.models.leads import SEARCHED

NAME = "leads_lead_parts"
_FIND = """
SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = to_regclass(%s) AND relname = %s
"""


class NotPossible(Exception):  # noqa: N818 - it is a verdict
    """The index cannot be made or dropped here; the message says why, in a sentence."""


def is_there(alias: str) -> bool:
    """Tell whether a part of a text can be found by an index; on PostgreSQL it costs a query."""
    return connections[alias].vendor == "postgresql" and _state(connections[alias]) is True


def make() -> bool:
    """Make the index without keeping anybody from reading or writing; False: it was there. Raises NotPossible.

    What an earlier attempt left unfinished is dropped first.
    """
    connection = _connection()
    if (state := _state(connection)) is True:
        return False
    if state is False:
        _drop(connection)
    _execute(connection, "CREATE EXTENSION IF NOT EXISTS pg_trgm", _NO_EXTENSION)
    try:
        _execute(connection, statement(), _FAILED)
    except BaseException:
        # Unfinished, it would be written for ever and serve nobody.
        _drop(connection)
        raise
    return True


def drop() -> bool:
    """Drop the index; False: there was none. Raises NotPossible."""
    connection = _connection()
    if _state(connection) is None:
        return False
    _drop(connection)
    return True


def statement() -> str:
    """Return the statement that makes the index. Django's ``icontains`` compares capitals."""
    quote = connections[router.db_for_write(Lead)].ops.quote_name
    columns = ", ".join(f"UPPER({quote(_column(name))}) gin_trgm_ops" for name in SEARCHED)
    return f"CREATE INDEX CONCURRENTLY {quote(NAME)} ON {quote(Lead._meta.db_table)} USING gin ({columns})"


_NO_EXTENSION = (
    "PostgreSQL's extension pg_trgm cannot be made ({}). Install the contrib package of PostgreSQL; then let a "
    "superuser of the database run: CREATE EXTENSION pg_trgm"
)
_FAILED = "PostgreSQL refuses it: {}."


def _connection() -> BaseDatabaseWrapper:
    connection = connections[router.db_for_write(Lead)]
    if connection.vendor != "postgresql":
        raise NotPossible(
            f"Only PostgreSQL has an index for any part of a text; this database is {connection.display_name}. "
            "The beginning of a text is found here, too."
        )
    if connection.in_atomic_block:
        raise NotPossible("Inside a transaction PostgreSQL makes no index beside other work; run the command alone.")
    return connection


def _state(connection: BaseDatabaseWrapper) -> bool | None:
    """Tell whether the index is there and finished; None: it is not there."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [connection.ops.quote_name(Lead._meta.db_table), NAME])
        row: tuple[Any, ...] | None = cursor.fetchone()
    return None if row is None else bool(row[0])


def _drop(connection: BaseDatabaseWrapper) -> None:
    _execute(connection, f"DROP INDEX CONCURRENTLY IF EXISTS {connection.ops.quote_name(NAME)}", _FAILED)


def _execute(connection: BaseDatabaseWrapper, statement: str, refusal: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        raise NotPossible(refusal.format(describe(error).rstrip("."))) from error


def _column(name: str) -> str:
    return str(Lead._meta.get_field(name).column)  # type: ignore[union-attr]  # it is a column
