"""The credits: what was taken at the launch of a search, what came back at its end, and who was bought.

Source: the documented ``credits_cost.{initial, refunded, final}``: the worst case is taken at launch, misses are
refunded afterwards.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from enrow_webhooks.sandbox.endpoints import Product

ZERO = Decimal(0)


class InsufficientCreditsError(Exception):
    """The balance does not cover the worst case; nothing was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one accepted request cost."""

    job_id: str
    kind: Product
    rows: int
    debit: Decimal
    """Taken at launch."""
    from_paygo: Decimal
    """The part of the debit that the subscription did not cover."""
    people: Callable[[], Iterable[str]]
    """Reads the bought people out of the stored request."""
    refund: Decimal = ZERO
    settled: bool = False
    void: bool = False
    """The batch failed, so nobody was bought."""

    @property
    def cost(self) -> Decimal:
        """What is paid in the end; before the end, the worst case."""
        return self.debit - self.refund

    @property
    def from_sub(self) -> Decimal:
        """The part of the debit that the subscription covered."""
        return self.debit - self.from_paygo


class Ledger:
    """A balance that cannot become negative, and every entry that moved it. Safe to use from several threads."""

    def __init__(self, balance: Decimal, paygo: Decimal = ZERO) -> None:
        """Start with so many credits, ``paygo`` of them beside the subscription."""
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._granted = balance
        self._paygo = paygo
        self._debits = ZERO
        self._refunds = ZERO

    @property
    def entries(self) -> list[Entry]:
        """Every accepted request, oldest first."""
        with self._lock:
            return list(self._entries.values())

    @property
    def granted(self) -> Decimal:
        """All credits that the account was ever given."""
        return self._granted

    @property
    def debits(self) -> Decimal:
        """Sum of what was taken at launches."""
        return self._debits

    @property
    def refunds(self) -> Decimal:
        """Sum of what came back."""
        return self._refunds

    @property
    def balance(self) -> Decimal:
        """What is left to spend."""
        with self._lock:
            return self._balance()

    @property
    def spent(self) -> Decimal:
        """Debits less refunds."""
        with self._lock:
            return self._debits - self._refunds

    @property
    def paygo(self) -> Decimal:
        """The part of the balance that lies beside the subscription, which is drained first."""
        with self._lock:
            return self._paygo

    @property
    def purchases(self) -> Counter[str]:
        """How many times each person was bought, by kind and inputs as sent, in lower case. Failed batches buy nobody.

        Counted anew at each access from the stored requests, because a counter would cost more memory than they do.
        """
        counts: Counter[str] = Counter()
        for entry in self.entries:
            if not entry.void:
                counts.update(entry.people())
        return counts

    def take(
        self, job_id: str, kind: Product, *, price: Decimal, rows: int, people: Callable[[], Iterable[str]]
    ) -> Entry:
        """Take the worst case of a request.

        Raises InsufficientCreditsError and takes nothing when the balance does not cover it.
        """
        debit = price * rows
        with self._lock:
            if debit > self._balance():
                raise InsufficientCreditsError
            from_paygo = max(ZERO, debit - (self._balance() - self._paygo))
            self._paygo -= from_paygo
            self._debits += debit
            entry = Entry(job_id=job_id, kind=kind, rows=rows, debit=debit, from_paygo=from_paygo, people=people)
            self._entries[job_id] = entry
        return entry

    def settle(self, job_id: str, refund: Decimal, *, void: bool = False) -> Entry:
        """Give back what was not used. A second call for the same job changes nothing."""
        with self._lock:
            entry = self._entries[job_id]
            if entry.settled:
                return entry
            self._refunds += refund
            # The last drained comes back first.
            self._paygo += min(refund, entry.from_paygo)
            self._entries[job_id] = settled = replace(entry, refund=refund, settled=True, void=void)
        return settled

    def set_balance(self, balance: Decimal) -> None:
        """Top up, or take away, so that this much is left. Entries stay."""
        with self._lock:
            self._granted += balance - self._balance()
            self._paygo = min(self._paygo, balance)

    def _balance(self) -> Decimal:
        return self._granted - self._debits + self._refunds
