"""How much may still be spent: by the day, by each user and rule, and by the account's balance.

The truth is the sum over the jobs: what each cost, or may cost while that is open. Each planner takes a
lock, sums, and queues no more than fits; so planners that race never pass a cap together, and no counter can drift.
"""

from __future__ import annotations

import datetime as dt
import enum
import logging
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from enrow_webhooks.client.errors import AnswerLost, EnrowError, SettingsMustChange, Unavailable
from enrow_webhooks.connect import open_client
from leads import sql
from leads.conf import lead_settings
from leads.models import EnrichmentRun, SearchJob
from leads.models.jobs import SearchJobQuerySet
from leads.skips import Reason

logger = logging.getLogger(__name__)

State, Via = SearchJob.State, EnrichmentRun.Via
# Seconds in all: a person waits for the page that asks, and can do without the answer.
_PATIENCE_SECONDS = 4.0
# Reserved here, but perhaps not taken from the balance by Enrow yet.
_NOT_BILLED = (State.QUEUED, State.SENDING, State.HELD, State.UNCONFIRMED)
# Any number that no other lock of the database uses; one planner at a time sums and queues.
_LOCK = 0x456E726F77


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What the account had, and when we asked."""

    credits: Decimal
    asked_at: dt.datetime


class Trouble(enum.StrEnum):
    """Why nothing can be sent at this moment, as the question for the balance tells."""

    NONE = ""
    # The key, the plan or the address of Enrow: a person must change a setting. Or Enrow does not answer.
    SETTINGS = "settings"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What may still be spent; None where there is no limit, or it is not known."""

    day: Decimal | None = None
    # Of the day, by who asks in the admin or through the API.
    user: Decimal | None = None
    # Of the day, by the rule that asks.
    rule: Decimal | None = None
    balance: Decimal | None = None

    @property
    def limits(self) -> list[Decimal]:
        """Those that are known."""
        return [limit for limit in (self.day, self.user, self.rule, self.balance) if limit is not None]

    def covers(self, price: Decimal, wanted: int) -> int:
        """Return how many of the wanted searches can be paid."""
        return max(0, min([wanted, *(int(limit // price) for limit in self.limits)]))

    def refuses(self, cost: Decimal) -> Reason | None:
        """Return why this much more cannot be spent, None when it can."""
        if self.day is not None and cost > self.day:
            return Reason.OVER_DAY
        if self.user is not None and cost > self.user:
            return Reason.OVER_USER
        if self.rule is not None and cost > self.rule:
            return Reason.OVER_RULE
        if self.balance is not None and cost > self.balance:
            return Reason.OVER_BALANCE
        return None


def ask_balance() -> Balance | None:
    """Ask Enrow for the balance, free of charge; None when it cannot be had: then Enrow's own 402 is the limit.

    One try of a few seconds.
    """
    return look()[0]


def look() -> tuple[Balance | None, Trouble]:
    """Ask for the same, and tell whether anything can be sent."""
    asked_at = timezone.now()
    try:
        with open_client(seconds=_PATIENCE_SECONDS) as client:
            return Balance(credits=client.account().credits, asked_at=asked_at), Trouble.NONE
    except (EnrowError, ImproperlyConfigured) as error:
        logger.warning("The balance is not known: %s", error)
        return None, _trouble(error)


def _trouble(error: EnrowError | ImproperlyConfigured) -> Trouble:
    if isinstance(error, SettingsMustChange | ImproperlyConfigured):
        return Trouble.SETTINGS
    return Trouble.UNREACHABLE if isinstance(error, Unavailable | AnswerLost) else Trouble.NONE


def lock() -> None:
    """Let one planner at a time sum and queue, until the end of the transaction. SQLite has one writer anyway."""
    if sql.connect().vendor == "postgresql":
        sql.fetch("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def allowance(balance: Balance | None, *, user: str = "", rule: str = "") -> Allowance:
    """Sum what is committed, and return what is left. Only binding under ``lock``.

    ``user``: who asks in the admin or through the API; blank for everything else, which counts against no user.
    ``rule``: which rule asks, as its jobs name it; one that is not in the settings any more may spend nothing.
    """
    limit, own = lead_settings.daily_credit_limit, lead_settings.user_daily_credit_limit
    today = timezone.localdate()
    return Allowance(
        day=None if limit is None else limit - spent_on(today),
        user=None if own is None or not user else own - _queued_on(today).filter(asked_by(user)).credits(),
        rule=_cap(rule) - spent_by_rule(rule, today) if rule else None,
        balance=None if balance is None else balance.credits - _not_in(balance),
    )


def spent_on(day: dt.date) -> Decimal:
    """Return the credits of our jobs that were queued on a day, in the time zone of the project."""
    return _queued_on(day).credits()


def _queued_on(day: dt.date) -> SearchJobQuerySet:
    start, end = start_of(day), start_of(day + dt.timedelta(days=1))
    return _ours().filter(created_at__gte=start, created_at__lt=end)


def asked_by_users() -> SearchJobQuerySet:
    """Return the jobs of today that count against the limits of users."""
    return _queued_on(timezone.localdate()).filter(asked_through(EnrichmentRun.BY_USER)).exclude(requested_by="")


def asked_by(user: str) -> Q:
    """Return the condition that a job counts against the limit of a user."""
    return Q(asked_through(EnrichmentRun.BY_USER), requested_by=user)


def spent_by_rule(rule: str, day: dt.date) -> Decimal:
    """Return the credits of a rule's jobs that were queued on a day; ``rule`` as its jobs name it."""
    return _queued_on(day).filter(asked_through((Via.RULE,)), requested_by=rule).credits()


def _cap(rule: str) -> Decimal:
    caps = (own.cap for own in lead_settings.rules if own.requested_by == rule)
    return next(caps, Decimal(0))


def asked_through(ways: Collection[str]) -> Q:
    """Return the condition that a job was asked for in one of these ways; one whose run was pruned counts, too."""
    elsewhere = EnrichmentRun.objects.filter(pk=OuterRef("run")).exclude(via__in=ways)
    return Q(~Exists(elsewhere))


def start_of(day: dt.date) -> dt.datetime:
    """Return the midnight at which a day begins, in the time zone of the project."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def _not_in(balance: Balance) -> Decimal:
    """Return what is reserved, but not yet taken from the balance as we know it."""
    return _ours().filter(Q(state__in=_NOT_BILLED) | Q(sent_at__gte=balance.asked_at)).credits()


def _ours() -> SearchJobQuerySet:
    """Return the jobs that this project launched: what others spend counts against no limit of ours."""
    return SearchJob.objects.filter(launched_elsewhere=False)
