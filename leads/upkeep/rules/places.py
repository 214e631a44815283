"""Rows in the order in which they were made, and places between them: where a rule has come to.

Where the database numbers the rows, that is the order of their keys. Elsewhere it is a time that the rule names, and
the key among rows of one time. Rows may be deleted; a place stays one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import AutoField, Model, Q, QuerySet

from leads.mapping import LeadMapping
from leads.runs import selecting


class Place(NamedTuple):
    """Behind the row with this time and key. With a blank key: before every row of that time, or before all rows."""

    at: dt.datetime | None = None
    key: str = ""

    def stored(self) -> list[str]:
        """Return it as it is stored."""
        return [self.at.isoformat() if self.at else "", self.key]

    def __repr__(self) -> str:
        return "<Place>"


def read(stored: Sequence[str]) -> Place:
    """Return what ``stored`` gave."""
    at, key = stored or ("", "")
    return Place(dt.datetime.fromisoformat(at) if at else None, key)


def has_order(model: type[Model]) -> bool:
    """Tell whether a new row has a greater key than all before it: the database numbers them."""
    return isinstance(model._meta.pk, AutoField)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a rule in their order; ``path`` is blank where that is the order of the keys."""

    mapping: LeadMapping
    leads: QuerySet[Any]
    path: str

    def end(self, now: dt.datetime) -> Place:
        """Return the place behind every row that is there; of times, before those of this very moment."""
        if self.path:
            return Place(now)
        last = self.mapping.rows().order_by("-pk").values_list("pk", flat=True).first()
        return Place(key="" if last is None else str(last))

    def between(self, after: Place, until: Place) -> QuerySet[Any]:
        """Return the leads between two places."""
        return self._by_time(after, until) if self.path else self._by_key(after, until)

    def page(self, after: Place, until: Place, size: int) -> list[tuple[Any, Place]]:
        """Return the first leads between two places: the primary key of each, and the place behind it.

        Each once, also where ``where`` leads to many rows; read by the index of the order.
        """
        names = [self.path, "pk"] if self.path else ["pk"]
        rows = self.between(after, until).values_list(*names).distinct().order_by(*names)[:size]
        return [(row[-1], Place(row[0] if self.path else None, str(row[-1]))) for row in rows]

    def later(self, one: Place, other: Place) -> Place:
        """Return the later of two places; the last rows may have been deleted since the first was noted."""
        if self.path:
            return max(one, other, key=lambda place: (place.at, place.key))
        return max(one, other, key=lambda place: int(place.key or -(2**63)))

    def _by_key(self, after: Place, until: Place) -> QuerySet[Any]:
        if not until.key:
            return self.leads.none()
        leads = self.leads.filter(pk__lte=self._key(until))
        return leads.filter(pk__gt=self._key(after)) if after.key else leads

    def _by_time(self, after: Place, until: Place) -> QuerySet[Any]:
        path = self.path
        from_there = Q((f"{path}__gt", after.at), ("pk__gt", self._key(after)), _connector=Q.OR) if after.key else Q()
        leads = self.leads.filter(from_there, **{f"{path}__gte": after.at})
        if not until.key:
            return leads.filter(**{f"{path}__lt": until.at})
        to_there = Q((f"{path}__lt", until.at), ("pk__lte", self._key(until)), _connector=Q.OR)
        return leads.filter(to_there, **{f"{path}__lte": until.at})

    def _key(self, place: Place) -> Any:  # noqa: ANN401 - whatever the key is
        return selecting.keys_of(self.mapping.model._meta.pk, [place.key])[0]
