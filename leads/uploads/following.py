"""How far an uploaded file is, in numbers, and why nothing moves."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from leads.models import FileImport

# A worker that was woken begins within this; only then is it said that nobody does.
_PATIENCE = dt.timedelta(seconds=3)


def share(file: FileImport) -> tuple[int, int]:
    """Return how much of a file is done, and how much that is of: rows where they were counted, else bytes."""
    if file.rows_in_file is not None and file.state != FileImport.State.CHECKING:
        return min(file.rows, file.rows_in_file), max(file.rows_in_file, 1)
    return min(file.read, file.size), max(file.size, 1)


def waits_since(file: FileImport) -> dt.datetime | None:
    """Return since when a file waits for a worker that should be at it; None where it does not."""
    is_waiting = file.state in FileImport.WORKING and file.next_work_at < timezone.now() - _PATIENCE
    return file.next_work_at if is_waiting else None
