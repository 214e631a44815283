"""The sweep's entries for Celery beat. Imports no model, so that a settings file may use it."""

from __future__ import annotations

from typing import Any


def beat_schedule(*, every: float = 15.0) -> dict[str, dict[str, Any]]:
    """Return entries for ``CELERY_BEAT_SCHEDULE``: the sweep ``every`` so many seconds, pruning once a day."""
    # A message that no worker took before the next one comes is worth nothing.
    options = {"expires": every}
    return {
        "enrow-process-events": {"task": "enrow_webhooks.process_events", "schedule": every, "options": options},
        "enrow-sweep-jobs": {"task": "leads.sweep_jobs", "schedule": every, "options": options},
        "enrow-prune-events": {"task": "enrow_webhooks.prune_events", "schedule": 86400.0},
    }
