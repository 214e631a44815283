"""What is wrong with a chosen backend: it cannot carry messages, or would do the work inside a request."""

from __future__ import annotations

import django
from django.conf import settings
from django.utils.module_loading import import_string

from enrow_webhooks.wake import CELERY, DJANGO, NONE, celery_is_set_up, is_eager

# Of Django: the first does the work at once, in the request; the second never.
_NO_QUEUES = ("django.tasks.backends.immediate.ImmediateBackend", "django.tasks.backends.dummy.DummyBackend")


def why_not(chosen: object) -> str:
    """Return what is wrong with a value of ``ENROW["TASK_BACKEND"]``, in a sentence; blank when nothing is."""
    if chosen is None or chosen == NONE:
        return ""
    if chosen in {CELERY, DJANGO}:
        return _why_not_celery() if chosen == CELERY else _why_not_django()
    if not isinstance(chosen, str):
        return f"{chosen!r} is no text."
    try:
        function = import_string(chosen)
    except ImportError as error:
        return f"{chosen!r} cannot be imported ({error})."
    return "" if callable(function) else f"{chosen!r} is no function."


def _why_not_celery() -> str:
    if not celery_is_set_up():
        return "this project has no Celery app."
    return "Celery's task_always_eager does the work inside the request." if is_eager() else ""


def _why_not_django() -> str:
    if django.VERSION < (6, 0):
        return f"Django has tasks since 6.0; this is {django.get_version()}."
    tasks = getattr(settings, "TASKS", None) or {"default": {"BACKEND": _NO_QUEUES[0]}}
    name = tasks.get("default", {}).get("BACKEND", "")
    if name in _NO_QUEUES:
        return f"{name} of the setting TASKS has no queue: work would be done inside a request, or never."
    return ""
