"""A queue of Django's own tasks (6.0 and later), whose worker the tests play; only named, never imported below that."""

from __future__ import annotations

from django.tasks.backends.base import BaseTaskBackend

from tests.journeys import test_task_backends


class Queue(BaseTaskBackend):
    """Keeps the names of our tasks, in whichever thread they come."""

    def enqueue(self, task, args, kwargs):
        (name,) = args
        test_task_backends.MESSAGES.append(name)
