"""Switches for what goes wrong between two servers, each with a probability, all of them repeatable by a seed."""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Switch(StrEnum):
    """Everything that can be made to go wrong: with an event, with a POST, with a GET."""

    DUPLICATE = "duplicate"
    DROP = "drop"
    LATE = "late"
    REORDER = "reorder"
    EARLY = "early"
    SLOW = "slow"
    LOST_ANSWER = "lost-answer"
    GATEWAY = "gateway"
    UNAVAILABLE = "unavailable"
    THROTTLE = "throttle"
    FOREIGN_FIELDS = "foreign-fields"
    NESTED_PHONE = "nested-phone"
    GET_UNAVAILABLE = "get-unavailable"
    GET_GATEWAY = "get-gateway"
    GET_LOST = "get-lost"
    UNKNOWN_FOR_A_WHILE = "unknown-for-a-while"
    SLOW_GET = "slow-get"
    DRIPPING_GET = "dripping-get"
    HUGE_ANSWER = "huge-answer"
    WRONG_TYPES = "wrong-types"


MEANINGS = {
    Switch.DUPLICATE: "the same event is sent several times (duplicates) at once",
    Switch.DROP: "the event is never sent",
    Switch.LATE: "the event is sent late_seconds after its time",
    Switch.REORDER: "the event waits for reorder_window others or reorder_seconds; what waits goes in reverse order",
    Switch.EARLY: "the search ends, and its event is delivered, before the POST is answered",
    Switch.SLOW: "the body of the event trickles in over slow_seconds",
    Switch.LOST_ANSWER: "the POST is accepted and billed, then the connection closes without an answer",
    Switch.GATEWAY: "the POST is accepted and billed, then answered by 502 or 504 with an HTML page",
    Switch.UNAVAILABLE: "the POST is answered by 500 or 503; nothing is billed",
    Switch.THROTTLE: "the POST is answered by 429; nothing is billed",
    Switch.FOREIGN_FIELDS: "the event carries fields that nobody documented",
    Switch.NESTED_PHONE: "the single phone event wraps its result twice, with a second id inside",
    Switch.GET_UNAVAILABLE: "a GET is answered by 500 or 503",
    Switch.GET_GATEWAY: "a GET is answered by 502 or 504 with an HTML page",
    Switch.GET_LOST: "the connection of a GET closes without an answer",
    Switch.UNKNOWN_FOR_A_WHILE: "the first unknown_gets GETs of a search are answered as if its id were unknown",
    Switch.SLOW_GET: "the answer to a GET begins after slow_get_seconds",
    Switch.DRIPPING_GET: "the body of the answer to a GET drips in over drip_seconds; no single wait is long",
    Switch.HUGE_ANSWER: "the answer to a GET has huge_megabytes of blanks behind it, compressed for clients of gzip",
    Switch.WRONG_TYPES: "one value of the answer to a GET, or all of it, has another JSON type",
}


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

    def is_on(self, switch: Switch) -> bool:
        """Tell whether the switch can go off at all."""
        return self.probabilities.get(switch, 0.0) > 0

    def strikes(self, switch: Switch) -> bool:
        """Tell whether the switch goes off this time."""
        return self.is_on(switch) and self.lot(switch) < self.probabilities[switch]

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
