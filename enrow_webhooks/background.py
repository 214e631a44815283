"""Work that no request waits for: what is asked for is counted in memory, and one thread per process works it off.

What a process has not done when it ends is lost: only work that harms nobody when it is lost belongs here.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from abc import ABC, abstractmethod
from collections import Counter
from typing import Any, Generic, TypeVar

from django.db import connections

from enrow_webhooks.client.scrub import log_failure

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Seconds in which a thread that was told to end does so, unless its work hangs.
_END_SECONDS = 5.0


class Background(ABC, Generic[T]):
    """Counts what is asked for, and a daemon thread that works it off; the thread starts when it is needed."""

    def __init__(self, name: str, *, delay: float = 0.0, pause: float = 0.0) -> None:
        """Let requests gather for ``delay`` seconds before they are worked off, and ``pause`` after that."""
        self._name, self._delay, self._pause = name, delay, pause
        self.start_afresh()
        _all.add(self)

    @abstractmethod
    def work(self, asked: Counter[T]) -> None:
        """Do what was asked for and take it out of the counter; what is left there is done the next time."""

    def start_afresh(self) -> None:
        """Forget everything, as a forked child must: there is no thread, and its lock may be held for ever."""
        self._asked: Counter[T] = Counter()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_busy = False

    def forget(self) -> None:
        """Drop what was asked for, and let the thread end."""
        changed, thread = self._changed, self._thread
        self.start_afresh()
        with changed:
            changed.notify_all()
        if thread is not None:
            thread.join(_END_SECONDS)

    def ask(self, item: T) -> None:
        """Ask for one more; never waits for the work, never fails."""
        with self._changed:
            # The thread looks itself while there is something: a burst need not wake it again and again.
            if not self._asked:
                self._changed.notify_all()
            self._asked[item] += 1
            if self._thread is None or not self._thread.is_alive():
                self._start()

    def do_now(self) -> bool:
        """Do what was asked for in this thread, and raise what the work raises; return whether nothing is left."""
        changed = self._changed
        with changed:
            asked, self._asked = self._asked, Counter()
        if asked:
            self.work(asked)
        with changed:
            if self._changed is changed:
                self._asked.update(asked)
            return not self._asked

    def wait(self, timeout: float) -> bool:
        """Wait until the thread has done everything, at most ``timeout`` seconds; return whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._asked or self._is_busy), timeout)

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, args=[self._changed], name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # there are too many, or Python ends
            logger.warning("The thread %s could not start (%s); the next request tries again.", self._name, error)
        else:
            self._thread = thread

    def _run(self, changed: threading.Condition) -> None:
        def is_over() -> bool:
            return self._changed is not changed

        while True:
            with changed:
                changed.wait_for(lambda: is_over() or bool(self._asked))
                changed.wait_for(is_over, self._delay)
                if is_over():
                    return
                self._is_busy = True
            self._work_off()
            with changed:
                if is_over():
                    return
                self._is_busy = False
                changed.notify_all()
                changed.wait_for(is_over, self._pause)

    def _work_off(self) -> None:
        try:
            self.do_now()
        except Exception as error:  # noqa: BLE001 - one failure must not end the thread
            log_failure(logger, error, "Work of the thread %s failed:", self._name)
        finally:
            # This thread's own; nobody else closes them.
            connections.close_all()


_all: weakref.WeakSet[Background[Any]] = weakref.WeakSet()


def _start_all_afresh() -> None:
    for background in list(_all):
        background.start_afresh()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_start_all_afresh)
