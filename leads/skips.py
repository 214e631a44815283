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
    # One sentence that says what to fix.
    sentence: str


class NotSent(Exception):  # noqa: N818 - it is an answer, no error
    """Carries the reason and sentence of a Skip."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def in_flight(kind: Kind, crm_id: str) -> Skip:
    """Return the skip of a lead that is being searched."""
    return Skip(crm_id=crm_id, kind=kind, reason=Reason.IN_FLIGHT, sentence="A search for it is under way.")
