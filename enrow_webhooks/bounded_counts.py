"""Counts that stop: to say how many rows a table of millions has, the database would have to read it."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

# A person who looks for something narrows the list; nobody turns 200 pages.
MOST = 10_000


# Where a queryset keeps that somebody has counted it already; what is made of it by another filter has it no more.
_MANY = "_enrow_has_many"


class AtLeast(int):
    """A count that stopped here; written like ≥10000, or ≥10,000 with the format ``,``."""

    def __str__(self) -> str:
        return format(self)

    def __format__(self, spec: str) -> str:
        return f"≥{int(self):{spec}}"


def count(rows: QuerySet[Any], *, most: int = MOST) -> int:
    """Return how many rows there are, AtLeast ``most`` when there are more; no more than that are read.

    Rows in an order are counted in that order, by the index that would list them.
    """
    number = rows[: most + 1].count()
    return AtLeast(most) if number > most else number


def note_many(rows: QuerySet[Any]) -> None:
    """Write onto rows that there are more of them than a list shows, so that nobody counts them again."""
    setattr(rows, _MANY, True)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """Pages of the first rows, up to ``most``: neither the count nor the last page reads more than those."""

    most = MOST

    @cached_property
    def count(self) -> int:
        """How many rows the list has; AtLeast ``most`` when there are more than that."""
        if getattr(self.object_list, _MANY, False):
            return AtLeast(self.most)
        return count(self.object_list, most=self.most)  # type: ignore[arg-type]  # a list in the admin is a queryset
