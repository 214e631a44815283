"""Time as the machine wants it, in the one place where Django asks for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

# A zone whose midnight is noon in UTC, and half an hour before it, on the day before the clocks go back.
ZONE = ZoneInfo("Pacific/Auckland")
START = dt.datetime(2026, 4, 3, 23, 30, tzinfo=ZONE).astimezone(dt.UTC)
_TICK = dt.timedelta(milliseconds=1)


class Clock:
    """Stands still but for a tick at each look, so that nothing happens at the same time, and runs repeat."""

    def __init__(self) -> None:
        self.at = START

    def look(self, tz: dt.tzinfo | None = None) -> dt.datetime:
        """Return the time, which is a little later at the next look."""
        self.at += _TICK
        return self.at.astimezone(tz or dt.UTC)

    def today(self) -> dt.date:
        """Return the day in the zone of the project."""
        return day_of(self.at)

    def midnight(self) -> dt.datetime:
        """Return when the next day begins in the zone of the project."""
        tomorrow = self.today() + dt.timedelta(days=1)
        return dt.datetime.combine(tomorrow, dt.time.min, tzinfo=ZONE).astimezone(dt.UTC)


def day_of(moment: dt.datetime) -> dt.date:
    """Return the day of a moment in the zone of the project."""
    return moment.astimezone(ZONE).date()


@contextmanager
def stopped(clock: Clock) -> Iterator[None]:
    """Let ``timezone.now`` read this clock, also where a model's default holds the function itself."""

    class Told(dt.datetime):
        now = staticmethod(clock.look)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "datetime", Told)
        yield
