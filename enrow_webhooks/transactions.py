"""Transactions of our own: at one isolation level whatever the project's is, and repeated when the database asks.

Under REPEATABLE READ and SERIALIZABLE a transaction sees the rows as they were when it began: what it sums after it
waited for a lock is older than the lock. Our own ones are READ COMMITTED. PostgreSQL breaks off a statement that meets
another one ("could not serialize", "deadlock detected"), and expects that the owner of the transaction does it again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connections, transaction

T = TypeVar("T")

# SQLSTATE of a serialization failure and of a deadlock: nothing of the transaction stands, and it may be done again.
_CONFLICTS = frozenset({"40001", "40P01"})
# Seconds between the tries, at most: the other side is through in milliseconds, twenty others in a second.
_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5)


def owned(alias: str, work: Callable[[], T]) -> T:
    """Do ``work`` in a transaction and return what it returns; repeat it when the database breaks it off.

    Inside a caller's transaction it is a part of that one: its level, and its owner who repeats it.
    """
    connection = connections[alias]

    def whole() -> T:
        is_ours = connection.get_autocommit()
        with transaction.atomic(using=alias):
            if is_ours and connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            return work()

    return repeated(alias, whole)


def repeated(alias: str, work: Callable[[], T]) -> T:
    """Do ``work``, a statement or a transaction; do it again while the database breaks it off.

    Inside a caller's transaction the first failure is raised: all of that one has to be done again.
    """
    for pause in _PAUSES:
        try:
            return work()
        except OperationalError as error:
            if not is_conflict(error) or connections[alias].in_atomic_block:
                raise
            time.sleep(pause * random.uniform(0.3, 1.0))  # noqa: S311 - no secret is made of it
    return work()


def avoid_seqscan(alias: str) -> None:
    """Have PostgreSQL find rows by index until the transaction ends; call it inside of one.

    A plan that needs what is switched off is priced so high that PostgreSQL would compile it: a tenth of a second for
    a statement of milliseconds. That is switched off as well.
    """
    connection = connections[alias]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)")


def is_conflict(error: BaseException) -> bool:
    """Tell whether PostgreSQL broke off a statement because of another one's, by its SQLSTATE."""
    cause = error.__cause__
    # The first is psycopg's name of it, the second that of psycopg2.
    return (getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)) in _CONFLICTS


def is_open(alias: str) -> bool:
    """Tell whether the caller is inside a transaction of their own; that of Django's TestCase does not count."""
    connection = connections[alias]
    if connection.get_autocommit():
        return False
    if not connection.in_atomic_block:
        return True  # the caller commits by hand
    try:
        # Django's own question for it: a durable block must be the outermost, or lie directly in the one of a test.
        with transaction.atomic(using=alias, savepoint=False, durable=True):
            return False
    except RuntimeError:
        return True
