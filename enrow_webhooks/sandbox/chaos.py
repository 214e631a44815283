"""Switches for what goes wrong between two servers, each with a probability, all of them repeatable by a seed."""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Switch(StrEnum):
    """Everything that can be made to go wrong."""

    DUPLICATE = "duplicate"
    """The same notice is sent several times at once."""
    DROP = "drop"
    """The notice is never sent."""
    LATE = "late"
    """The notice is sent some seconds after its time."""
    REORDER = "reorder"
    """The notice waits until the next few have gone out; the waiting ones then go in reverse order."""
    EARLY = "early"
    """The search ends, and its notice is delivered, before the POST is answered."""
    SLOW = "slow"
    """The body of the notice trickles in."""
    LOST_ANSWER = "lost-answer"
    """The POST is accepted and billed, then the connection closes without an answer."""
    GATEWAY = "gateway"
    """The POST is accepted and billed, then answered by 502 or 504 with an HTML page."""
    UNAVAILABLE = "unavailable"
    """The POST is answered by 500 or 503; nothing is billed."""
    THROTTLE = "throttle"
    """The POST is answered by 429; nothing is billed."""
    FOREIGN_FIELDS = "foreign-fields"
    """The notice carries fields that nobody documented."""
    NESTED_PHONE = "nested-phone"
    """The single phone notice wraps its result twice, with a second id inside."""


def parse(switches: str | Iterable[str] | Mapping[str, float]) -> dict[Switch, float]:
    """Read ``duplicate,late=0.5`` into probabilities; a switch without a number is always on.

    Raises ValueError, in a sentence, for an unknown switch or a probability that is none.
    """
    if isinstance(switches, Mapping):
        pairs = [(str(name), str(chance)) for name, chance in switches.items()]
    else:
        words = switches.split(",") if isinstance(switches, str) else switches
        pairs = [
            (name.strip(), chance.strip() if equals else "1")
            for name, equals, chance in (word.partition("=") for word in words if word.strip())
        ]
    return {_switch(name): _probability(name, chance) for name, chance in pairs}


@dataclass(slots=True)
class Mischief:
    """Decides, switch by switch, whether something goes wrong this time.

    The same seed repeats the same series of decisions.
    """

    probabilities: Mapping[Switch, float]
    seed: int
    _rolls: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def strikes(self, switch: Switch) -> bool:
        """Tell whether the switch goes off this time."""
        probability = self.probabilities.get(switch, 0.0)
        return probability > 0 and self.lot(switch) < probability

    def lot(self, name: str) -> float:
        """Return the next number, from 0 (included) to 1 (excluded), of the series with this name."""
        with self._lock:
            self._rolls[name] += 1
            turn = self._rolls[name]
        digest = hashlib.blake2b(f"{self.seed}:{name}:{turn}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64


def _switch(name: str) -> Switch:
    try:
        return Switch(name)
    except ValueError:
        raise ValueError(f"There is no chaos switch {name!r}. Known switches: {', '.join(Switch)}.") from None


def _probability(name: str, chance: str) -> float:
    try:
        probability = float(chance)
    except ValueError:
        probability = -1.0
    if not 0 <= probability <= 1:
        raise ValueError(f"The probability of {name} must be a number from 0 to 1, not {chance!r}.")
    return probability
