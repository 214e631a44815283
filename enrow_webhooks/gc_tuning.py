"""Python's garbage collector in a process that does little but batches of thousands of rows."""

from __future__ import annotations

import gc

# New objects between two looks. One answer of 5,000 rows makes tens of thousands; Python's own number is 700.
_OBJECTS = 100_000


def calm() -> None:
    """Let the collector look seldom, and never through what is loaded by now: some 30 % of a worker's time.

    For processes of one's own, like a Celery worker's (signal ``worker_process_init``): it holds for all their code.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS, 10, 10)
