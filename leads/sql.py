"""Rows from Python as a table in SQL, so that 5,000 of them are written by one statement on PostgreSQL and on SQLite.

The ORM has no ``INSERT … SELECT`` and no ``UPDATE … FROM``; its ways round them cost a query per batch (SQLite) or
are ten times slower (``bulk_update``). Only names of our own tables and columns are put into the text; values are
always parameters.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from enrow_webhooks.transactions import avoid_seqscan, owned, repeated
from leads.models import LeadEnrichment, LeadSearch, SearchJob

T = TypeVar("T")

Row = Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fragment:
    """A piece of SQL with its parameters."""

    text: str
    params: tuple[object, ...]


def connect() -> BaseDatabaseWrapper:
    """Return the connection on which searches are written."""
    return connections[alias()]


def alias() -> str:
    """Return the alias of that database."""
    return router.db_for_write(LeadSearch)


def transact(work: Callable[[], T]) -> T:
    """Do ``work`` in a transaction of our own there, as ``enrow_webhooks.transactions`` says; return what it does."""
    return owned(alias(), work)


def table_of(name: str, columns: Mapping[str, str], rows: Sequence[Row]) -> Fragment:
    """Return rows as a table expression called ``name``; ``columns`` maps a column to its PostgreSQL type.

    The rows hold their values in the order of the columns. PostgreSQL takes a JSON array for a hundred rows, so it
    looks up what belongs to them by index; told of thousands, it would read an index of the leads from end to end.
    LIMIT tells it of fewer.
    """
    if connect().vendor == "postgresql":
        cell, source = "(line ->> {place})::{kind} AS {column}", "jsonb_array_elements(%s::jsonb) AS line"
    else:
        cell, source = "json_extract(value, '$[{place}]') AS {column}", "json_each(%s)"
    cells = ", ".join(
        cell.format(place=place, kind=kind, column=column) for place, (column, kind) in enumerate(columns.items())
    )
    text = f"(SELECT {cells} FROM {source} LIMIT {len(rows)}) AS {name}"  # noqa: S608 - column names are literals of this package
    # A lone surrogate is refused here, on both databases: SQLite would store it, and could not read it again.
    return Fragment(text=text, params=(_encoder.encode(rows),))


def _plain(value: object) -> str:
    return value.hex if isinstance(value, uuid.UUID) else str(value)


# No blanks between the values: a third less of time, and of what the database reads.
_encoder = json.JSONEncoder(default=_plain, ensure_ascii=False, check_circular=False, separators=(",", ":"))


def key(value: uuid.UUID) -> object:
    """Return a UUID as the database stores it."""
    return value if connect().features.has_native_uuid_field else value.hex


def stamp(value: object) -> Any:  # noqa: ANN401 - whatever the driver takes
    """Return a datetime as the database stores it."""
    return connect().ops.adapt_datetimefield_value(value)  # type: ignore[arg-type]  # the stubs know no datetime here


def names() -> dict[str, str]:
    """Return our tables, quoted: ``{S}`` lead searches, ``{J}`` search jobs, ``{E}`` lead enrichments."""
    tables: dict[str, type[models.Model]] = {"S": LeadSearch, "J": SearchJob, "E": LeadEnrichment}
    return {letter: connect().ops.quote_name(model._meta.db_table) for letter, model in tables.items()}


def lock(clause: str) -> str:
    """Return a row-lock clause where the database has them; SQLite has one writer anyway."""
    return clause if connect().features.has_select_for_update else ""


def look_up_by_index() -> None:
    """Have a batch find its rows by index until the transaction ends; call it inside of one.

    PostgreSQL would rather read a table of up to some 15,000 rows whole; of up to some 700,000 where it knows that a
    batch has 5,000 rows. Only that is switched off. Without hash joins, too, outdated statistics led to comparing all
    rows with all rows.
    """
    avoid_seqscan(alias())


def check_deferred() -> None:
    """Have PostgreSQL check at once what it would check at the commit, inside a transaction; raises what it finds.

    The savepoint is rolled back, and so nothing changes for a host's transaction around it: all is still deferred, and
    checked again at the commit. SQLite has no such order; it defers foreign keys alone, and our writers touch none.
    """
    if connect().vendor == "postgresql":
        with transaction.atomic(using=alias()):
            run("SET CONSTRAINTS ALL IMMEDIATE", ())
            transaction.set_rollback(True, using=alias())


def run(text: str, params: Sequence[Any]) -> int:
    """Execute a statement; return how many rows it touched."""
    with connect().cursor() as cursor:
        cursor.execute(text, params)
        return int(cursor.rowcount)


def fetch(text: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Execute a statement; return its rows."""

    def execute() -> list[tuple[Any, ...]]:
        with connect().cursor() as cursor:
            cursor.execute(text, params)
            return list(cursor.fetchall())

    return repeated(alias(), execute)
