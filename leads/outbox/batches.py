"""What planning hands to enqueueing: who is searched, in one batch per search job, and what became of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import NamedTuple

from enrow_webhooks.client.values import Kind
from leads.models import EnrichmentRun, SearchJob
from leads.rules import PREFIX
from leads.skips import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asks for."""

    kinds: tuple[Kind, ...]
    # Also search leads that have a value, and replace it.
    overwrite: bool = False
    # Also buy what was bought lately.
    force: bool = False
    # Who asks, and through what: one of EnrichmentRun.Via.
    requested_by: str = ""
    via: str = EnrichmentRun.Via.CODE

    @property
    def capped_user(self) -> str:
        """Whose limit of the day it counts against: who asks in the admin or the API; blank for everything else."""
        return self.requested_by[:150] if self.via in EnrichmentRun.BY_USER else ""

    @property
    def is_rule(self) -> bool:
        """Whether no person asks: then what people typed or cleared stays, also where ``force`` would not spare it."""
        return self.via == EnrichmentRun.Via.RULE

    @property
    def caps(self) -> dict[str, str]:
        """Whose daily caps it counts against, as the budget takes them."""
        return {"user": self.capped_user, "rule": self.capped_rule}

    @property
    def capped_rule(self) -> str:
        """Whose daily cap it counts against: a rule of the settings, as its jobs name it; blank for everything else."""
        return self.requested_by[:150] if self.is_rule and self.requested_by.startswith(PREFIX) else ""


class Wanted(NamedTuple):
    """One row of a batch."""

    crm_id: str
    # The person's name among purchases, as hexadecimal digits.
    fingerprint: str
    value_before: str
    # Digest of the lead's inputs.
    inputs: str
    # What is known of the value that a verification judges.
    status: str = ""

    def __repr__(self) -> str:
        return f"<Wanted {self.fingerprint}>"


@dataclass(slots=True, kw_only=True, repr=False)
class Batch:
    """What becomes one search job."""

    kind: Kind
    # Label of the model of all its leads.
    model: str
    country_code: str = ""
    # One person each: what is bought.
    purchases: dict[str, Wanted] = field(default_factory=dict)
    # The same persons under other crm_ids, and persons whom another job is buying.
    shares: list[Wanted] = field(default_factory=list)
    # Persons who were bought lately.
    reuses: list[Wanted] = field(default_factory=list)
    # Of those, for how many nothing was found.
    missed: int = 0

    def __len__(self) -> int:
        return len(self.purchases) + len(self.shares) + len(self.reuses)


class Unpaid(NamedTuple):
    """A purchase that no credits are left for."""

    row: Wanted
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Queued:
    """What became of a batch."""

    # The new job; None when nothing of the batch was left to do.
    job: SearchJob | None
    # Jobs of others that some leads joined.
    joined: frozenset[uuid.UUID] = frozenset()
    # Purchases that another process made since the batch was planned.
    late: int = 0
    # Leads that share a purchase which is under way; leads whose result was there already and only has to be written,
    # and of those, for how many nothing was found.
    shared: int = 0
    reused: int = 0
    missed: int = 0
    # Leads that could share no purchase: it cannot be paid, or another process searches them by now.
    unserved: list[Wanted] = field(default_factory=list)
    # By fingerprint.
    unpaid: dict[str, Unpaid] = field(default_factory=dict)
