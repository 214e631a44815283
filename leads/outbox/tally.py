"""What a plan came to: how many leads are searched, share, reuse or are skipped, and the most it can cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from enrow_webhooks.client.values import Kind
from leads.conf import lead_settings
from leads.credits.budget import Allowance
from leads.outbox.batches import Queued
from leads.skips import Reason, Skip, in_flight

# Skips that are kept whole, per kind and reason, to show them to a person; the others are only counted.
_EXAMPLES = 100
# The counts per kind, in the order of ``_counters``.
_COUNTED = ("searched", "shared", "reused", "missed", "again")
_KNOWN_ALREADY = (Reason.CLEARED, Reason.NOTHING_NEW, Reason.KEPT_ASIDE, Reason.UNUSABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What becomes of leads; each counts once per kind of search that was asked for."""

    # Bought, or to be bought; get a result that is being bought anyway; get one that was bought lately; none of these.
    searched: int
    shared: int
    reused: int
    skipped: int

    @property
    def asked(self) -> int:
        """All of them."""
        return self.searched + self.shared + self.reused + self.skipped


@dataclass(slots=True, kw_only=True, repr=False)
class Tally:
    """What a plan came to. Counts only, and a bounded number of examples."""

    max_credits: Decimal | None = None
    # What the day and the balance allowed when planning began.
    allowance: Allowance = field(default_factory=Allowance)
    # Per kind: leads to buy; leads that get a result which is being bought anyway; leads whose result was bought
    # lately.
    to_search: Counter[Kind] = field(default_factory=Counter)
    shared: Counter[Kind] = field(default_factory=Counter)
    reused: Counter[Kind] = field(default_factory=Counter)
    # Of the reused, those who were searched lately and not found.
    missed: Counter[Kind] = field(default_factory=Counter)
    # Of those to buy, the ones that were bought lately: ``force`` buys them again.
    again: Counter[Kind] = field(default_factory=Counter)
    skipped: Counter[tuple[Kind, Reason]] = field(default_factory=Counter)
    examples: list[Skip] = field(default_factory=list)
    worst_case: Decimal = Decimal(0)

    def kinds(self) -> list[Kind]:
        """Return the kinds that were asked for some lead."""
        met = {*self.to_search, *self.shared, *self.reused, *(kind for kind, _ in self.skipped)}
        return [kind for kind in Kind if kind in met]

    def counts(self, *kinds: Kind) -> Counts:
        """Add up the leads of these kinds; of all kinds when none is named."""
        among = kinds or tuple(Kind)
        return Counts(
            searched=sum(self.to_search[kind] for kind in among),
            shared=sum(self.shared[kind] for kind in among),
            reused=sum(self.reused[kind] for kind in among),
            skipped=sum(number for (kind, _), number in self.skipped.items() if kind in among),
        )

    def add(self, other: Tally) -> None:
        """Add what another plan of the same run came to; its examples, which name people, are left out."""
        for mine, theirs in zip(self._counters(), other._counters(), strict=True):
            mine.update(theirs)
        self.skipped.update(other.skipped)
        self.worst_case += other.worst_case

    def _counters(self) -> tuple[Counter[Kind], ...]:
        return self.to_search, self.shared, self.reused, self.missed, self.again

    def as_json(self) -> dict[str, Any]:
        """Return the counts as they are stored; names of leads are not among them."""
        skipped: dict[str, dict[str, int]] = {}
        for (kind, reason), number in self.skipped.items():
            skipped.setdefault(kind.value, {})[reason.value] = number
        counts = zip(_COUNTED, self._counters(), strict=True)
        return {name: {kind.value: number for kind, number in some.items() if number} for name, some in counts} | {
            "skipped": skipped
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], *, worst_case: Decimal, max_credits: Decimal | None = None) -> Tally:
        """Return what ``as_json`` stored."""
        tally = cls(worst_case=worst_case, max_credits=max_credits)
        for name, some in zip(_COUNTED, tally._counters(), strict=True):
            some.update({Kind(kind): number for kind, number in stored.get(name, {}).items()})
        for kind, reasons in stored.get("skipped", {}).items():
            tally.skipped.update({(Kind(kind), Reason(reason)): number for reason, number in reasons.items()})
        return tally

    def skip(self, skip: Skip) -> None:
        """Count a lead that is not searched."""
        self.skipped[skip.kind, skip.reason] += 1
        if self.skipped[skip.kind, skip.reason] <= _EXAMPLES:
            self.examples.append(skip)

    def is_known(self, kind: Kind) -> bool:
        """Tell whether some leads are skipped because of what was bought for them before; ``force`` buys it again."""
        return any(self.skipped[kind, reason] for reason in _KNOWN_ALREADY)

    def buy(self, kind: Kind, price: Decimal) -> Reason | None:
        """Count a purchase; return the reason why it cannot be paid instead, None when it can."""
        cost = self.worst_case + price
        if self.max_credits is not None and cost > self.max_credits:
            return Reason.OVER_CAP
        if reason := self.allowance.refuses(cost):
            return reason
        self.worst_case = cost
        self.to_search[kind] += 1
        return None

    def unpaid(self, kind: Kind, crm_id: str, reason: Reason) -> None:
        """Count a lead that no credits are left for."""
        own = lead_settings.user_daily_credit_limit
        sentences = {
            Reason.OVER_CAP: f"The run stops at max_credits={self.max_credits}.",
            Reason.OVER_DAY: f'ENROW["DAILY_CREDIT_LIMIT"]={lead_settings.daily_credit_limit} is reached for today.',
            Reason.OVER_USER: f'ENROW["USER_DAILY_CREDIT_LIMIT"]={own} is reached for this user for today.',
            Reason.OVER_RULE: "The daily_credits of the rule are used up for today.",
            Reason.OVER_BALANCE: "The balance of the Enrow account does not cover it; buy credits.",
        }
        self.skip(Skip(crm_id=crm_id, kind=kind, reason=reason, sentence=sentences[reason]))

    def settle(self, kind: Kind, queued: Queued) -> None:
        """Correct what planning expected of a batch by what was really queued."""
        back = queued.late + len(queued.unpaid)
        self.to_search[kind] -= back
        self.worst_case -= lead_settings.price(kind) * back
        self.shared[kind] += queued.shared
        self.reused[kind] += queued.reused
        self.missed[kind] += queued.missed
        for row, reason in queued.unpaid.values():
            self.unpaid(kind, row.crm_id, reason)
        for row in queued.unserved:
            if unpaid := queued.unpaid.get(row.fingerprint):
                self.unpaid(kind, row.crm_id, unpaid.reason)
            else:
                self.skip(in_flight(kind, row.crm_id))
