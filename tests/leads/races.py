"""Two connections that meet at one lock, without chance."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from django.db import connection, connections, transaction


@contextlib.contextmanager
def uncommitted(then: Callable[[], object]) -> Iterator[list[object]]:
    """Do the block in a transaction; before its commit let ``then`` run in a thread until it waits for a lock of ours.

    Without such a lock it runs to its end. Gives a list, with what ``then`` returned or raised when all is over.
    """
    results: list[object] = []
    is_over = threading.Event()

    def run() -> None:
        try:
            results.append(then())
        except Exception as error:
            results.append(error)
        finally:
            connections.close_all()
            is_over.set()

    thread = threading.Thread(target=run, daemon=True)
    with transaction.atomic():
        yield results
        thread.start()
        while not (_is_waited_for() or is_over.wait(0.02)):
            pass
    thread.join(30)
    assert is_over.is_set()


def _is_waited_for() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return cursor.fetchone() is not None
