"""Wake Celery, bounded in time: a message only hurries what a row already says, so losing one loses nothing.

Publishing runs in one daemon thread per process. A request or command never waits for the broker, however dead it is,
and a burst of wakes for the same task becomes a few messages: the task works until nothing is due, whatever woke it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from celery import Task, current_app

logger = logging.getLogger(__name__)

# Two messages for one task are at least this far apart, in seconds.
_PAUSE_SECONDS = 0.05


def celery_is_set_up() -> bool:
    """Tell whether the project has a Celery app; without one, Celery would silently try a broker on localhost."""
    return current_app.main != "default"


class Waker:
    """The thread that publishes."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start afresh, as a forked child must: the parent's thread is not there, but its lock may be held for ever."""
        self._wanted: dict[str, Task[Any, Any]] = {}
        self._signal = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = False

    def wake(self, task: Task[Any, Any]) -> None:
        """Ask for one message to the task; returns at once."""
        with self._signal:
            self._wanted[task.name] = task
            if self._thread is None:
                self._start()
            self._signal.notify_all()

    def flush(self, timeout: float) -> bool:
        """Wait until everything that was asked for is published, at most ``timeout`` seconds; return whether it was."""
        with self._signal:
            return self._signal.wait_for(lambda: not (self._wanted or self._busy), timeout)

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="enrow-waker", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            with self._signal:
                self._signal.wait_for(lambda: bool(self._wanted))
                tasks, self._wanted, self._busy = list(self._wanted.values()), {}, True
            for task in tasks:
                publish(task)
            with self._signal:
                self._busy = False
                self._signal.notify_all()
            time.sleep(_PAUSE_SECONDS)


def publish(task: Task[Any, Any]) -> bool:
    """Send one message; a broker that fails is logged, never raised."""
    try:
        task.apply_async(retry=False, ignore_result=True)
    except Exception as error:  # noqa: BLE001 - every broker raises its own; the sweep does the work later
        logger.warning("Could not wake %s (%s); the sweep will do the work.", task.name, type(error).__name__)
        return False
    return True


_waker = Waker()
if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_waker.forget)


def wake(task: Task[Any, Any]) -> None:
    """Ask a worker to run the task soon; never waits, never fails. Does nothing in a project without a Celery app."""
    if celery_is_set_up():
        _waker.wake(task)


def flush(timeout: float = 2.0) -> bool:
    """Before a short-lived process ends: wait, bounded, for the wakes that it asked for."""
    return _waker.flush(timeout)
