"""Where the credits went: sums per day, user and run."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, OrderBy, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDate
from django.utils import timezone

from leads.credits import budget
from leads.models import SearchJob

# Users and runs that are shown: there may be a run for each lead.
_MOST = 50


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
    # What of the cost was launched elsewhere.
    elsewhere: Decimal

    @property
    def committed(self) -> Decimal:
        """Credits that are spent, or may be while they are open: what counts against the day's limit."""
        return self.cost + self.open - self.elsewhere


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
    nothing = Line(name=name, jobs=0, requested=0, found=0, cost=zero, open=zero, released=zero, elsewhere=zero)
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
            elsewhere=Sum("credits_cost", filter=Q(launched_elsewhere=True), default=zero),
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
            elsewhere=row["elsewhere"],
        )
        for row in rows.order_by(order, "name")[:most]
    ]
