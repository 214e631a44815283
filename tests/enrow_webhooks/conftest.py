"""Fixtures of the enrow_webhooks app."""

from __future__ import annotations

import pytest

from enrow_webhooks.signals import event_received
from leads import receivers


@pytest.fixture
def receiver():
    """The only receiver of events; it keeps what came and does what ``receiver.does`` says."""

    class Receiver:
        def __init__(self):
            self.events = []
            self.does = lambda event: True

        def __call__(self, sender, event, **kwargs):
            self.events.append(event)
            return self.does(event)

    event_received.disconnect(dispatch_uid="leads.take_event")
    receiver = Receiver()
    event_received.connect(receiver)
    yield receiver
    event_received.disconnect(receiver)
    receivers.connect()
