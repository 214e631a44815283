"""One accepted request: the body as it came, and what is needed to tell its state.

Results are computed when somebody asks.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from enrow_webhooks.sandbox import validation
from enrow_webhooks.sandbox.endpoints import Endpoint, Product
from enrow_webhooks.sandbox.known import Known

_PERSON_FIELDS = ("company_domain", "company_name", "firstname", "fullname", "lastname", "linkedin_url")


class State(StrEnum):
    """The documented values of ``general.status``."""

    ONGOING = "ongoing"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class Job:
    """One search that was accepted and billed."""

    id: str
    endpoint: Endpoint
    raw: bytes
    """The request body. Bytes cost a quarter of the objects that they describe."""
    webhook: str
    """``settings.webhook`` of the request; empty when it names none."""
    requested: int
    hits: int
    """Rows that will be found or valid; the results are a pure function, so they are known from the start."""
    doomed: bool
    price: Decimal
    accepted_at: float
    due_at: float
    seed: int
    """Decides which rows are odd; kept, so that a row stays as odd as it was."""
    known: Known
    """Who was known at the launch; kept for the same reason."""
    state: State = State.ONGOING
    hidden_gets: int | None = None
    """How many more GETs know nothing of this search; None before chaos had its say."""

    @property
    def payload(self) -> dict[str, Any]:
        """The request body, parsed anew at each access."""
        payload: dict[str, Any] = json.loads(self.raw)
        return payload

    @property
    def initial_cost(self) -> Decimal:
        """Credits taken at launch."""
        return self.price * self.requested

    @property
    def refund(self) -> Decimal:
        """Credits that come back: for misses, except of verifications; for everything when the batch fails."""
        if self.doomed:
            return self.initial_cost
        if self.endpoint.kind is Product.VERIFY_EMAIL:
            return Decimal(0)
        return self.price * (self.requested - self.hits)

    @property
    def final_cost(self) -> Decimal:
        """Credits that stay spent."""
        return self.initial_cost - self.refund

    def finished(self, now: float) -> int:
        """Return how many rows are done; it climbs with the time and reaches all only at the end."""
        if self.state is not State.ONGOING:
            return self.requested
        whole = self.due_at - self.accepted_at
        done = int(self.requested * (now - self.accepted_at) / whole) if whole > 0 else 0
        return max(0, min(done, self.requested - 1))

    def people(self) -> Iterator[str]:
        """Yield each person of the request as kind and inputs, in lower case."""
        kind = self.endpoint.kind
        for row in validation.rows_of(self.endpoint, self.payload):
            fields = (
                {"email": row} if isinstance(row, str) else {key: row[key] for key in _PERSON_FIELDS if row.get(key)}
            )
            yield person_key(kind, **fields)


def person_key(kind: Product | str, **inputs: str) -> str:
    """Return the name under which purchases count one person: ``find_email|company_name=acme|fullname=jane doe``."""
    return "|".join((str(kind), *(f"{key}={str(inputs[key]).strip().lower()}" for key in sorted(inputs))))
