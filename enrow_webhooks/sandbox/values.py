"""Numbers and bodies as they stand on the wire."""

import json
import math
from dataclasses import dataclass
from decimal import Decimal


def number(amount: Decimal, *, inexact: bool = False) -> int | float:
    """Return credits as a JSON number.

    An inexact one is a bit too high, as a sum of floating-point numbers is, where binary has no exact number for it.
    """
    if amount == amount.to_integral_value():
        return int(amount)
    nearest = float(amount)
    return math.nextafter(nearest, math.inf) if inexact and Decimal(nearest) != amount else nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer, before any server touches it."""

    status: int
    body: bytes
    mimetype: str = "application/json"
    lost: bool = False
    """Close the connection instead of answering."""
    pause: float = 0.0
    """Seconds before the answer begins."""
    drip: float = 0.0
    """Seconds over which the body drips in, a few bytes at a time."""
    padding: int = 0
    """Megabytes of blanks behind the body, compressed for whom takes gzip."""

    @classmethod
    def of(cls, status: int, body: object) -> "Reply":
        """Return a JSON answer."""
        return cls(status=status, body=json.dumps(body).encode())
