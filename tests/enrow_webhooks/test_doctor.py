"""What the doctor of the inbox finds: settings, account, broker, events."""

from __future__ import annotations

import socket
import time

import pytest
from celery import current_app

from enrow_webhooks.doctor import broker_findings

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_dead_broker_is_found_in_bounded_time():
    """A broker that takes the connection and says nothing does not hold the doctor up."""
    before = current_app.conf.broker_url
    with socket.create_server(("127.0.0.1", 0)) as silent:
        current_app.conf.broker_url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        began = time.monotonic()
        try:
            (finding,) = broker_findings()
        finally:
            current_app.conf.broker_url = before

    assert finding.level == "needs-person"
    assert time.monotonic() - began < 5
