"""Why a lead is not searched."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from enrow_webhooks.client.values import Kind


class Reason(enum.StrEnum):
    """Why a lead is not searched."""

    ALREADY = "already"
    MISSING = "missing"
    BAD_INPUT = "bad_input"
    IN_FLIGHT = "in_flight"
    OVER_CAP = "over_cap"
    OVER_DAY = "over_day"
    OVER_BALANCE = "over_balance"

    @property
    def label(self) -> str:
        """The reason in words."""
        return _LABELS[self]


_LABELS = {
    Reason.ALREADY: "already has it",
    Reason.MISSING: "an input is missing",
    Reason.BAD_INPUT: "an input cannot be sent",
    Reason.IN_FLIGHT: "a search is under way",
    Reason.OVER_CAP: "over the credit limit of this run",
    Reason.OVER_DAY: "over the credit limit of the day",
    Reason.OVER_BALANCE: "over the balance",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A lead that is not searched, and why."""

    crm_id: str
    kind: Kind
    reason: Reason
    # One sentence for the person who mends it.
    sentence: str
