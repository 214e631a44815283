"""The periodic pass that finds and finishes what a lost message, worker or event left behind. Needs no broker."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from enrow_webhooks.inbox import processing, retention
from enrow_webhooks.models import Heartbeat
from leads.credits import reconciliation
from leads.upkeep import polling

SWEEP = "sweep"
# Nobody has to know it finer, and the row is not fought over.
_BEAT_EVERY = dt.timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one pass did."""

    events: int
    jobs: int
    written: int

    def __bool__(self) -> bool:
        return bool(self.events or self.jobs or self.written)


def sweep(*, jobs: int = 1000) -> Swept:
    """Process due events, look at due jobs (send, poll, resume, expire), write waiting results; until none is left.

    Once an hour it also reads the balance and blanks old bodies.
    """
    beat()
    events = processing.drain()
    looked_at = 0
    while looked_at < jobs and polling.check_next():
        looked_at += 1
    written = polling.write_waiting()
    reconciliation.read_balance()
    retention.prune_in_turn()
    return Swept(events=events, jobs=looked_at, written=written)


def beat() -> None:
    """Write down that somebody sweeps."""
    Heartbeat.objects.claim(SWEEP, every=_BEAT_EVERY)
