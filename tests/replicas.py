"""A replica that lags behind for ever: it has the tables, and none of the rows; reads of a project go there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import override_settings

REPLICA = "replica"


class ReadsFromReplica:
    """The usual router of a project with replicas."""

    def db_for_read(self, model: object, **hints: object) -> str:
        return REPLICA

    def db_for_write(self, model: object, **hints: object) -> str:
        return "default"

    def allow_relation(self, first: object, second: object, **hints: object) -> bool:
        return True


@contextlib.contextmanager
def lagging_replica(folder: Path) -> Iterator[None]:
    """Send reads to a second database, a file or of the same server, in which nothing ever arrives."""
    name = f"{Path(connection.settings_dict['NAME']).stem}_replica"
    if connection.vendor == "postgresql":
        _execute(f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
    else:
        name = str(folder / "replica.sqlite3")
    connections.databases[REPLICA] = connection.settings_dict | {"NAME": name}
    routers = override_settings(DATABASE_ROUTERS=[*settings.DATABASE_ROUTERS, "tests.replicas.ReadsFromReplica"])
    try:
        with mock.patch.object(BaseDatabaseWrapper, "ensure_connection", _connect):
            call_command("migrate", database=REPLICA, verbosity=0)
            with routers:
                yield
    finally:
        connections[REPLICA].close()
        del connections[REPLICA]
        del connections.databases[REPLICA]
        if connection.vendor == "postgresql":
            _execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _connect(wrapper: BaseDatabaseWrapper) -> None:
    """Connect as Django does; its tests allow no database that was not there when they began."""
    if wrapper.connection is None:
        with wrapper.wrap_database_errors:
            wrapper.connect()


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
