"""How far a file is, and since when it waits."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from leads.models import FileImport
from leads.uploads import following


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ({"state": "checking", "size": 200, "read": 50}, (50, 200)),
        ({"state": "checking", "size": 200, "read": 50, "rows_in_file": 10}, (50, 200)),
        ({"state": "importing", "rows": 3, "rows_in_file": 4}, (3, 4)),
        ({"state": "finished", "rows": 0, "rows_in_file": 0}, (0, 1)),
    ],
)
def test_the_bar_counts_bytes_and_then_rows(values, share):
    """How many rows there are is known when the file is checked."""
    assert following.share(FileImport(**values)) == share


@pytest.mark.parametrize(
    ("state", "seconds", "waits"),
    [("checking", 60, True), ("importing", 60, True), ("checking", 0, False), ("ready", 60, False)],
)
def test_a_file_that_no_worker_takes_waits(state, seconds, waits):
    """Said after some seconds; one that a worker is at has a time ahead, one that is ready waits for a person."""
    due = timezone.now() - dt.timedelta(seconds=seconds)
    assert following.waits_since(FileImport(state=state, next_work_at=due)) == (due if waits else None)
