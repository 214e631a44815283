"""Where the credits went: sums per day, user, kind, run and rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OrderBy, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDate
from django.utils import timezone

from leads.credits import budget
from leads.models import EnrichmentRun, SearchJob
from leads.models.jobs import JobSums, added_up, aggregates
from leads.rules import PREFIX

# Users and runs that are shown: there may be a run for each lead.
_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(JobSums):
    """One sum, with its name: the day, the user, or the run."""

    name: str


def per_day(*, days: int = 30, among: Q | None = None) -> list[Line]:
    """Return a line per day on which something was queued, newest first, in the time zone of the project.

    Here and below, ``among``: only the jobs that this is true of.
    """
    return _lines(days, TruncDate("created_at"), order=F("name").desc(), most=days, among=among)


def per_user(*, days: int = 30, most: int = _MOST, among: Q | None = None) -> list[Line]:
    """Return a line per user, most credits first."""
    return _lines(days, F("requested_by"), order=_MOST_CREDITS_FIRST, most=most, among=among)


def per_run(*, days: int = 30, most: int = _MOST, among: Q | None = None) -> list[Line]:
    """Return a line per call of enrich(), most credits first."""
    return _lines(days, F("run"), order=_MOST_CREDITS_FIRST, most=most, among=among)


def per_kind(*, days: int = 30, among: Q | None = None) -> list[Line]:
    """Return a line per kind of search, most credits first."""
    return _lines(days, F("kind"), order=_MOST_CREDITS_FIRST, most=_MOST, among=among)


def per_rule(*, days: int = 30, most: int = _MOST) -> list[Line]:
    """Return a line per rule, most credits first; one that is not in the settings any more is among them."""
    return _named(_of_rules(_since(days)), F("requested_by"), order=_MOST_CREDITS_FIRST, most=most)


def everything(*, days: int = 30) -> Iterator[tuple[str, Line]]:
    """Yield every line of each of these sums, with what it is about; read as they are asked for, one statement each."""
    jobs, most_first = _since(days), _MOST_CREDITS_FIRST
    sums: list[tuple[str, QuerySet[SearchJob], Combinable, OrderBy]] = [
        ("day", jobs, TruncDate("created_at"), F("name").desc()),
        ("user", jobs, F("requested_by"), most_first),
        ("kind", jobs, F("kind"), most_first),
        ("rule", _of_rules(jobs), F("requested_by"), most_first),
        ("run", jobs, F("run"), most_first),
    ]
    for about, some, name, order in sums:
        for row in _sums(some, name, order).iterator(chunk_size=1000):
            yield about, _line(row)


def today(*, among: Q | None = None) -> Line:
    """Return the sum of today, also when nothing was queued yet."""
    return next(iter(per_day(days=1, among=among)), Line(name=str(timezone.localdate())))


def per_limited_user(*, most: int = _MOST) -> list[Line]:
    """Return a line per user, of what counts against their own limit of today."""
    return _named(budget.asked_by_users(), F("requested_by"), order=_MOST_CREDITS_FIRST, most=most)


def of_limited_user(user: str) -> Line:
    """Return what counts against the limit that one user has today."""
    jobs = budget.asked_by_users().filter(requested_by=user)
    return next(iter(_named(jobs, F("requested_by"), order=_MOST_CREDITS_FIRST, most=1)), Line(name=user))


_MOST_CREDITS_FIRST = (F("sum_spent") + F("sum_reserved")).desc()


def _since(days: int) -> QuerySet[SearchJob]:
    """Return the jobs of today and the days before it, so many in all."""
    first = timezone.localdate() - dt.timedelta(days=days - 1)
    return SearchJob.objects.filter(created_at__gte=budget.start_of(first))


def _lines(days: int, name: Combinable, *, order: OrderBy, most: int, among: Q | None) -> list[Line]:
    return _named(_since(days).filter(among or Q()), name, order=order, most=most)


def _named(jobs: QuerySet[SearchJob], name: Combinable, *, order: OrderBy, most: int) -> list[Line]:
    return [_line(row) for row in _sums(jobs, name, order)[:most]]


def _sums(jobs: QuerySet[SearchJob], name: Combinable, order: OrderBy) -> QuerySet[SearchJob, Any]:
    return jobs.order_by().values(name=name).annotate(**aggregates()).order_by(order, "name")


def _line(row: dict[str, Any]) -> Line:
    return Line(name=str(row["name"]), **added_up(row))


def _of_rules(jobs: QuerySet[SearchJob]) -> QuerySet[SearchJob]:
    return jobs.filter(budget.asked_through((EnrichmentRun.Via.RULE,)), requested_by__startswith=PREFIX)
