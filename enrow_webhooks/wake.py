"""Wake a worker, bounded in time: a message only hurries what a row already says, so losing one loses nothing.

Publishing runs in one daemon thread per process. A request or command never waits for the broker, however dead it is,
and a burst of wakes for the same task becomes a few messages: the task works until nothing is due, whatever woke it.

``ENROW["TASK_BACKEND"]`` says who carries the message: Celery, Django's tasks, a function of the project, or nobody.
"""

from __future__ import annotations

import logging
from collections import Counter
from importlib import import_module
from typing import Any

from celery import Task, current_app
from django.db import connection
from django.utils.module_loading import import_string

from enrow_webhooks.background import Background
from enrow_webhooks.conf import enrow_settings

logger = logging.getLogger(__name__)

_PACKAGES = frozenset({"enrow_webhooks", "leads"})
# Imported by its name: below Django 6.0 it cannot be imported.
_ENQUEUE = "enrow_webhooks.django_tasks.enqueue"
CELERY, DJANGO, NONE = "celery", "django", "none"
# Two messages for one task are at least this far apart, in seconds.
_PAUSE_SECONDS = 0.05

# A task, and the schema of the database in which it was asked for; blank where a project has no schemas of its own.
Wake = tuple["Task[Any, Any]", str]


def celery_is_set_up() -> bool:
    """Tell whether the project has a Celery app; without one, Celery would silently try a broker on localhost."""
    return current_app.main != "default"


def backend() -> str:
    """Return who carries the messages: "celery", "django", "none", or the dotted name of a function.

    A Celery that does the work where it is asked for (``task_always_eager``, for tests) carries none.
    """
    return enrow_settings.task_backend or (CELERY if celery_is_set_up() and not is_eager() else NONE)


def is_eager() -> bool:
    """Tell whether Celery does the work where it is asked for."""
    return bool(current_app.conf.task_always_eager)


def has_workers() -> bool:
    """Tell whether somebody else does the work; else the process that waits for it, or ``enrow_sweep``, does."""
    return backend() != NONE


def run_task(name: str) -> None:
    """Do the work of a task, by its name like ``leads.submit_jobs``: what a worker of the project's own calls.

    Raises LookupError for a name that is none of ours.
    """
    package, _, function = name.rpartition(".")
    tasks = import_module(f"{package}.tasks") if package in _PACKAGES else None
    work = getattr(tasks, function, None)
    if not isinstance(work, Task) or work.name != name:
        raise LookupError(f"{name!r} is no task of ours.")
    work()


class Waker(Background[Wake]):
    """The thread that publishes: one message to a task, however often it was asked for."""

    def __init__(self) -> None:
        super().__init__("enrow-waker", pause=_PAUSE_SECONDS)

    def work(self, asked: Counter[Wake]) -> None:
        """Send one message to each task."""
        for task, schema in asked:
            publish(task, schema)
        asked.clear()


def publish(task: Task[Any, Any], schema: str = "") -> bool:
    """Send one message; a broker that fails is logged, never raised."""
    try:
        if schema:
            connection.set_schema(schema)  # type: ignore[attr-defined]  # what gave the schema its name has this
        _send(task)
    except Exception as error:  # noqa: BLE001 - every broker raises its own; the sweep does the work later
        logger.warning("Could not wake %s (%s); the sweep will do the work.", task.name, type(error).__name__)
        return False
    return True


def _send(task: Task[Any, Any]) -> None:
    chosen = backend()
    if chosen == CELERY:
        task.apply_async(retry=False, ignore_result=True)
    else:
        import_string(_ENQUEUE if chosen == DJANGO else chosen)(task.name)


_waker = Waker()


def wake(task: Task[Any, Any]) -> None:
    """Ask a worker to run the task soon; never waits, never fails. Does nothing where nobody else does the work."""
    if has_workers():
        _waker.ask((task, getattr(connection, "schema_name", None) or ""))


def flush(timeout: float = 2.0) -> bool:
    """Before a short-lived process ends: wait, bounded, for the wakes that it asked for."""
    return _waker.wait(timeout)
