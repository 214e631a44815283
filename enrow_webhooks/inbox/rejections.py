"""Deliveries that are turned away: counted and logged once, not per request.

A wrong token only increments a counter in memory; a thread adds the sums to their rows every few seconds,
one statement per reason and hour. What a process has not written when it ends is lost: the figures are for a person.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter

from django.db import Error as DatabaseTrouble
from django.db import connections, router
from django.utils import timezone

from enrow_webhooks.background import Background
from enrow_webhooks.models import Rejection
from enrow_webhooks.transactions import repeated

logger = logging.getLogger(__name__)

Reason = Rejection.Reason
Key = tuple[dt.datetime, Reason]

# How long sums stay in memory, seconds.
_FLUSH_SECONDS = 5.0

_ADD = """
INSERT INTO {table} (hour, reason, count, last_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (hour, reason) DO UPDATE SET count = {table}.count + excluded.count, last_at = excluded.last_at
"""


class Counting(Background[Key]):
    """The sums of one process, and the thread that writes them down."""

    def __init__(self, every: float = _FLUSH_SECONDS) -> None:
        super().__init__("enrow-rejections", delay=every)

    def start_afresh(self) -> None:
        """Forget everything, as a forked child must: the parent writes its sums down itself."""
        super().start_afresh()
        self._logged: set[Key] = set()

    def note(self, reason: Reason) -> None:
        """Count one more; never waits for the database. The first of an hour is logged, the others are not."""
        key = (timezone.now().replace(minute=0, second=0, microsecond=0), reason)
        with self._changed:
            is_news = key not in self._logged
            # Only this hour's are remembered.
            self._logged = {known for known in self._logged if known[0] == key[0]} | {key}
        self.ask(key)
        if is_news:
            logger.warning(
                "A delivery to the webhook address was turned away: %s. More of them are counted for an hour, not "
                "logged; enrow_doctor shows the figures.",
                reason.label,
            )

    def flush(self) -> bool:
        """Write the sums down; those that the database does not take stay for the next time. Return whether it did."""
        return self.do_now()

    def work(self, asked: Counter[Key]) -> None:
        """Add the sums to their rows."""
        try:
            for key in sorted(asked):
                _add(*key, asked[key])
                del asked[key]
        except DatabaseTrouble as error:
            logger.warning("Rejected deliveries could not be counted (%s).", type(error).__name__)


def _add(hour: dt.datetime, reason: Reason, count: int) -> None:
    connection = connections[router.db_for_write(Rejection)]
    table = connection.ops.quote_name(Rejection._meta.db_table)
    stamps = [connection.ops.adapt_datetimefield_value(moment) for moment in (hour, timezone.now())]

    def add() -> None:
        with connection.cursor() as cursor:
            cursor.execute(_ADD.format(table=table), [stamps[0], reason.value, count, stamps[1]])

    repeated(connection.alias, add)


counting = Counting()
