"""Rules: which leads are searched by themselves, within a budget of the day. Imports no model, for settings files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

# What a rule looks for: rows that are made, or leads that were checked too long ago.
CREATED, STALE = "created", "stale"
# How runs and jobs say that a rule asked for them.
PREFIX = "rule:"


@dataclass(frozen=True, slots=True)
class EnrichmentRule:
    """One entry of ``ENROW["RULES"]``. ``manage.py check`` says what is wrong with it."""

    # What a person calls it. Another name is another rule.
    name: str
    # The label of a mapped model, like "crm.Contact".
    model: str
    when: str = CREATED
    # As in enrich().
    find: Collection[str] = ()
    verify: bool = False
    # The most that its searches may cost on one day, in the worst case.
    daily_credits: Decimal | float | None = None
    # Narrows the leads: lookups of the ORM, or a Q.
    where: Mapping[str, Any] | Q | None = None
    # Of "stale": no verdict becomes older than this.
    days: float | None = None
    # Of "created": the path to the time at which a row was made; only needed where keys have no order.
    created_at: str = ""
    # Of "created": how long after it was made a row may be committed.
    late_minutes: float = 10

    @property
    def requested_by(self) -> str:
        """Who its runs and jobs say that asked for them."""
        return f"{PREFIX}{self.name}"

    @property
    def cap(self) -> Decimal:
        """The daily cap as a number; nothing is spent without one."""
        return Decimal(0) if self.daily_credits is None else Decimal(str(self.daily_credits))

    @property
    def late(self) -> dt.timedelta:
        """How long after it was made a row may be committed."""
        return dt.timedelta(minutes=float(self.late_minutes))

    @property
    def age(self) -> dt.timedelta:
        """The age that no verdict exceeds."""
        return dt.timedelta(days=float(self.days or 0))

    @property
    def basis(self) -> str:
        """What its bookkeeping rests on: where this becomes another, the rule is switched on anew."""
        asked = ",".join(sorted(self.find)) + ("+verify" if self.verify else "")
        rest = asked if self.when == STALE else self.created_at
        return f"{self.when} {self.model.lower()} {rest}"[:300]
