"""The periodic pass that finds and finishes what a lost message, worker or event left behind. Needs no broker."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

from django.db import connections

from enrow_webhooks.inbox import processing, retention
from enrow_webhooks.inbox.processing import TURN_SECONDS
from enrow_webhooks.models import Heartbeat
from leads import idempotency
from leads.credits import reconciliation
from leads.results import waiting
from leads.runs import batching, controlling, planning
from leads.upkeep import leftovers, polling
from leads.upkeep.rules.looking import look_at_rules
from leads.uploads import leftovers as uploads
from leads.uploads import working

SWEEP = "sweep"
# Nobody has to know it finer, and the row is not fought over.
_BEAT_EVERY = dt.timedelta(seconds=5)
# Held by the worker whose turn it is. A look at one job takes up to three minutes at an Enrow that never answers;
# a worker that died keeps the others waiting for as long as this.
TURN = "sweep of jobs"
_TURN_LEASE = dt.timedelta(minutes=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one pass did."""

    events: int
    jobs: int
    written: int

    def __bool__(self) -> bool:
        return bool(self.events or self.jobs or self.written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one worker did in its turn."""

    jobs: int = 0
    written: int = 0
    # Whether its time was over first.
    is_cut_short: bool = False


def sweep(*, jobs: int = 1000) -> Swept:
    """Process due events, look at due jobs (send, poll, resume, expire), write waiting results; until none is left.

    Events and jobs take turns, so that a slow Enrow keeps no event waiting; uploaded files come last. Once an hour it
    also reads the balance, blanks old bodies, and deletes what is known of leads that are gone.
    """
    beat()
    events, turns = 0, [Turn(is_cut_short=True)]
    while turns[-1].is_cut_short:
        events += processing.drain()
        left = jobs - sum(turn.jobs for turn in turns)
        turns.append(_look_after_jobs(most=left, seconds=TURN_SECONDS))
    retention.prune_in_turn()
    while working.work_next():
        beat()
    return Swept(events=events, jobs=sum(turn.jobs for turn in turns), written=sum(turn.written for turn in turns))


def sweep_in_turn(*, seconds: float) -> Turn:
    """Look after jobs for so long, unless another worker does: however slow Enrow is, it holds one worker."""
    beat()
    since = Heartbeat.objects.claim(TURN, every=_TURN_LEASE)
    if since is None:
        return Turn()
    try:
        return _look_after_jobs(most=None, seconds=seconds)
    finally:
        _drop_broken_connection()
        Heartbeat.objects.release(TURN, claimed_at=since)


def _drop_broken_connection() -> None:
    """Let a new one be opened: a database that restarted took the old one with it, and a turn would last its lease."""
    connection = connections[Heartbeat.objects.all().db]
    if connection.errors_occurred and not connection.in_atomic_block and not connection.is_usable():
        connection.close()


def _look_after_jobs(*, most: int | None, seconds: float) -> Turn:
    """Look at due jobs and write waiting results. The look that ends when the time is over is the last one."""
    looked_at, end = 0, time.monotonic() + seconds
    controlling.look_after()
    batching.gather()
    look_at_rules()
    is_over = False
    # A page that is planned counts as one look: it takes as long as a POST.
    while not is_over and looked_at != most and (polling.check_next() or planning.plan_next()):
        looked_at += 1
        is_over = time.monotonic() >= end
    written = waiting.write_waiting()
    reconciliation.read_balance()
    leftovers.delete_in_turn()
    uploads.delete_in_turn()
    idempotency.prune()
    return Turn(jobs=looked_at, written=written, is_cut_short=is_over)


def beat() -> None:
    """Write down that somebody sweeps."""
    Heartbeat.objects.claim(SWEEP, every=_BEAT_EVERY)
