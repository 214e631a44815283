"""Amounts that a person must have seen: which are large, and what they are of what the account has."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from leads.conf import lead_settings

# What is large where ENROW["CONFIRM_ABOVE_CREDITS"] says nothing: so many credits, or this part of the balance.
_CREDITS = Decimal(100)
_PART = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What something may cost, beside what the account has."""

    # Credits, in the worst case.
    worst_case: Decimal
    # Credits; None when Enrow did not say.
    balance: Decimal | None

    @property
    def unasked(self) -> Decimal:
        """The most credits that are reserved without a person's word for it."""
        limit = lead_settings.confirm_above_credits
        if limit is not None:
            return limit
        return _CREDITS if self.balance is None else min(_CREDITS, max(Decimal(0), self.balance) * _PART)

    @property
    def is_large(self) -> bool:
        """Whether a person must have seen it first."""
        return self.worst_case > self.unasked

    @property
    def words(self) -> str:
        """The amount as a person reads it: "19,680 credits, 98 % of what the account has (20,000)"."""
        told = f"{credits_in_words(self.worst_case)} credits"
        if not self.worst_case:
            return told
        if self.balance is None:
            return f"{told} (what the account has is not known)"
        return f"{told}, {self._share(self.balance)} the account has ({credits_in_words(self.balance)})"

    def _share(self, balance: Decimal) -> str:
        if self.worst_case > balance:
            return "more than"
        # Rounded down: 100 % means all of it.
        percent = int(self.worst_case * 100 / balance)
        return f"{percent or 'less than 1'} % of what"


def credits_in_words(amount: Decimal) -> str:
    """Return an amount of credits with commas, and with cents only where there are some."""
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"
