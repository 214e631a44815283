"""PostgreSQL's isolation levels, as a server, a role or a project's settings give them to every connection."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from django.db import connection, connections

LEVELS = ("read committed", "repeatable read", "serializable")


@contextlib.contextmanager
def level_of_the_server(level: str) -> Iterator[None]:
    """Let the test's own database say the level: every connection begins with it, in and out of transactions."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = '{level}'")
    connection.close()
    try:
        yield
    finally:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} RESET default_transaction_isolation")
        connection.close()


def all_at_once(number: int, work: Callable[[int], object]) -> list[Exception]:
    """Call ``work`` in so many threads that begin together; return what they raised."""
    barrier = threading.Barrier(number)
    failures: list[Exception] = []

    def begin(which: int) -> None:
        barrier.wait()
        try:
            work(which)
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=begin, args=(which,)) for which in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures
