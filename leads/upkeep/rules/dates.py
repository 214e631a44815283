"""When leads were checked: in the column of their own table, or in LeadEnrichment where that has none."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from leads import crm_ids, reading
from leads.kinds import KindFacts
from leads.lookups import among
from leads.mapping import LeadMapping
from leads.models import LeadEnrichment
from leads.upkeep.rules.created import MOST

_DAY = "leads_day"

# The primary key of a lead, and when it was checked.
Checked = tuple[Any, dt.datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """When these leads, or those of all who were ever checked, were asked about one of their values."""

    mapping: LeadMapping
    leads: QuerySet[Any]
    facts: KindFacts

    def per_day(self) -> Counter[dt.date]:
        """Count the leads by the day on which they were checked, in UTC."""
        rows, path = self._rows()
        days = rows.annotate(**{_DAY: TruncDate(path, tzinfo=dt.UTC)}).order_by().values(_DAY)
        counted = days.annotate(leads_number=Count("pk", distinct=True)).values_list(_DAY, "leads_number")
        return Counter(dict(counted))

    def oldest(self, until: dt.datetime) -> Iterator[list[Checked]]:
        """Yield those who were checked before, the oldest first, in pages."""
        rows, path = self._rows()
        rows, key = rows.filter(**{f"{path}__lte": until}), "pk" if self._path else "key"
        page = self._page(rows, path, key)
        while page:
            yield page if self._path else self._leads(page)
            last, at = page[-1]
            behind = Q((f"{path}__gt", at), (f"{key}__gt", last), _connector=Q.OR)
            page = self._page(rows.filter(behind, **{f"{path}__gte": at}), path, key) if len(page) == MOST else []

    def now(self, pks: Collection[Any]) -> dict[Any, dt.datetime | None]:
        """Return when leads were checked by now, by primary key; those that are gone are left out."""
        leads = self.mapping.rows().filter(among("pk", self.mapping.model._meta.pk, pks))
        if self._path:
            return dict(leads.values_list("pk", self._path))
        names = {pk: self.mapping.crm_id(key) for pk, key in leads.values_list("pk", self.mapping.crm_id_field)}
        states = reading.enrichments(self.mapping, names.values())
        return {pk: getattr(states.get(name), self.facts.checked_at, None) for pk, name in names.items()}

    @property
    def _path(self) -> str:
        return str(self.mapping.source(self.facts.checked_at))

    def _rows(self) -> tuple[QuerySet[Any], str]:
        """Return the rows with the dates, and the field."""
        path = self._path or self.facts.checked_at
        rows = self.leads if self._path else self._states()
        return rows.filter(**{f"{path}__isnull": False}), path

    def _states(self) -> QuerySet[Any]:
        """Return what is known of these leads; of all leads of the model, where one query cannot ask for both."""
        states = LeadEnrichment.objects.filter(model=self.mapping.label)
        if not crm_ids.can_be_asked(self.mapping):
            return states
        named = crm_ids.key(self.mapping, "key", self.mapping.alias) or F("key")
        leads = self.leads.filter(**{self.mapping.crm_id_field: OuterRef("leads_named")})
        narrowed: QuerySet[Any] = states.alias(leads_named=named).filter(Exists(leads))
        return narrowed

    def _page(self, rows: QuerySet[Any], path: str, key: str) -> list[Checked]:
        return list(rows.order_by(path, key).values_list(key, path).distinct()[:MOST])

    def _leads(self, page: list[Checked]) -> list[Checked]:
        """Return the leads that these keys name, in the same order, of those that are meant."""
        mapping = self.mapping
        keys = {mapping.key(f"{mapping.crm_id_prefix}{text}"): at for text, at in page}
        is_named = among(mapping.crm_id_field, mapping.own_key_field, keys.keys() - {None})
        found = self.leads.filter(is_named).values_list(mapping.crm_id_field, "pk").distinct()
        pks = dict(found)
        return [(pks[key], at) for key, at in keys.items() if key in pks]
