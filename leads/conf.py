"""The keys of ``ENROW`` that the leads app needs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from enrow_webhooks.client.values import Kind
from enrow_webhooks.conf import Section
from leads.kinds import KINDS
from leads.rules import EnrichmentRule


class LeadSettings(Section):
    """What the leads app needs to know."""

    defaults: ClassVar[dict[str, Any]] = {
        # Credits per kind of search.
        "PRICES": {kind.value: str(facts.price) for kind, facts in KINDS.items()},
        "DAILY_CREDIT_LIMIT": None,
        "USER_DAILY_CREDIT_LIMIT": None,
        "CONFIRM_ABOVE_CREDITS": None,
        "BATCH_SIZE": 5000,
        # Days per kind of search and outcome.
        "REUSE_DAYS": {kind.value: dict(facts.reuse_days) for kind, facts in KINDS.items()},
        "SENDING_LEASE_SECONDS": 300,
        "GIVE_UP_AFTER_HOURS": 24,
        "UNCONFIRMED_MINUTES": 30,
        "UNEXPLAINED_CREDITS": 40,
        "ENVIRONMENT": "",
        "RUN_DAYS": 90,
        "BATCHED_DAILY_CREDITS": None,
        "METRICS_TOKEN": "",
        "RULES": (),
    }

    def price(self, kind: Kind) -> Decimal:
        """Credits for one search of the kind, when it finds something (a verification always costs)."""
        return Decimal(str({**self.defaults["PRICES"], **self.get("PRICES")}[kind]))

    @property
    def daily_credit_limit(self) -> Decimal | None:
        """The most that may be spent in one day, in the worst case; None for no limit."""
        limit = self.get("DAILY_CREDIT_LIMIT")
        return None if limit is None else Decimal(str(limit))

    @property
    def user_daily_credit_limit(self) -> Decimal | None:
        """The most that one user may spend in one day by admin and API, in the worst case; None for no limit."""
        limit = self.get("USER_DAILY_CREDIT_LIMIT")
        return None if limit is None else Decimal(str(limit))

    @property
    def confirm_above_credits(self) -> Decimal | None:
        """The most credits that a command reserves unasked; None: 100, or a tenth of the balance if that is less."""
        limit = self.get("CONFIRM_ABOVE_CREDITS")
        return None if limit is None else Decimal(str(limit))

    def batch_size(self, kind: Kind) -> int:
        """How many leads go into one POST."""
        return min(int(self.get("BATCH_SIZE")), KINDS[kind].batch_size)

    def reuse(self, kind: Kind) -> tuple[dt.timedelta, dt.timedelta]:
        """For how long a search of the kind is used again instead of bought again: a hit, and a miss."""
        days = {**self.defaults["REUSE_DAYS"][kind], **(self.get("REUSE_DAYS").get(kind) or {})}
        hit, miss = KINDS[kind].reuse_days
        return dt.timedelta(days=float(days[hit])), dt.timedelta(days=float(days[miss]))

    @property
    def sending_lease(self) -> dt.timedelta:
        """How long one POST may take before its worker counts as dead and its job as unconfirmed."""
        return dt.timedelta(seconds=float(self.get("SENDING_LEASE_SECONDS")))

    @property
    def give_up_after(self) -> dt.timedelta:
        """How long after its POST a search that Enrow never finished is given up."""
        return dt.timedelta(hours=float(self.get("GIVE_UP_AFTER_HOURS")))

    @property
    def unconfirmed_for(self) -> dt.timedelta:
        """For how long after a POST without an answer its event may still come, before a person must decide."""
        return dt.timedelta(minutes=float(self.get("UNCONFIRMED_MINUTES")))

    @property
    def unexplained_credits(self) -> Decimal:
        """Credits that may leave the account in a week without a job of ours, before a person must look."""
        return Decimal(str(self.get("UNEXPLAINED_CREDITS")))

    @property
    def batched_daily_credits(self) -> Decimal | None:
        """The most that leads which come one by one may cost in a day; None where each call says it."""
        limit = self.get("BATCHED_DAILY_CREDITS")
        return None if limit is None else Decimal(str(limit))

    @property
    def run_days(self) -> dt.timedelta | None:
        """How long a run that has ended is kept; None for ever. Its search jobs and their credits stay."""
        days = self.get("RUN_DAYS")
        return None if days is None else dt.timedelta(days=float(days))

    @property
    def metrics_token(self) -> str:
        """What Prometheus sends to see the numbers; blank: nobody sees them."""
        return str(self.get("METRICS_TOKEN"))

    @property
    def rules(self) -> tuple[EnrichmentRule, ...]:
        """The rules, in their order; what is none is left to the checks."""
        given = self.get("RULES")
        return tuple(rule for rule in given if isinstance(rule, EnrichmentRule)) if _is_list(given) else ()

    @property
    def environment(self) -> str:
        """The name of this deployment, like "production"; blank where the database alone tells it from its copies."""
        return str(self.get("ENVIRONMENT"))


def _is_list(given: object) -> bool:
    return isinstance(given, list | tuple)


lead_settings = LeadSettings()
