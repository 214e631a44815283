"""Which databases our rows go to, and whether they can hold them: told from the settings, nothing is connected."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import connections, router
from django.db.models import Model

SUPPORTED = frozenset({"postgresql", "sqlite"})
# Its backend can tell the two apart only by asking the server.
_NAMES = {"mysql": "MySQL or MariaDB"}
# Django's stand-in where no database is set; Django says so itself at the first query.
_NONE = "django.db.backends.dummy"

Models = Collection[type[Model]]


def models_of(label: str) -> list[type[Model]]:
    """Return the models of one of our apps."""
    return list(apps.get_app_config(label).get_models())


def written(models: Models) -> set[str]:
    """Return the aliases that rows of these models are written to."""
    return {router.db_for_write(model) for model in models}


def created(models: Models, aliases: Iterable[str] | None) -> set[str]:
    """Return those of the aliases in which ``migrate`` makes tables of these models."""
    return {alias for alias in aliases or () if any(router.allow_migrate_model(alias, model) for model in models)}


def refused(aliases: Iterable[str], *, app: str, reason: str, code: str) -> Iterator[CheckMessage]:
    """Yield an error for each alias that is another product than those that we know and test."""
    for alias in sorted(aliases):
        if name := other_product(alias):
            yield Error(
                f"The database {alias!r} is {name}; {app} runs on PostgreSQL and SQLite only: {reason}.",
                hint=f"Use PostgreSQL, or SQLite on one machine. Other apps may stay where they are: send {app} to an "
                "alias of its own with a database router (db_for_read, db_for_write and allow_migrate).",
                id=code,
            )


def other_product(alias: str) -> str:
    """Return what the database is when it is none of those that we know and test; blank when it is one of them."""
    connection = connections[alias]
    if connection.vendor in SUPPORTED or connection.settings_dict["ENGINE"] == _NONE:
        return ""
    return _NAMES.get(connection.vendor, connection.vendor)
