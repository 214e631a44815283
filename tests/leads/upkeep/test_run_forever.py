"""The sweep again and again, until it is told to stop."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError

from leads.upkeep.run_forever import patrol
from leads.upkeep.sweep import Swept

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pass_that_the_database_fails_is_not_the_last(caplog):
    """A lost connection is logged once per pass, and the next pass works."""
    stop, told = threading.Event(), []
    passes = iter([OperationalError("gone"), Swept(events=1, jobs=0, written=0), OperationalError("again"), None])

    def one_pass():
        what = next(passes)
        if what is None:
            stop.set()
        if isinstance(what, Exception):
            raise what
        return what or Swept(events=0, jobs=0, written=0)

    assert patrol(every=0.01, stop=stop, tell=told.append, one_pass=one_pass) == 4
    assert [swept.events for swept in told] == [1, 0]
    assert caplog.text.count("could not reach the database") == 2
