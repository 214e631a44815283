"""Write many rows of a file onto the leads, by one statement for those that are there and one for the new ones.

An upsert would bring a lead back that somebody deletes at this moment; reading first and writing later would undo a
person's edit. The values of the fields that a file leaves out are computed once per batch, as ``save()`` would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from django.db.models import AutoField, CharField, Field

from leads import sql
from leads.kinds import VALUES
from leads.models import Lead

# By the name of a field, what each row of the file says; None is a blank cell. One of the fields is the crm_id.
Cells: TypeAlias = Mapping[str, Sequence[Any]]

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
    SELECT r.* FROM {rows} JOIN {L} ON {L}.{crm_id} = {cell} WHERE {changes} ORDER BY {L}.{crm_id} {lock}
) r WHERE {L}.{crm_id} = {cell} RETURNING {L}.{crm_id}
"""
# A lead that is there already is left out before the database makes up a key; the conflict is for who comes meanwhile.
# Asked by value: NOT EXISTS is answered by reading all leads for each batch, until there are half a million.
_INSERT = """
INSERT INTO {L} ({columns}) SELECT {values} FROM {rows}
WHERE (SELECT l.{crm_id} FROM {L} l WHERE l.{crm_id} = {cell} LIMIT 1) IS NULL
ORDER BY {cell} ON CONFLICT ({crm_id}) DO NOTHING
"""


def update(cells: Cells) -> set[str]:
    """Write each row's filled cells onto the lead with its crm_id; None leaves what the lead has.

    Return the crm_ids of the leads that changed.
    """
    sets, changes, params = _sets(cells)
    table = _table(cells)
    lock = sql.lock("FOR UPDATE OF {L}".format(**_names()))
    text = _UPDATE.format(sets=sets, changes=changes, rows=table.text, lock=lock, **_words())
    return {crm_id for (crm_id,) in sql.fetch(text, [*params, *table.params])}


def insert(cells: Cells) -> int:
    """Create a lead for each row whose crm_id no lead has, and return how many; None is the field's default."""
    own = _fields()
    template = Lead()
    values: dict[str, str] = {}
    params: list[object] = []
    for name, field in own.items():
        if name not in cells and _is_made(field):
            continue
        fallback = None if name == "crm_id" else _stored(field, field.pre_save(template, add=True))
        value = _cell(name) if name in cells else "NULL"
        if fallback is not None:
            value = f"COALESCE({value}, {_param(field)})"
            params.append(fallback)
        values[_column(field)] = value
    table = _table(cells)
    columns, picked = ", ".join(values), ", ".join(values.values())
    text = _INSERT.format(columns=columns, values=picked, rows=table.text, **_words())
    return sql.run(text, [*params, *table.params])


def _fields() -> dict[str, Field[Any, Any]]:
    """Return the fields of a lead that are columns, by name."""
    return {field.name: field for field in Lead._meta.concrete_fields}


def _words() -> dict[str, str]:
    """Return what the statements call the tables, the column with the crm_id and the cell with it."""
    return {**_names(), "crm_id": _column(_fields()["crm_id"]), "cell": _cell("crm_id")}


def _names() -> dict[str, str]:
    return {"L": _quoted(Lead._meta.db_table)}


def _is_made(field: Field[Any, Any]) -> bool:
    """Tell whether the database makes up the field's value."""
    return getattr(field, "generated", False) or isinstance(field, AutoField)


def _table(cells: Cells) -> sql.Fragment:
    """Return the rows as the table ``r``, with a column for each field."""
    connection, own = sql.connect(), _fields()
    types = {_quoted(name): own[name].db_type(connection) or "text" for name in cells}
    columns = [
        values if _is_stored_as_it_is(own[name]) else [_stored(own[name], value) for value in values]
        for name, values in cells.items()
    ]
    return sql.table_of("r", types, list(zip(*columns, strict=True)))


def _cell(name: str) -> str:
    """Return what the table ``r`` says of a field."""
    return f"r.{_quoted(name)}"


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
    return _quoted(str(field.column))


def _quoted(name: str) -> str:
    return sql.connect().ops.quote_name(name)


def _sets(cells: Cells) -> tuple[str, str, list[object]]:
    """Return the assignments, the condition that one of them changes something, and the parameters of the first.

    A lead gets a cell where it is filled, else keeps what it has, unless its subject changes.
    """
    own = _fields()
    told = [name for name in cells if name != "crm_id"]
    table = _names()["L"]
    differs = "IS DISTINCT FROM" if sql.connect().vendor == "postgresql" else "IS NOT"
    sets, changes = [], []
    for name in dict.fromkeys([*told, *(verdict for verdict, (subject, _) in _VERDICTS.items() if subject in told)]):
        column = _column(own[name])
        kept = before = f"{table}.{column}"
        subject, blank = _VERDICTS.get(name, ("", ""))
        if subject in told:
            kept = f"CASE WHEN {_cell(subject)} <> {table}.{_column(own[subject])} THEN {blank} ELSE {kept} END"
        sets.append(f"{column} = " + (f"COALESCE({_cell(name)}, {kept})" if name in told else kept))
        if name in told:
            changes.append(f"COALESCE({_cell(name)}, {before}) {differs} {before}")
    times = [field for field in own.values() if getattr(field, "auto_now", False)]
    sets += [f"{_column(field)} = %s" for field in times]
    lead = Lead()
    return ", ".join(sets), " OR ".join(changes), [_stored(field, field.pre_save(lead, add=False)) for field in times]
