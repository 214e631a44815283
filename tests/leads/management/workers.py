"""Workers for a command that waits for them."""

from __future__ import annotations

import contextlib
import threading

from django.db import connections

from leads.enrichment import sweep


@contextlib.contextmanager
def a_worker():
    """Do what workers and beat do, in a thread, until the block ends."""
    stop = threading.Event()

    def patrol():
        while not stop.is_set():
            sweep()
            stop.wait(0.05)
        connections.close_all()

    thread = threading.Thread(target=patrol)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
