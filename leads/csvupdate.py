"""Write the filled cells of many rows onto the leads that are there, by one statement.

An upsert would bring a lead back that somebody deletes at this moment; reading first and writing later would undo a
person's edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Field

from leads import sql
from leads.models import get_lead_model

# What was known of a value holds for that value only: nobody verified the new address.
_VERDICTS = {
    "email_status": ("email", "''"),
    "email_checked_at": ("email", "NULL"),
    "phone_status": ("phone", "''"),
    "phone_country": ("phone", "''"),
    "phone_checked_at": ("phone", "NULL"),
}
_UPDATE = "UPDATE {L} SET {sets} FROM {rows} WHERE {L}.{crm_id} = r.crm_id RETURNING {L}.{crm_id}"


def update(rows: Sequence[Mapping[str, Any]], fields: Sequence[Field[Any, Any]]) -> set[str]:
    """Write each row's values onto the lead with its crm_id; what a row leaves out stays. Return the crm_ids found."""
    connection = sql.connect()
    prepared = [[row["crm_id"], *(_stored(field, row.get(field.name)) for field in fields)] for row in rows]
    types = {f"c{number}": field.db_type(connection) or "text" for number, field in enumerate(fields)}
    table = sql.table_of("r", {"crm_id": "text"} | types, prepared)
    sets, params = _sets(fields)
    text = _UPDATE.format(sets=sets, rows=table.text, crm_id=_column("crm_id"), **sql.names())
    return {crm_id for (crm_id,) in sql.fetch(text, [*params, *table.params])}


def _stored(field: Field[Any, Any], value: object) -> object:
    return None if value is None else field.get_db_prep_save(value, sql.connect())


def _column(name: str) -> str:
    columns = {field.name: field.column for field in get_lead_model()._meta.concrete_fields}
    return sql.connect().ops.quote_name(str(columns[name]))


def _sets(fields: Sequence[Field[Any, Any]]) -> tuple[str, list[object]]:
    """Return the assignments: a cell where it is filled, else what the lead has, unless its subject changes."""
    cells = {field.name: f"r.c{number}" for number, field in enumerate(fields)}
    table = sql.names()["L"]
    sets = []
    for name in {**cells, **{verdict: "" for verdict, (subject, _) in _VERDICTS.items() if subject in cells}}:
        column = _column(name)
        kept = f"{table}.{column}"
        subject, blank = _VERDICTS.get(name, ("", ""))
        if subject in cells:
            kept = f"CASE WHEN {cells[subject]} <> {table}.{_column(subject)} THEN {blank} ELSE {kept} END"
        sets.append(f"{column} = " + (f"COALESCE({cells[name]}, {kept})" if name in cells else kept))
    times = [field for field in get_lead_model()._meta.concrete_fields if getattr(field, "auto_now", False)]
    sets += [f"{_column(field.name)} = %s" for field in times]
    lead = get_lead_model()()
    return ", ".join(sets), [_stored(field, field.pre_save(lead, add=False)) for field in times]
