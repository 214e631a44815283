"""The sweep again and again, in one process that needs neither Celery nor a broker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections

from enrow_webhooks.client.scrub import log_failure
from leads.upkeep.sweep import Swept, sweep

logger = logging.getLogger(__name__)


def patrol(
    *, every: float, stop: threading.Event, tell: Callable[[Swept], None], one_pass: Callable[[], Swept] = sweep
) -> int:
    """Sweep every so many seconds until ``stop`` is set, which lets a pass finish; return how many passes there were.

    A pass that the database fails is logged, and the next one tries again.
    """
    passes = 0
    while not stop.is_set():
        close_old_connections()
        try:
            tell(one_pass())
        except DatabaseError as error:
            log_failure(logger, error, "The sweep could not reach the database; it tries again in %s seconds:", every)
        passes += 1
        stop.wait(every)
    return passes
