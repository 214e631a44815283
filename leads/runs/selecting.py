"""The leads of a run, as they are when somebody asks: their keys, stored by one statement."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import F, Field, QuerySet
from django.utils import timezone

from leads import sql
from leads.mapping import LeadMapping
from leads.models import BatchedLead, EnrichmentRun, RunLead

# Keys that are carried at once, where another database has them.
_AT_ONCE = 5000


def store_run(run: EnrichmentRun, mapping: LeadMapping, leads: QuerySet[Any]) -> None:
    """Write a run whose leads workers plan, with the leads as they are now; the caller holds a transaction."""
    run.has_selection, run.next_plan_at = True, timezone.now()
    run.save(force_insert=True)
    run.selected = store(RunLead, {"run_id": run.pk}, mapping, leads)
    run.save(update_fields=["selected"])


def store(
    rows: type[RunLead | BatchedLead], values: Mapping[str, Any], mapping: LeadMapping, leads: QuerySet[Any]
) -> int:
    """Add a row with these values for each of the leads, in the order of their keys; return how many. One statement.

    The key is the primary key of the mapped table: a child may have another.
    """
    query, name = leads.query, mapping.model._meta.pk.name
    leads = leads.using(mapping.alias)
    if query.is_sliced or query.combinator or query.distinct or query.group_by:
        leads = leads.model._base_manager.using(mapping.alias).filter(pk__in=leads.values("pk"))
    keys = leads.order_by().values(run_key=F(name)).distinct()
    if mapping.alias == sql.alias():
        return _store_by_statement(rows, values, keys)
    return _store_by_pages(rows, values, keys)


def _store_by_statement(
    rows: type[RunLead | BatchedLead], values: Mapping[str, Any], keys: QuerySet[Any, dict[str, Any]]
) -> int:
    connection = sql.connect()
    try:
        text, params = keys.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return 0
    fields = {field.attname: field for field in rows._meta.concrete_fields}
    stored = [fields[name].get_db_prep_save(value, connection) for name, value in values.items()]
    table, key, *columns = map(connection.ops.quote_name, (rows._meta.db_table, "run_key", *values))
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)}, key) "  # noqa: S608 - names of ours, and SQL of the ORM
        f"SELECT {', '.join(['%s'] * len(columns))}, CAST(q.{key} AS text) FROM ({text}) q ORDER BY q.{key}"
    )
    return sql.run(statement, [*stored, *params])


def _store_by_pages(
    rows: type[RunLead | BatchedLead], values: Mapping[str, Any], keys: QuerySet[Any, dict[str, Any]]
) -> int:
    number = 0
    every = iter(keys.order_by("run_key").values_list("run_key", flat=True).iterator(chunk_size=_AT_ONCE))
    while some := list(itertools.islice(every, _AT_ONCE)):
        rows._base_manager.bulk_create([rows(**values, key=str(key)) for key in some])  # type: ignore[misc]  # of one kind
        number += len(some)
    return number


def page(run: uuid.UUID, after: int, size: int) -> list[tuple[int, str]]:
    """Return the next leads of a run: the place of each, and its key as text."""
    rows = RunLead.objects.filter(run=run, pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", "key")[:size])


def keys_of(field: Field[Any, Any], texts: Sequence[str]) -> list[Any]:
    """Return keys that were stored as the database writes them."""
    while field.remote_field:
        field = field.target_field  # type: ignore[attr-defined]  # a relation has one
    return [field.to_python(text) for text in texts]


def spellings(key: object) -> set[str]:
    """Return how a key may be stored: SQLite writes a UUID without hyphens."""
    return {str(key), key.hex} if isinstance(key, uuid.UUID) else {str(key)}


def forget(run: uuid.UUID, *, most: int = 50_000) -> bool:
    """Delete some stored leads of a run; return whether none is left."""
    rows = RunLead.objects.filter(run=run)
    some = list(rows.order_by("pk").values_list("pk", flat=True)[:most])
    if some:
        rows.filter(pk__lte=some[-1]).delete()
    return len(some) < most
