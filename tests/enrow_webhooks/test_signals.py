"""A receiver of the host that fails disturbs no other one, and its message reaches no log."""

from __future__ import annotations

from functools import partial

import pytest

from enrow_webhooks.signals import Forecast, TryLater, event_questioned, event_received
from leads.signals import values_written


class Bad:
    """A receiver without a name."""

    def __call__(self, error, **named):
        raise error


def good(**named):
    return "taken"


@pytest.mark.parametrize("signal", [event_received, event_questioned, values_written])
@pytest.mark.parametrize("error", [ValueError("ann@firm.com"), TryLater("ann@firm.com")])
def test_a_receiver_that_fails_disturbs_nobody(signal, error, caplog):
    """Also one that Django cannot name: the others are called, and the sender learns what happened."""
    receivers = [Bad(), partial(Bad()), good]
    for receiver in receivers:
        signal.connect(receiver, sender="the test")
    try:
        answers = signal.send_robust("the test", error=error)
    finally:
        for receiver in receivers:
            signal.disconnect(receiver, sender="the test")
    assert [answer for receiver, answer in answers if receiver in receivers] == [error, error, "taken"]
    assert "ann@firm.com" not in caplog.text
    assert not [record for record in caplog.records if record.name == "django.dispatch"]


def test_failures_behind_values_written_are_logged(caplog):
    """Nobody else would tell of them: the leads are written already."""
    bad = partial(Bad(), error=ValueError("ann@firm.com"))
    values_written.connect(bad, sender="the test")
    try:
        values_written.send_robust("the test")
    finally:
        values_written.disconnect(bad, sender="the test")
    assert "A receiver of values_written failed: ValueError" in caplog.text
    assert "ann@firm.com" not in caplog.text


def test_a_forecast_changes_nothing_unless_it_says_so():
    """What a receiver does not claim is not promised to the person who decides."""
    one, other = Forecast(sentence="Nothing."), Forecast(sentence="Nothing.")
    assert not one.changes
    assert one.facts == {}
    assert one.facts is not other.facts
