"""Numbers and bodies as they stand on the wire."""

import json
from dataclasses import dataclass
from decimal import Decimal


def number(amount: Decimal) -> int | float:
    """Return credits as a JSON number; quarters are exact in binary."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer, before any server touches it."""

    status: int
    body: bytes
    mimetype: str = "application/json"
    lost: bool = False
    """Close the connection instead of answering."""

    @classmethod
    def of(cls, status: int, body: object) -> "Reply":
        """Return a JSON answer."""
        return cls(status=status, body=json.dumps(body).encode())
