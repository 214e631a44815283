"""Why a lead is not searched."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass

from enrow_webhooks.client.values import Kind


class Reason(enum.StrEnum):
    """Why a lead is not searched."""

    ALREADY = "already"
    MISSING = "missing"
    BAD_INPUT = "bad_input"
    LEFT_OUT = "left_out"
    IN_FLIGHT = "in_flight"
    KEPT_ASIDE = "kept_aside"
    UNUSABLE = "unusable"
    CLEARED = "cleared"
    NOTHING_NEW = "nothing_new"
    OVER_CAP = "over_cap"
    OVER_DAY = "over_day"
    OVER_USER = "over_user"
    OVER_RULE = "over_rule"
    OVER_BALANCE = "over_balance"

    @property
    def is_money(self) -> bool:
        """Whether only credits are missing: another day they may be there."""
        return self.value.startswith("over_")

    @property
    def label(self) -> str:
        """The reason in words."""
        return _LABELS[self]


_LABELS = {
    Reason.ALREADY: "already has it",
    Reason.MISSING: "an input is missing",
    Reason.BAD_INPUT: "an input cannot be sent",
    Reason.LEFT_OUT: "left out by the project",
    Reason.IN_FLIGHT: "a search is under way",
    Reason.KEPT_ASIDE: "bought, and its result may be among those that fit nobody",
    Reason.UNUSABLE: "bought lately, and what came cannot be used",
    Reason.CLEARED: "was found before and cleared since",
    Reason.NOTHING_NEW: "asked lately, and nothing is new",
    Reason.OVER_CAP: "over the credit limit of this run",
    Reason.OVER_DAY: "over the credit limit of the day",
    Reason.OVER_USER: "over the credit limit of the user for the day",
    Reason.OVER_RULE: "over the credit limit of the rule for the day",
    Reason.OVER_BALANCE: "over the balance",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
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


def left_out(kind: Kind, crm_id: str) -> Skip:
    """Return the skip of a lead that the mapping's own queryset does not have."""
    sentence = "Left out by the project: get_queryset() of its mapping does not have it."
    return Skip(crm_id=crm_id, kind=kind, reason=Reason.LEFT_OUT, sentence=sentence)


def in_flight(kind: Kind, crm_id: str) -> Skip:
    """Return the skip of a lead that is being searched."""
    return Skip(crm_id=crm_id, kind=kind, reason=Reason.IN_FLIGHT, sentence="A search for it is under way.")


def kept_aside(kind: Kind, crm_id: str, job: uuid.UUID | None) -> Skip:
    """Return the skip of a lead whose result may be one that fitted nobody in its job."""
    sentence = (
        f"It was bought without a result, and results of search job {job} fit nobody: look at them in the admin, and "
        "give each to a lead or drop it. --force buys it again."
    )
    return Skip(crm_id=crm_id, kind=kind, reason=Reason.KEPT_ASIDE, sentence=sentence)


def unusable(kind: Kind, crm_id: str, job: uuid.UUID | None) -> Skip:
    """Return the skip of a lead for which something was bought lately that cannot be used."""
    sentence = f"It was bought lately, but what Enrow sent in search job {job} cannot be used. --force buys it again."
    return Skip(crm_id=crm_id, kind=kind, reason=Reason.UNUSABLE, sentence=sentence)


def cleared(kind: Kind, crm_id: str) -> Skip:
    """Return the skip of a lead whose value was written by us, and is blank now."""
    sentence = "It was found before, and somebody cleared it; it stays blank. --force searches it again."
    return Skip(crm_id=crm_id, kind=kind, reason=Reason.CLEARED, sentence=sentence)


def undone(kind: Kind, crm_id: str) -> Skip:
    """Return the skip of a lead of which a person put back what it had before a value of ours."""
    sentence = "What was found for it was taken back, and the old value stays. --force searches it again."
    return Skip(crm_id=crm_id, kind=kind, reason=Reason.CLEARED, sentence=sentence)


def typed_since(kind: Kind, crm_id: str) -> Skip:
    """Return the skip of a lead whose value is none that we wrote; no rule replaces it."""
    sentence = "What it has is none that was found for it: a person typed it, or a file brought it. Rules leave it."
    return Skip(crm_id=crm_id, kind=kind, reason=Reason.ALREADY, sentence=sentence)


def nothing_new(kind: Kind, crm_id: str) -> Skip:
    """Return the skip of a lead that knows all that was bought lately."""
    sentence = "Enrow was asked lately, and the lead says what came. --force asks again."
    return Skip(crm_id=crm_id, kind=kind, reason=Reason.NOTHING_NEW, sentence=sentence)
