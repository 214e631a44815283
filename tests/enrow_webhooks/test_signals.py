"""Where an event is handed up: each receiver is called, and the failure of one is an answer."""

from __future__ import annotations

import functools
import logging

import pytest

from enrow_webhooks.signals import EventSignal, Forecast, TryLater


def fail(error, **kwargs):
    raise error


@pytest.mark.parametrize("error", [TryLater("Not yet."), ValueError("ann@firm.com")])
def test_a_receiver_that_fails_is_an_answer_and_writes_no_log(caplog, error):
    """Also one without a ``__qualname__``; the receivers behind it are called all the same, and the inbox logs."""
    caplog.set_level(logging.DEBUG)
    signal = EventSignal()
    failing = functools.partial(fail, error)
    signal.connect(failing)
    signal.connect(accept := lambda **kwargs: True)

    answers = dict(signal.send_robust(sender=None, event="event"))

    assert answers == {failing: error, accept: True}
    assert not caplog.records


def test_a_forecast_changes_nothing_unless_it_says_so():
    """What a receiver does not claim is not promised to the person who decides."""
    one, other = Forecast(sentence="Nothing."), Forecast(sentence="Nothing.")
    assert not one.changes
    assert one.facts == {}
    assert one.facts is not other.facts
