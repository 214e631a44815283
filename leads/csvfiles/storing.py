"""Write many rows of a file onto the leads, by one statement for those that are there and one for the new ones.

An upsert would bring a lead back that somebody deletes at this moment; reading first and writing later would undo a
person's edit. The values of the fields that a file leaves out are computed once per batch, as ``save()`` would. New
leads of a host's model with a field that makes up a value for each lead are left to the ORM.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from django.db.models import AutoField, CharField, Field
from django.db.models.fields import NOT_PROVIDED

from leads import sql
from leads.kinds import VALUES
from leads.models import get_lead_model

Values: TypeAlias = tuple[Any, ...]
Fields: TypeAlias = "Sequence[Field[Any, Any]]"

# What was known of a value holds for that value only: nobody verified the new address.
_VERDICTS = {
    field: (facts.value, blank)
    for facts in VALUES
    for field, blank in ((facts.status, "''"), (facts.checked_at, "NULL"), (facts.country, "''"))
    if field
}
# A row that changes nothing is not written. Locked in the order in which results are applied: nobody waits in a circle.
_UPDATE = """
UPDATE {L} SET {sets} FROM (
    SELECT r.* FROM {rows} JOIN {L} ON {L}.{crm_id} = r.c0 WHERE {changes} ORDER BY {L}.{crm_id} {lock}
) r WHERE {L}.{crm_id} = r.c0 RETURNING {L}.{crm_id}
"""
# A lead that is there already is left out before the database makes up a key; the conflict is for who comes meanwhile.
# Asked by value: NOT EXISTS is answered by reading all leads for each batch, until there are half a million.
_INSERT = """
INSERT INTO {L} ({columns}) SELECT {values} FROM {rows}
WHERE (SELECT l.{crm_id} FROM {L} l WHERE l.{crm_id} = r.c0 LIMIT 1) IS NULL
ORDER BY r.c0 ON CONFLICT ({crm_id}) DO NOTHING
"""


def update(rows: Sequence[Values], fields: Fields) -> set[str]:
    """Write each row's filled cells onto the lead with its crm_id; None leaves what the lead has.

    The first field is the crm_id. Return the crm_ids of the leads that changed.
    """
    sets, changes, params = _sets(fields)
    table = _table(rows, fields)
    lock = sql.lock("FOR UPDATE OF {L}".format(**sql.names()))
    text = _UPDATE.format(
        sets=sets, changes=changes, rows=table.text, crm_id=_column(fields[0]), lock=lock, **sql.names()
    )
    return {crm_id for (crm_id,) in sql.fetch(text, [*params, *table.params])}


def insert(rows: Sequence[Values], fields: Fields) -> int:
    """Create a lead for each row whose crm_id, the first field, no lead has; None is the field's default.

    Return how many were created.
    """
    model = get_lead_model()
    if any(map(_needs_its_lead, model._meta.concrete_fields)):
        return _insert_instances(rows, fields)
    template = model()
    others = [field for field in model._meta.concrete_fields if field not in fields and not _is_made(field)]
    values = {_column(field): f"r.c{number}" for number, field in enumerate(fields)}
    params: list[object] = []
    for field in (*fields[1:], *others):
        column = _column(field)
        fallback = _stored(field, field.pre_save(template, add=True))
        if fallback is not None:
            params.append(fallback)
            values[column] = f"COALESCE({values[column]}, {_param(field)})" if column in values else _param(field)
        else:
            values.setdefault(column, "NULL")
    table = _table(rows, fields)
    text = _INSERT.format(
        columns=", ".join(values), values=", ".join(values.values()), rows=table.text,
        crm_id=_column(fields[0]), **sql.names(),
    )  # fmt: skip
    return sql.run(text, [*params, *table.params])


def _insert_instances(rows: Sequence[Values], fields: Fields) -> int:
    """Create leads of a model with values that only each lead itself can tell: by the ORM, several times slower."""
    leads = get_lead_model()._default_manager.using(sql.alias())
    known = set(leads.filter(crm_id__in=[row[0] for row in rows]).values_list("crm_id", flat=True))
    new = [
        {field.attname: value for field, value in zip(fields, row, strict=True) if value is not None}
        for row in rows
        if row[0] not in known
    ]
    leads.bulk_create([leads.model(**values) for values in new])
    return len(new)


def _is_made(field: Field[Any, Any]) -> bool:
    """Tell whether the database makes up the field's value."""
    return getattr(field, "generated", False) or isinstance(field, AutoField)


def _needs_its_lead(field: Field[Any, Any]) -> bool:
    """Tell whether the field's value for a new lead comes from a computed default, the database or a host's code."""
    is_computed = field.default is not NOT_PROVIDED and callable(field.default)
    return (
        is_computed or field.db_default is not NOT_PROVIDED or not type(field).__module__.startswith("django.db.models")
    )


def _table(rows: Sequence[Values], fields: Fields) -> sql.Fragment:
    """Return the rows as the table ``r``, with a column ``c0``, ``c1``, … for each field."""
    connection = sql.connect()
    types = {f"c{number}": field.db_type(connection) or "text" for number, field in enumerate(fields)}
    columns = [
        values if _is_stored_as_it_is(field) else [_stored(field, value) for value in values]
        for field, values in zip(fields, zip(*rows, strict=True), strict=True)
    ]
    return sql.table_of("r", types, list(zip(*columns, strict=True)))


def _is_stored_as_it_is(field: Field[Any, Any]) -> bool:
    """Tell whether the field's texts go to the database as they are; a host's own field may turn them."""
    kind = type(field)
    return kind.get_prep_value is CharField.get_prep_value and (kind.get_db_prep_value, kind.get_db_prep_save) == (
        Field.get_db_prep_value,
        Field.get_db_prep_save,
    )


def _stored(field: Field[Any, Any], value: object) -> object:
    return None if value is None else field.get_db_prep_save(value, sql.connect())


def _param(field: Field[Any, Any]) -> str:
    # PostgreSQL takes a bare parameter of a SELECT for text; SQLite has no such types.
    connection = sql.connect()
    return f"%s::{field.db_type(connection)}" if connection.vendor == "postgresql" else "%s"


def _column(field: Field[Any, Any]) -> str:
    return sql.connect().ops.quote_name(str(field.column))


def _sets(fields: Fields) -> tuple[str, str, list[object]]:
    """Return the assignments, the condition that one of them changes something, and the parameters of the first.

    A lead gets a cell where it is filled, else keeps what it has, unless its subject changes.
    """
    cells = {field.name: f"r.c{number}" for number, field in enumerate(fields) if number}
    own = {field.name: field for field in get_lead_model()._meta.concrete_fields}
    table = sql.names()["L"]
    differs = "IS DISTINCT FROM" if sql.connect().vendor == "postgresql" else "IS NOT"
    sets, changes = [], []
    for name in {**cells, **{verdict: "" for verdict, (subject, _) in _VERDICTS.items() if subject in cells}}:
        column = _column(own[name])
        kept = before = f"{table}.{column}"
        subject, blank = _VERDICTS.get(name, ("", ""))
        if subject in cells:
            kept = f"CASE WHEN {cells[subject]} <> {table}.{_column(own[subject])} THEN {blank} ELSE {kept} END"
        sets.append(f"{column} = " + (f"COALESCE({cells[name]}, {kept})" if name in cells else kept))
        if name in cells:
            changes.append(f"COALESCE({cells[name]}, {before}) {differs} {before}")
    times = [field for field in own.values() if getattr(field, "auto_now", False)]
    sets += [f"{_column(field)} = %s" for field in times]
    lead = get_lead_model()()
    return ", ".join(sets), " OR ".join(changes), [_stored(field, field.pre_save(lead, add=False)) for field in times]
