"""Write many rows of a file onto the leads, by one statement for those that are there and one for the new ones.

An upsert would bring a lead back that somebody deletes at this moment; reading first and writing later would undo a
person's edit. The values of the fields that a file leaves out are computed once per batch, as ``save()`` would.
"""

from __future__ import annotations

import itertools
from typing import Any

from django.db.models import CharField, Field

from leads import sql
from leads.csvfiles.fields import CRM_ID
from leads.csvfiles.outcome import Cells
from leads.csvfiles.target import Target, is_made
from leads.kinds import VALUES

# Values that one query asks for.
ASKED = 5000
_NEVER = "1 = 0"
# What tells one person from another.
NAMES = ("firstname", "lastname", "fullname")
_KNOWN_BY = ("company_name", "company_domain", "linkedin_url")
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
    SELECT r.* FROM {rows} JOIN {L} ON {L}.{key} = {cell} WHERE {changes} ORDER BY {L}.{key} {lock}
) r WHERE {L}.{key} = {cell} RETURNING {L}.{key}
"""
# A lead that is there already is left out before the database makes up a key; the conflict is for who comes meanwhile.
# Asked by value: NOT EXISTS is answered by reading all leads for each batch, until there are half a million.
_INSERT = """
INSERT INTO {L} ({columns}) SELECT {values} FROM {rows}
WHERE (SELECT l.{key} FROM {L} l WHERE l.{key} = {cell} LIMIT 1) IS NULL
ORDER BY {cell} ON CONFLICT ({key}) DO NOTHING
"""
# The same on PostgreSQL, with who is spared: to ask for them by a statement of its own would read all rows again.
_UPDATE_SPARING = """
WITH r AS MATERIALIZED (
    SELECT r.*, COALESCE({doubt}, false) AS is_doubtful FROM {rows} JOIN {L} ON {L}.{key} = {cell}
    WHERE {changes} ORDER BY {L}.{key} {lock}
), changed AS (
    UPDATE {L} SET {sets} FROM r WHERE {L}.{key} = {cell} AND NOT r.is_doubtful RETURNING {L}.{key}
)
SELECT {key}, false FROM changed UNION ALL SELECT {cell}, true FROM r WHERE r.is_doubtful
"""
_OTHERS = "SELECT {L}.{key} FROM {rows} JOIN {L} ON {L}.{key} = {cell} WHERE {condition}"
# The database makes up the keys.
_INSERT_NEW = "INSERT INTO {L} ({columns}) SELECT {values} FROM {rows}"


def update(target: Target, cells: Cells) -> set[Any]:
    """Write each row's filled cells onto the lead with its key; None leaves what the lead has.

    Return the keys of the leads that changed, as the database returns them.
    """
    sets, changes, params = _sets(target, cells)
    table = _table(target, cells)
    text = _UPDATE.format(sets=sets, changes=changes, rows=table.text, lock=_lock(target), **_words(target))
    return {key for (key,) in sql.fetch(text, [*params, *table.params])}


def update_sparing(target: Target, cells: Cells) -> tuple[set[Any], set[Any]]:
    """Do the same, but for leads that may be other people than the rows; return who changed, and who they are."""
    condition = _is_another(target, cells)
    if condition == _NEVER:
        return update(target, cells), set()
    if sql.connect().vendor != "postgresql":
        doubtful = others(target, cells)
        kept = [key not in doubtful for key in cells[CRM_ID]]
        some = {name: list(itertools.compress(values, kept)) for name, values in cells.items()} if doubtful else cells
        return update(target, some) if some[CRM_ID] else set(), doubtful
    sets, changes, params = _sets(target, cells)
    table = _table(target, cells)
    text = _UPDATE_SPARING.format(
        sets=sets, changes=changes, doubt=condition, rows=table.text, lock=_lock(target), **_words(target)
    )
    found = sql.fetch(text, [*table.params, *params])
    return {key for key, is_doubtful in found if not is_doubtful}, {key for key, is_doubtful in found if is_doubtful}


def _lock(target: Target) -> str:
    return sql.lock("FOR UPDATE OF {L}".format(**_names(target)))


def others(target: Target, cells: Cells) -> set[Any]:
    """Return the keys of the leads that may be other people than the rows with these keys: a closer look tells."""
    condition = _is_another(target, cells)
    if condition == _NEVER:
        return set()
    table = _table(target, cells)
    text = _OTHERS.format(rows=table.text, condition=condition, **_words(target))
    return {key for (key,) in sql.fetch(text, table.params)}


def _is_another(target: Target, cells: Cells) -> str:
    """Return the condition that a name differs, and a company or a profile that both have."""
    table = _names(target)["L"]
    told = {name: f"{table}.{_column(target.columns[name])}" for name in cells if name in target.columns}
    names = [f"{_cell(name)} <> {column}" for name, column in told.items() if name in NAMES]
    companies = [
        f"({column} <> '' AND {_cell(name)} <> {column})" for name, column in told.items() if name in _KNOWN_BY
    ]
    return f"({' OR '.join(names)}) AND ({' OR '.join(companies)})" if names and companies else _NEVER


def insert(target: Target, cells: Cells) -> int:
    """Create a lead for each row whose key no lead has, and return how many; None is the field's default.

    Without keys in the cells the database, or the field's default, makes them up.
    """
    cells = dict(cells) | _made_per_row(target, cells)
    template = target.mapping.model()
    values: dict[str, str] = {}
    params: list[object] = []
    for word, field in target.columns.items():
        if word not in cells and is_made(field):
            continue
        fallback = None if word == CRM_ID else _stored(field, field.pre_save(template, add=True))
        value = _cell(word) if word in cells else "NULL"
        if fallback is not None:
            value = f"COALESCE({value}, {_param(field)})"
            params.append(fallback)
        values[_column(field)] = value
    table = _table(target, cells)
    columns, picked = ", ".join(values), ", ".join(values.values())
    statement = _INSERT if CRM_ID in cells else _INSERT_NEW
    text = statement.format(columns=columns, values=picked, rows=table.text, **_words(target))
    return sql.run(text, [*params, *table.params])


def stored_key(target: Target, key: object) -> object:
    """Return a key as ``update`` returns it."""
    return _stored(target.columns[CRM_ID], key)


def _made_per_row(target: Target, cells: Cells) -> dict[str, list[Any]]:
    """Return the defaults that must differ from row to row, like the UUID of a key."""
    count = len(next(iter(cells.values())))
    return {
        word: [field.get_default() for _ in range(count)]
        for word, field in target.columns.items()
        if word not in cells and field.unique and field.has_default() and not is_made(field)
    }


def _words(target: Target) -> dict[str, str]:
    """Return what the statements call the table, the column with the key and the cell with it."""
    return {**_names(target), "key": _column(target.columns[CRM_ID]), "cell": _cell(CRM_ID)}


def _names(target: Target) -> dict[str, str]:
    return {"L": _quoted(target.mapping.model._meta.db_table)}


def _table(target: Target, cells: Cells) -> sql.Fragment:
    """Return the rows as the table ``r``, with a column for each field."""
    connection, own = sql.connect(), target.columns
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


def _sets(target: Target, cells: Cells) -> tuple[str, str, list[object]]:
    """Return the assignments, the condition that one of them changes something, and the parameters of the first.

    A lead gets a cell where it is filled, else keeps what it has, unless its subject changes.
    """
    own = target.columns
    told = [name for name in cells if name != CRM_ID]
    table = _names(target)["L"]
    differs = "IS DISTINCT FROM" if sql.connect().vendor == "postgresql" else "IS NOT"
    verdicts = (word for word, (subject, _) in _VERDICTS.items() if subject in told and word in own)
    sets, changes = [], []
    for name in dict.fromkeys([*told, *verdicts]):
        column = _column(own[name])
        kept = before = f"{table}.{column}"
        subject, blank = _VERDICTS.get(name, ("", ""))
        if subject in told:
            new, old = _cell(subject), f"{table}.{_column(own[subject])}"
            kept = f"CASE WHEN {new} IS NOT NULL AND {new} {differs} {old} THEN {blank} ELSE {kept} END"
        sets.append(f"{column} = " + (f"COALESCE({_cell(name)}, {kept})" if name in told else kept))
        if name in told:
            changes.append(f"COALESCE({_cell(name)}, {before}) {differs} {before}")
    times = [field for field in own.values() if getattr(field, "auto_now", False)]
    sets += [f"{_column(field)} = %s" for field in times]
    lead = target.mapping.model()
    return ", ".join(sets), " OR ".join(changes), [_stored(field, field.pre_save(lead, add=False)) for field in times]
