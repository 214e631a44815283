"""What waits for a commit that never comes in a test, because Django's TestCase rolls everything back."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from enrow_webhooks.client.scrub import log_failure

logger = logging.getLogger(__name__)


def once(callback: Callable[[], Any]) -> Callable[[], None]:
    """Return a callback that runs once: Django's captureOnCommitCallbacks runs what waits, and leaves it waiting."""
    left = [callback]

    def run() -> None:
        while left:
            left.pop()()

    return functools.update_wrapper(run, callback, updated=())


@contextmanager
def noted() -> Iterator[None]:
    """Let every callback that is registered meanwhile, or was before by fixtures, run once, whoever runs it."""
    with ExitStack() as stack:
        for alias in connections:
            connection = connections[alias]
            waiting = _waiting(connection)
            waiting[:] = [(sids, once(callback), robust) for sids, callback, robust in waiting]
            stack.enter_context(mock.patch.object(connection, "on_commit", _noting(connection)))
        yield


def _noting(connection: BaseDatabaseWrapper) -> Callable[..., None]:
    register = connection.on_commit

    def on_commit(func: Any, robust: bool = False) -> None:  # noqa: ANN401 - what cannot be called is refused by Django
        register(once(func) if callable(func) else func, robust=robust)

    return on_commit


def run_pending() -> int:
    """Run what waits for the commit of the test's own transaction, and what that registers; return how much it was."""
    number = 0
    for alias in connections:
        while callback := _take(connections[alias]):
            callback()
            number += 1
    return number


def _take(connection: BaseDatabaseWrapper) -> Callable[[], None] | None:
    """Take the first callback that the test, or a fixture of it, registered; None when there is none.

    What the class of the test registered (setUpTestData) waits for the end of the class, and is left there.
    """
    waiting, savepoints = _waiting(connection), connection.savepoint_ids
    for place, (sids, callback, robust) in enumerate(waiting if connection.in_atomic_block else ()):
        if not savepoints or savepoints[0] in sids:
            del waiting[place]
            return functools.partial(_survive, callback) if robust else callback
    return None


def _survive(callback: Callable[[], Any]) -> None:
    try:
        callback()
    except Exception as error:  # noqa: BLE001 - "robust" means that
        log_failure(logger, error, "A callback on_commit failed:")


def _waiting(connection: BaseDatabaseWrapper) -> list[Any]:
    """Return what waits, each with the savepoints in which it was registered, and whether its failure does no harm."""
    return connection.run_on_commit
