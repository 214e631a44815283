"""What the doctor of the inbox finds: settings, account, broker, events."""

from __future__ import annotations

import socket

import pytest
from celery import current_app

from enrow_webhooks.doctor import broker_findings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.timeout(60)
def test_a_dead_broker_does_not_hold_the_doctor_up():
    """One that takes the connection and says nothing is given up, and is a finding."""
    before = current_app.conf.broker_url
    with socket.create_server(("127.0.0.1", 0)) as silent:
        current_app.conf.broker_url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        try:
            (finding,) = broker_findings()
        finally:
            current_app.conf.broker_url = before

    assert finding.level == "needs-person"
