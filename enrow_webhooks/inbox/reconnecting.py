"""One statement that may be run twice, on a connection that is kept between requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import Error as DatabaseTrouble
from django.db.backends.base.base import BaseDatabaseWrapper

from enrow_webhooks.transactions import repeated


def fetch_one(connection: BaseDatabaseWrapper, statement: str, params: Sequence[str | None]) -> tuple[Any, ...]:
    """Run a statement and commit it, outside a transaction; return its first row.

    ``CONN_HEALTH_CHECKS`` asks the database whether a kept connection still lives before each request's first
    statement: a second round trip. Here the statement itself is the question: when the connection turns out dead, it
    runs once more on a new one, also when the server restarts in the middle.
    """
    kept = connection.connection is not None and not connection.in_atomic_block
    if kept:
        connection.health_check_done = True  # type: ignore[attr-defined]  # django-stubs does not know it
    try:
        return _fetch(connection, statement, params)
    except DatabaseTrouble:
        if not kept:
            raise
        connection.close_if_unusable_or_obsolete()
        if connection.connection is not None:
            raise
    return _fetch(connection, statement, params)


def _fetch(connection: BaseDatabaseWrapper, statement: str, params: Sequence[str | None]) -> tuple[Any, ...]:
    def execute() -> tuple[Any, ...]:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            row: tuple[Any, ...] = cursor.fetchone()
            return row

    return repeated(connection.alias, execute)
