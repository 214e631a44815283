"""The isolation level of transactions: so far the caps hold under READ COMMITTED only.

A transaction of a higher level sees the rows as they were when it began. A planner that waited for the lock would sum
what others had spent before, and pass the cap.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.core.checks import Error
from django.db import connections, transaction
from django.utils.module_loading import import_string

from leads import sql

_TOO_HIGH = frozenset({"repeatable read", "serializable"})
# As libpq hands it to the server; a backslash keeps the space of "repeatable read".
_IN_TEXT = re.compile(r"(?:-c\s*|--)default[-_]transaction[-_]isolation=((?:\\.|[^\s\\])+)", re.IGNORECASE)
# Of Django, which documents it; its numbers differ between the drivers.
_LEVELS = "django.db.backends.postgresql.psycopg_any.IsolationLevel"


def by_settings() -> list[Error]:
    """Return the error of a level that is set in DATABASES; nothing is connected."""
    connection = connections[sql.alias()]
    if connection.vendor != "postgresql":
        return []
    return _errors(configured(connection.settings_dict["OPTIONS"]))


def by_connection() -> list[Error]:
    """Return the error of a level that only the server knows, set for a role, a database or all; asks it."""
    if sql.connect().vendor != "postgresql" or by_settings():
        return []
    return _errors(measured())


def configured(options: Mapping[str, object]) -> str:
    """Return the level that OPTIONS of a PostgreSQL set, like "serializable"; blank when the server decides."""
    if "isolation_level" in options:
        return _name(options["isolation_level"])
    found = _IN_TEXT.findall(str(options.get("options")))
    return re.sub(r"\\(.)", r"\1", found[-1]).lower() if found else ""


def _name(level: object) -> str:
    try:
        name: str = import_string(_LEVELS)(level).name
    except ValueError:
        return ""  # Django refuses it itself, at the first connection.
    return name.lower().replace("_", " ")


def measured() -> str:
    """Return the level that a transaction has, wherever it was set."""
    with transaction.atomic(using=sql.alias()):
        [[level]] = sql.fetch("SHOW transaction_isolation", ())
    return str(level)


def _errors(level: str) -> list[Error]:
    if level not in _TOO_HIGH:
        return []
    return [
        Error(
            f"The database {sql.alias()!r} runs transactions as {level.upper()}: searches that are planned at the same "
            "time can pass the daily limit and the balance together, or fail.",
            hint='Set READ COMMITTED for this alias: OPTIONS["isolation_level"] = IsolationLevel.READ_COMMITTED, from '
            "django.db.backends.postgresql.psycopg_any; it wins over the server's own level. This limit is temporary: "
            "a later version will plan under every level.",
            id="enrow.E107",
        )
    ]
