"""Wake Celery, bounded in time: a message only hurries what a row already says, so losing one loses nothing.

Publishing runs in one daemon thread per process. A request or command never waits for the broker, however dead it is,
and a burst of wakes for the same task becomes a few messages: the task works until nothing is due, whatever woke it.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from celery import Task, current_app

from enrow_webhooks.background import Background

logger = logging.getLogger(__name__)

# Two messages for one task are at least this far apart, in seconds.
_PAUSE_SECONDS = 0.05


def celery_is_set_up() -> bool:
    """Tell whether the project has a Celery app; without one, Celery would silently try a broker on localhost."""
    return current_app.main != "default"


class Waker(Background["Task[Any, Any]"]):
    """The thread that publishes: one message to a task, however often it was asked for."""

    def __init__(self) -> None:
        super().__init__("enrow-waker", pause=_PAUSE_SECONDS)

    def work(self, asked: Counter[Task[Any, Any]]) -> None:
        """Send one message to each task."""
        for task in asked:
            publish(task)
        asked.clear()


def publish(task: Task[Any, Any]) -> bool:
    """Send one message; a broker that fails is logged, never raised."""
    try:
        task.apply_async(retry=False, ignore_result=True)
    except Exception as error:  # noqa: BLE001 - every broker raises its own; the sweep does the work later
        logger.warning("Could not wake %s (%s); the sweep will do the work.", task.name, type(error).__name__)
        return False
    return True


_waker = Waker()


def wake(task: Task[Any, Any]) -> None:
    """Ask a worker to run the task soon; never waits, never fails. Does nothing in a project without a Celery app."""
    if celery_is_set_up():
        _waker.ask(task)


def flush(timeout: float = 2.0) -> bool:
    """Before a short-lived process ends: wait, bounded, for the wakes that it asked for."""
    return _waker.wait(timeout)
