"""A backend that cannot carry messages, or would do the work inside a request, is refused before anything is sent."""

from __future__ import annotations

import django
import pytest

from enrow_webhooks.checks import check_settings
from enrow_webhooks.task_backends import why_not

HAS_TASKS = django.VERSION >= (6, 0)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (None, ""),
        ("none", ""),
        ("celery", ""),
        ("tests.enrow_webhooks.test_wake.carry", ""),
        ("tests.enrow_webhooks.test_wake.missing", "cannot be imported"),
        ("no.such.module", "cannot be imported"),
        ("celeri", "cannot be imported"),
        ("tests.enrow_webhooks.test_wake.ROOT", "is no function"),
        (5, "is no text"),
        (True, "is no text"),
        ("django", "no queue" if HAS_TASKS else "tasks since 6.0"),
    ],
)
def test_what_is_wrong_with_a_backend_is_said(enrow, chosen, said):
    """In a sentence, by a check error."""
    assert said in why_not(chosen)
    assert bool(said) == bool(why_not(chosen))
    enrow(TASK_BACKEND=chosen)
    assert ["enrow.E011"] * bool(said) == [told.id for told in check_settings() if told.id == "enrow.E011"]


def test_celery_that_works_inside_the_request_is_refused(monkeypatch):
    """Where it was chosen by name; a project's tests that only have it eager are let pass."""
    monkeypatch.setattr("enrow_webhooks.task_backends.is_eager", lambda: True)
    assert "inside the request" in why_not("celery")
    assert why_not(None) == ""


@pytest.mark.skipif(not HAS_TASKS, reason="Django has tasks since 6.0; nox -s 'tests(3.13)' runs this.")
def test_django_with_a_queue_is_taken(settings):
    """Any backend but the two that have none."""
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.base.BaseTaskBackend"}}
    assert why_not("django") == ""
