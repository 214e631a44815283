"""One statement that compares and writes leads, for models whose fields are plain columns of their own table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import DateField, DateTimeField, Field
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads import reading, sql
from leads.digests import INPUTS, digest_sql
from leads.kinds import KINDS, KindFacts
from leads.mapping import Change, LeadMapping
from leads.models import SearchJob
from leads.results import belonging
from leads.results.fresh import Fresh, Updated, asked_at, newer
from leads.signals import values_written

# When the lead ``l`` may be written with the outcome ``r``: by a kind that finds, and by one that judges. What a lead
# had at planning was to be overwritten, or is no value, like "n/a": it is replaced while it stands. A failure says
# nothing, so it never replaces a verdict that is known.
_FINDS = "({value} = '') OR (r.outcome = 'found' AND {value} = r.value_before)"
_JUDGES = "NOT (r.outcome NOT IN ('found', 'not_found') AND {status} <> '')"
# The lead's inputs are those that were searched. A verdict is about the address that was sent.
_SAME = "(r.inputs IS NULL OR r.inputs = {digest})"
_SAME_ADDRESS = "{value} = r.value_before"
_STALE = "CASE WHEN l.{checked} > r.asked_at THEN true WHEN r.is_late THEN {newer} ELSE false END"

# Only who is to be written is locked, in the order of the keys, so that batches that share leads wait for each other
# instead of deadlocking. A lead that somebody else holds is judged anew once it is free.
# CASE hides the comparisons from the planner, which would otherwise trust stale statistics ("no lead has a blank
# e-mail"), and start from "the one" that has by reading all that there really are.
_COMPARE_AND_WRITE = """
UPDATE {table} SET {sets}
FROM (
    SELECT r.key, r.outcome, r.value, r.country, r.asked_at FROM {rows} JOIN {table} l ON l.{key} = r.key
    WHERE CASE WHEN {fits} THEN {writable} ELSE false END
    ORDER BY l.{key} {lock}
) w
WHERE {table}.{key} = w.key RETURNING {table}.{key}
"""
_WRITE = "UPDATE {table} SET {sets} FROM {rows} WHERE {table}.{key} = w.key"
# What the statement reads of each row.
_COLUMNS = {
    "crm_id": "text",
    "is_late": "boolean",
    "fingerprint": "uuid",
    "inputs": "uuid",
    "value_before": "text",
    "asked_at": "timestamptz",
    "outcome": "text",
    "value": "text",
    "country": "text",
}
# What is written, where all is compared already.
_BROUGHT = ("outcome", "value", "country", "asked_at")


def can_write(mapping: LeadMapping, job: SearchJob) -> bool:
    """Tell whether all that a search of this kind reads and writes is plain columns of the lead's own table."""
    facts = KINDS[Kind(job.kind)]
    read = [name for name in INPUTS if mapping.source(name)]
    texts = [*read, facts.value, facts.status, *filter(None, [facts.country])]
    return (
        can_be_set(mapping, facts)
        and all(_is_own(mapping, mapping.column(name)) for name in (*texts, facts.checked_at))
        and all(reading.is_plain(mapping.column(name)) for name in texts)
    )


def can_be_set(mapping: LeadMapping, facts: KindFacts) -> bool:
    """Tell whether the columns that a search writes, as far as there are any, can be written by one statement."""
    written = [mapping.column(name) for name in _written(facts) if mapping.source(name)]
    return (
        not mapping.has_own_write
        and mapping.alias == sql.alias()
        and not mapping.model._meta.parents
        and _is_own(mapping, mapping.own_key_field)
        and all(_is_own(mapping, field) for field in written)
        and all(isinstance(field, DateTimeField) or reading.is_plain(field) for field in written)
    )


def _is_own(mapping: LeadMapping, field: Field[Any, Any] | None) -> bool:
    return field is not None and field in mapping.model._meta.local_concrete_fields and not field.remote_field


def _written(facts: KindFacts) -> list[str]:
    """Return the lead's fields that a search of this kind writes."""
    found = [] if facts.judges else [facts.value, *filter(None, [facts.country])]
    return [*found, facts.status, facts.checked_at]


def update(job: SearchJob, mapping: LeadMapping, rows: Sequence[Fresh]) -> Updated:
    """Write the leads that may be written; one statement where all are written, up to four where some are not."""
    kind = Kind(job.kind)
    updated = Updated()
    before = _values(mapping, kind, rows) if values_written.has_listeners() else {}
    written = _compare_and_write(job, mapping, rows, _fits_by_digest(mapping, kind))
    left = set(written).symmetric_difference(row.crm_id for row in rows)
    if left:
        found = belonging.split(kind, [row for row in rows if row.crm_id in left])
        updated.changed, updated.gone = names(found.changed), names(found.gone)
        if found.may:
            found = belonging.split(kind, found.may, lock=True)
            updated.changed += names(found.changed)
        if found.may:
            written += _compare_and_write(job, mapping, found.may, f"NOT {newer(kind)}")
    updated.written = written
    updated.changes = _changes(mapping, kind, rows, set(written), before)
    return updated


def names(rows: Iterable[Fresh]) -> list[str]:
    """Return the crm_ids of rows."""
    return [row.crm_id for row in rows]


def _values(mapping: LeadMapping, kind: Kind, rows: Sequence[Fresh]) -> dict[str, str]:
    """Return what the leads have now, and keep it so until the transaction ends."""
    leads = reading.candidates([(row.model, row.crm_id) for row in rows], lock=True)
    return {crm_id: getattr(lead, KINDS[kind].value) for crm_id, lead in leads.items()}


def _changes(
    mapping: LeadMapping, kind: Kind, rows: Sequence[Fresh], written: set[str], before: Mapping[str, str]
) -> list[Change]:
    facts = KINDS[kind]
    if facts.judges:
        return []
    return [
        Change(
            model=mapping.model,
            key=mapping.key(row.crm_id),
            crm_id=row.crm_id,
            field=facts.value,
            old=before[row.crm_id],
            new=row.value,
        )
        for row in rows
        if row.crm_id in written and row.outcome == "found" and before.get(row.crm_id, row.value) != row.value
    ]


def _fits_by_digest(mapping: LeadMapping, kind: Kind) -> str:
    facts = KINDS[kind]
    if facts.judges:
        same = _SAME_ADDRESS.format(value=_cell(mapping, facts.value))
    else:
        columns = {name: f"l.{_quoted(mapping.column(name))}" for name in INPUTS if mapping.source(name)}
        same = _SAME.format(digest=digest_sql(columns, sql.connect()))
    stale = _STALE.format(checked=_quoted(mapping.column(facts.checked_at)), newer=newer(kind))
    return f"{same} AND NOT {stale}"


def _compare_and_write(job: SearchJob, mapping: LeadMapping, rows: Sequence[Fresh], fits: str) -> list[str]:
    """Write the leads that fit and may be written; return their crm_ids."""
    facts, connection = KINDS[Kind(job.kind)], sql.connect()
    keys = [mapping.key(row.crm_id) for row in rows]
    outcomes = _table(job, mapping, keys, rows)
    sets, params = _sets(mapping, facts)
    writable = _JUDGES if facts.judges else _FINDS
    text = _COMPARE_AND_WRITE.format(
        table=_own_table(mapping),
        key=_quoted(mapping.own_key_field),
        sets=sets,
        rows=outcomes.text,
        fits=fits,
        writable=writable.format(value=_cell(mapping, facts.value), status=_cell(mapping, facts.status)),
        lock=sql.lock("FOR UPDATE OF l"),
    )
    field = mapping.own_key_field
    crm_ids = {field.get_db_prep_value(key, connection): row.crm_id for key, row in zip(keys, rows, strict=True)}
    return [crm_ids[key] for (key,) in sql.fetch(text, [*params, *outcomes.params])]


def write(job: SearchJob, mapping: LeadMapping, rows: Sequence[Fresh]) -> None:
    """Write what these searches brought to their leads, all of them; the caller has compared, and holds their locks."""
    sets, params = _sets(mapping, KINDS[Kind(job.kind)])
    columns = {"key": _key_type(mapping)} | {name: _COLUMNS[name] for name in _BROUGHT}
    values = [
        (mapping.key(row.crm_id), row.outcome, row.value, row.country, at)
        for row, at in zip(rows, asked_at(job, rows), strict=True)
    ]
    outcomes = sql.table_of("w", columns, values)
    text = _WRITE.format(table=_own_table(mapping), key=_quoted(mapping.own_key_field), sets=sets, rows=outcomes.text)
    sql.run(text, [*params, *outcomes.params])


def _key_type(mapping: LeadMapping) -> str:
    field = mapping.own_key_field
    return "text" if reading.is_plain(field) else field.rel_db_type(sql.connect()) or "text"


def _table(job: SearchJob, mapping: LeadMapping, keys: Sequence[Any], rows: Sequence[Fresh]) -> sql.Fragment:
    """Return the rows as the table ``r`` with the keys of their leads."""
    values = [
        (
            key,
            row.crm_id,
            row.is_late,
            row.fingerprint,
            row.inputs,
            row.value_before,
            at,
            row.outcome,
            row.value,
            row.country,
        )
        for key, row, at in zip(keys, rows, asked_at(job, rows), strict=True)
    ]
    return sql.table_of("r", {"key": _key_type(mapping), **_COLUMNS}, values)


def _sets(mapping: LeadMapping, facts: KindFacts) -> tuple[str, list[object]]:
    """Return the assignments of the columns that there are, from a row ``w``, and their parameters."""
    table = _own_table(mapping)
    found = "CASE WHEN w.outcome = 'found' THEN w.{source} ELSE {cell} END"
    values = {
        facts.status: f"CASE w.outcome WHEN 'found' THEN '{facts.found}' "
        f"WHEN 'not_found' THEN '{facts.not_found}' ELSE 'failed' END",
        facts.checked_at: "CASE WHEN w.outcome IN ('found', 'not_found') THEN w.asked_at ELSE {cell} END",
    }
    if not facts.judges:
        values |= {facts.value: found.replace("{source}", "value"), facts.country: found.replace("{source}", "country")}
    sets = []
    for name, value in values.items():
        if name and mapping.source(name):
            column = _quoted(mapping.column(name))
            sets.append(f"{column} = {value.replace('{cell}', f'{table}.{column}')}")
    times = list(_automatic(mapping))
    sets += [f"{_quoted(field)} = %s" for field, _ in times]
    return ", ".join(sets), [value for _, value in times]


def _automatic(mapping: LeadMapping) -> Iterable[tuple[Field[Any, Any], object]]:
    """Yield the columns that every change sets to now, with what the database takes for it."""
    now = timezone.now()
    for field in mapping.model._meta.local_concrete_fields:
        if getattr(field, "auto_now", False):
            value: Any = now
            if isinstance(field, DateField) and not isinstance(field, DateTimeField):
                value = dt.datetime.now().date()  # noqa: DTZ005 - as the field itself does
            elif not isinstance(field, DateField):
                value = dt.datetime.now().time()  # noqa: DTZ005 - as the field itself does
            yield field, field.get_db_prep_save(value, sql.connect())


def _cell(mapping: LeadMapping, name: str) -> str:
    """Return the SQL of one of the fields of the lead ``l``; NULL is blank."""
    field = mapping.column(name)
    cell = f"l.{_quoted(field)}"
    return f"COALESCE({cell}, '')" if field is None or field.null else cell


def _own_table(mapping: LeadMapping) -> str:
    return sql.connect().ops.quote_name(mapping.model._meta.db_table)


def _quoted(field: Field[Any, Any] | None) -> str:
    return sql.connect().ops.quote_name(str(field.column)) if field is not None else ""
