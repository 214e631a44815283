"""The documented rate limit: 10 POST a second per key, GET unlimited."""

import threading
from collections.abc import Callable


class Throttle:
    """A token bucket per key, which holds at most one second's worth."""

    def __init__(self, rate: float | None, clock: Callable[[], float]) -> None:
        """Allow ``rate`` requests a second; None allows everything. The clock tells seconds."""
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, key: str) -> bool:
        """Take one token of this key, if there is one."""
        if self._rate is None:
            return True
        capacity = max(1.0, self._rate)
        with self._lock:
            now = self._clock()
            tokens, since = self._buckets.get(key, (capacity, now))
            tokens = min(capacity, tokens + (now - since) * self._rate)
            allowed = tokens >= 1
            self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        return allowed
