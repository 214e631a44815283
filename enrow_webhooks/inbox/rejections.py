"""Deliveries that are turned away: counted and logged once, not per request.

A wrong token only increments a counter in memory; a thread adds the sums to their rows every few seconds,
one statement per reason and hour. What a process has not written when it ends is lost: the figures are for a person.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
from collections import Counter

from django.db import Error as DatabaseTrouble
from django.db import connections, router
from django.utils import timezone

from enrow_webhooks.models import Rejection

logger = logging.getLogger(__name__)

Reason = Rejection.Reason
Key = tuple[dt.datetime, Reason]

# How long sums stay in memory, seconds.
_FLUSH_SECONDS = 5.0

_ADD = """
INSERT INTO {table} (hour, reason, count, last_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (hour, reason) DO UPDATE SET count = {table}.count + excluded.count, last_at = excluded.last_at
"""


class Counting:
    """The sums of one process, and the thread that writes them down."""

    def __init__(self, every: float = _FLUSH_SECONDS) -> None:
        self._every = every
        self.start_afresh()

    def start_afresh(self) -> None:
        """Forget everything, as a forked child must: the parent writes its sums down itself."""
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._sums: Counter[Key] = Counter()
        self._logged: set[Key] = set()

    def forget(self) -> None:
        """Drop what was counted and stop the thread."""
        if self._timer is not None:
            self._timer.cancel()
        self.start_afresh()

    def note(self, reason: Reason) -> None:
        """Count one more; never waits for the database. The first of an hour is logged, the others are not."""
        key = (timezone.now().replace(minute=0, second=0, microsecond=0), reason)
        with self._lock:
            is_news = key not in self._logged
            # Only this hour's are remembered.
            self._logged = {known for known in self._logged if known[0] == key[0]} | {key}
            self._sums[key] += 1
            self._set_off()
        if is_news:
            logger.warning(
                "A delivery to the webhook address was turned away: %s. More of them are counted for an hour, not "
                "logged; enrow_doctor shows the figures.",
                reason.label,
            )

    def flush(self) -> bool:
        """Write the sums down; those that the database does not take stay for the next time. Return whether it did."""
        with self._lock:
            sums, self._sums = self._sums, Counter()
        try:
            for key in sorted(sums):
                _add(*key, sums[key])
                del sums[key]
        except DatabaseTrouble as error:
            logger.warning("Rejected deliveries could not be counted (%s).", type(error).__name__)
        with self._lock:
            self._sums.update(sums)
            return not self._sums

    def _set_off(self) -> None:
        """Let the thread come in a while, unless it is on its way."""
        if self._timer is None:
            self._timer = threading.Timer(self._every, self._run)
            self._timer.daemon = True
            self._timer.start()

    def _run(self) -> None:
        with self._lock:
            self._timer = None
        try:
            if not self.flush():
                with self._lock:
                    self._set_off()
        finally:
            # This thread's own connection.
            connections.close_all()


def _add(hour: dt.datetime, reason: Reason, count: int) -> None:
    connection = connections[router.db_for_write(Rejection)]
    table = connection.ops.quote_name(Rejection._meta.db_table)
    stamps = [connection.ops.adapt_datetimefield_value(moment) for moment in (hour, timezone.now())]
    with connection.cursor() as cursor:
        cursor.execute(_ADD.format(table=table), [stamps[0], reason.value, count, stamps[1]])


counting = Counting()
if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=counting.start_afresh)
