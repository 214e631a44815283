"""What workers do, done here and now until nothing moves: no thread, no sleep; what waits for its time is looked at."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from unittest import mock

from django.db.transaction import TransactionManagementError
from django.utils import timezone

from enrow_webhooks.inbox import processing, retention
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.transactions import is_open
from leads import sql
from leads.credits import reconciliation
from leads.models import BatchedLead, EnrichmentRun, SearchJob
from leads.testing import commits
from leads.upkeep import leftovers, polling
from leads.upkeep.sweep import sweep

# What a sweep does once an hour, and would do in each test: a quarter of its time. A test of it calls sweep() itself.
_HOURLY = ((retention, "prune_in_turn"), (reconciliation, "read_balance"), (leftovers, "delete_in_turn"))
_LOOKED_AT = (SearchJob.State.QUEUED, SearchJob.State.RUNNING, SearchJob.State.HELD)


def work(deliver: Callable[[], int], *, looks: int) -> None:
    """Do all that there is to do: callbacks after the commit, searches, events and their results.

    What then still waits for its time, like a job that Enrow turned away, is looked at again, at most so many times.
    Raises TransactionManagementError inside a transaction of the caller.
    """
    if is_open(sql.alias()):
        raise TransactionManagementError(
            "enrow.run_all() inside transaction.atomic() is too early: leave the block first."
        )
    with ExitStack() as stack:
        for module, name in _HOURLY:
            stack.enter_context(mock.patch.object(module, name))
        _until_nothing_moves(deliver)
        for _ in range(looks):
            if not _let_time_pass():
                return
            _until_nothing_moves(deliver)


def _until_nothing_moves(deliver: Callable[[], int]) -> None:
    _send_and_receive(deliver)
    # It does all that there is to do, but looks at many things that few tests have.
    while sweep() or commits.run_pending():
        _send_and_receive(deliver)


def _send_and_receive(deliver: Callable[[], int]) -> None:
    """Do what most tests are about."""
    while True:
        commits.run_pending()
        sent = 0
        while polling.check_next():
            sent += 1
        came = deliver()
        if not (sent or came):
            return
        processing.drain(limit=came)


def _let_time_pass() -> int:
    """Let the time of everything that waits for it be come; return how much waits."""
    now = timezone.now()
    return (
        SearchJob.objects.filter(state__in=_LOOKED_AT).update(next_check_at=now)
        + WebhookEvent.objects.waiting().update(next_attempt_at=now)
        + BatchedLead.objects.update(due_at=now)
        + EnrichmentRun.objects.filter(state=EnrichmentRun.State.PLANNING).update(next_plan_at=now)
    )
