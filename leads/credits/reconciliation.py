"""What the balance says beside our jobs: credits that left the account without a search job of ours."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from leads.conf import lead_settings
from leads.credits import budget
from leads.credits.budget import Balance
from leads.models import AccountReading, SearchJob

# How far apart two questions for the balance are, and how long the answers are kept.
_READ_EVERY = dt.timedelta(hours=1)


_KEEP = dt.timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """How the balance moved between a reading and now, beside what our jobs explain."""

    since: dt.datetime
    # Credits that left the account, and those that our jobs took (less what was refunded).
    moved: Decimal
    explained: Decimal

    @property
    def unexplained(self) -> Decimal:
        """Credits that left otherwise: spent elsewhere; below zero: bought, or refunded later."""
        return self.moved - self.explained

    @property
    def needs_person(self) -> bool:
        """Whether more left than ``ENROW["UNEXPLAINED_CREDITS"]`` lets pass: a stranger may have the key."""
        return self.unexplained > lead_settings.unexplained_credits


def read_balance() -> AccountReading | None:
    """Ask for the balance if it was last asked an hour ago, keep the answer, forget the oldest.

    The row is there before the question: an Enrow that does not answer is asked once an hour too.
    """
    now = timezone.now()
    if AccountReading.objects.filter(taken_at__gt=now - _READ_EVERY).exists():
        return None
    reading = AccountReading.objects.create(taken_at=now)
    AccountReading.objects.filter(taken_at__lt=now - _KEEP).delete()
    balance = budget.ask_balance()
    if balance is None:
        return None
    reading.credits, reading.taken_at = balance.credits, balance.asked_at
    reading.save()
    return reading


def reconcile(balance: Balance | None = None, *, days: int = 7) -> Reconciliation | None:
    """Compare the balance with the oldest reading of the last days; None without a reading or an answer.

    Enrow is asked for a balance that is not given.
    """
    known = AccountReading.objects.filter(credits__isnull=False, taken_at__gte=timezone.now() - dt.timedelta(days=days))
    first = known.order_by("taken_at").first()
    if first is None or first.credits is None:
        return None
    balance = balance or budget.ask_balance()
    if balance is None:
        return None
    return Reconciliation(
        since=first.taken_at, moved=first.credits - balance.credits, explained=_explained(first.taken_at)
    )


def _explained(since: dt.datetime) -> Decimal:
    """Return what our jobs took since then: those sent since, less what earlier ones got back since."""
    zero = Decimal(0)
    cost = Coalesce(F("credits_cost"), F("credits_reserved"))
    # Those whose POST Enrow refused were sent once, too; nothing was taken for them, and nothing comes back.
    billed = SearchJob.objects.exclude(state__in=[*SearchJob.UNSENT, SearchJob.State.CANCELLED])
    taken = billed.filter(sent_at__gte=since).aggregate(sum=Sum(cost, default=zero))["sum"]
    earlier = billed.filter(sent_at__lt=since, finished_at__gte=since, credits_cost__isnull=False)
    returned = earlier.aggregate(sum=Sum(F("credits_reserved") - F("credits_cost"), default=zero))["sum"]
    return Decimal(taken - returned)
