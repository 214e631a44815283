"""The account of the money machine: a sandbox that never calls, a zone far from UTC, a clock that stands."""

from __future__ import annotations

import pytest

from enrow_webhooks.sandbox.server import SandboxServer
from tests.faults.money.between import ORIGIN
from tests.faults.money.clock import ZONE, Clock, stopped
from tests.faults.money.scene import QUIET, SECRET


@pytest.fixture
def account(enrow, settings, caplog):
    """Return what a machine needs: the sandbox, its URL, and the clock."""
    caplog.set_level("CRITICAL")
    settings.TIME_ZONE = ZONE.key
    # Not https and not this machine: the sandbox never calls it, the machine delivers.
    enrow(WEBHOOK_ORIGIN=ORIGIN, WEBHOOK_SECRETS=[SECRET], BATCH_SIZE=3, EVENT_MAX_ATTEMPTS=10_000)
    clock = Clock()
    with SandboxServer(port=0, **QUIET) as server, stopped(clock):
        yield server.sandbox, server.url, clock
