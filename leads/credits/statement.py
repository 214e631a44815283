"""Where the credits went: sums per day, user and run, and what the balance says that no job explains."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, OrderBy, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from leads.conf import lead_settings
from leads.credits import budget
from leads.credits.budget import Balance
from leads.models import AccountReading, SearchJob

# Users and runs that are shown: there may be a run for each lead.
_MOST = 50
# How far apart two questions for the balance are, and how long the answers are kept.
_READ_EVERY = dt.timedelta(hours=1)
_KEEP = dt.timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sum."""

    # The day, the user, or the run.
    name: str
    jobs: int
    requested: int
    found: int
    # Credits that are settled, and the worst case of what is still open.
    cost: Decimal
    open: Decimal
    # Reserved for what then was not found, or never sent.
    released: Decimal

    @property
    def committed(self) -> Decimal:
        """Credits that are spent, or may be while they are open: what counts against the day's limit."""
        return self.cost + self.open


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
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


def per_day(*, days: int = 30) -> list[Line]:
    """Return a line per day on which something was queued, newest first, in the time zone of the project."""
    return _lines(days, TruncDate("created_at"), order=F("name").desc(), most=days)


def per_user(*, days: int = 30, most: int = _MOST) -> list[Line]:
    """Return a line per user, dearest first."""
    return _lines(days, F("requested_by"), order=_DEAREST, most=most)


def per_run(*, days: int = 30, most: int = _MOST) -> list[Line]:
    """Return a line per call of enrich(), dearest first."""
    return _lines(days, F("run"), order=_DEAREST, most=most)


def today() -> Line:
    """Return the sum of today, also when nothing was queued yet."""
    name, zero = str(timezone.localdate()), Decimal(0)
    nothing = Line(name=name, jobs=0, requested=0, found=0, cost=zero, open=zero, released=zero)
    return next(iter(per_day(days=1)), nothing)


_DEAREST = (F("cost") + F("open")).desc()


def _since(days: int) -> QuerySet[SearchJob]:
    """Return the jobs of today and the days before it, so many in all."""
    first = timezone.localdate() - dt.timedelta(days=days - 1)
    return SearchJob.objects.filter(created_at__gte=budget.start_of(first))


def _lines(days: int, name: Combinable, *, order: OrderBy, most: int) -> list[Line]:
    zero = Decimal(0)
    settled = Q(credits_cost__isnull=False)
    rows = (
        _since(days)
        .order_by()
        .values(name=name)
        .annotate(
            number=Count("pk"),
            all_requested=Sum("requested"),
            all_found=Sum("found"),
            cost=Sum("credits_cost", default=zero),
            open=Sum("credits_reserved", filter=~settled, default=zero),
            reserved=Sum("credits_reserved", filter=settled, default=zero),
        )
    )
    return [
        Line(
            name=str(row["name"]),
            jobs=row["number"],
            requested=row["all_requested"],
            found=row["all_found"],
            cost=row["cost"],
            open=row["open"],
            released=row["reserved"] - row["cost"],
        )
        for row in rows.order_by(order, "name")[:most]
    ]


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


def drift(balance: Balance | None = None, *, days: int = 7) -> Drift | None:
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
    return Drift(since=first.taken_at, moved=first.credits - balance.credits, explained=_explained(first.taken_at))


def _explained(since: dt.datetime) -> Decimal:
    """Return what our jobs took since then: those sent since, less what earlier ones got back since."""
    zero = Decimal(0)
    cost = Coalesce(F("credits_cost"), F("credits_reserved"))
    billed = SearchJob.objects.exclude(state__in=[SearchJob.State.QUEUED, SearchJob.State.HELD])
    taken = billed.filter(sent_at__gte=since).aggregate(sum=Sum(cost, default=zero))["sum"]
    earlier = billed.filter(sent_at__lt=since, finished_at__gte=since, credits_cost__isnull=False)
    returned = earlier.aggregate(sum=Sum(F("credits_reserved") - F("credits_cost"), default=zero))["sum"]
    return Decimal(taken - returned)
