"""The entries for Celery beat."""

from __future__ import annotations

import pytest
from celery import current_app

from leads.schedule import beat_schedule

pytestmark = pytest.mark.django_db


def test_beat_names_tasks_that_exist():
    """A typing error in a schedule would only show at night."""
    assert {entry["task"] for entry in beat_schedule().values()} <= set(current_app.tasks)


def test_beats_messages_expire_before_the_next_one():
    """With all workers off, sweeps do not pile up in the broker."""
    entries = beat_schedule(every=30)
    assert entries["enrow-sweep-jobs"] == {"task": "leads.sweep_jobs", "schedule": 30, "options": {"expires": 30}}
