"""Our tasks as tasks of Django (6.0 and later); only imported where ``ENROW["TASK_BACKEND"]`` asks for them."""

from __future__ import annotations

from django.tasks import task

from enrow_webhooks.wake import run_task


@task
def run(name: str) -> None:
    """Do the work of the task with this name."""
    run_task(name)


def enqueue(name: str) -> None:
    """Send one message to the project's default queue of tasks."""
    run.enqueue(name)
