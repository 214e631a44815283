"""Where an event is handed up to its receivers: the leads app, or the host project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.dispatch import Signal


class QuietSignal(Signal):
    """A signal whose sender writes failures down, by what ``send_robust()`` returns.

    Django's own log quotes the failure, takes TryLater for an error, and breaks, with every receiver that follows, on
    one without a ``__qualname__`` (a partial, an object that can be called).
    """

    def _log_robust_failure(self, receiver: object, err: Exception) -> None:
        """Say nothing. Private to Django: a filter of its logger comes too late for a receiver without a name."""


# Sent with ``event`` (events.Event). A receiver that took the event returns True; one that cannot yet raises
# TryLater. Every receiver is called; one that fails is called again with the same event, so receivers must be
# idempotent.
event_received = QuietSignal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What it would come to if an event were processed again."""

    # For the person who decides.
    sentence: str
    # Whether anything could be written.
    changes: bool = False
    # The same for programs, like the job and its state.
    facts: Mapping[str, object] = field(default_factory=dict)


# Sent with ``event`` before a replay. A receiver that would take the event returns a Forecast; it changes nothing and
# asks nobody outside.
event_questioned = QuietSignal()

# Sent with ``reference``, ``payload`` and ``is_wanted`` when an event ends without anybody who took it, or is none at
# all; ``is_wanted``: a receiver tried to, and failed to the end. The body is kept, for a person to look at, unless a
# receiver returns False, or fails.
body_questioned = QuietSignal()


def may_keep(sender: object, *, reference: str, payload: str, is_wanted: bool = False) -> bool:
    """Ask the receivers whether a body may be kept."""
    answers = body_questioned.send_robust(sender=sender, reference=reference, payload=payload, is_wanted=is_wanted)
    return not any(answer is False or isinstance(answer, Exception) for _, answer in answers)


class TryLater(Exception):  # noqa: N818 - it is no error: the event waits for its turn
    """The event cannot be understood yet; the message says what is awaited."""


class KeepAside(Exception):  # noqa: N818 - it is a verdict
    """The event contradicts what is known: not applied unless another receiver takes it. The message says how."""
