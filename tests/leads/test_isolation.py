"""The isolation level that the outbox needs: as the settings say it, and as the server does."""

from __future__ import annotations

import contextlib

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.db.backends.postgresql.psycopg_any import IsolationLevel

from leads import isolation
from tests.commands import run, run_process

# The isolation level.

SERIALIZABLE = {"isolation_level": IsolationLevel.SERIALIZABLE}
BY_SERVER = r"-c statement_timeout=5000 -c default_transaction_isolation=repeatable\ read"


@pytest.mark.parametrize(
    ("options", "level"),
    [
        ({}, ""),
        ({"isolation_level": IsolationLevel.READ_COMMITTED}, "read committed"),
        ({"isolation_level": IsolationLevel.REPEATABLE_READ}, "repeatable read"),
        (SERIALIZABLE, "serializable"),
        ({"isolation_level": IsolationLevel.SERIALIZABLE.value}, "serializable"),
        ({"isolation_level": "nonsense"}, ""),
        ({"isolation_level": None}, ""),
        ({"options": None}, ""),
        ({"options": BY_SERVER}, "repeatable read"),
        ({"options": "-cdefault_transaction_isolation=serializable"}, "serializable"),
        ({"options": "--default-transaction-isolation=SERIALIZABLE"}, "serializable"),
        ({"options": "-c Default_Transaction_Isolation=serializable -c lock_timeout=5"}, "serializable"),
        ({"options": r"-c default_transaction_isolation=read\ committed"}, "read committed"),
        ({"options": BY_SERVER + r" -c default_transaction_isolation=read\ committed"}, "read committed"),
        ({"options": "-c my.default_transaction_isolation=serializable"}, ""),
        # What Django sends with each transaction wins over what the connection began with.
        ({"options": BY_SERVER, "isolation_level": IsolationLevel.READ_COMMITTED}, "read committed"),
    ],
)
def test_the_isolation_level_is_read_from_the_settings(options, level):
    """As Django's own setting, and in the words for libpq and the server."""
    assert isolation.configured(options) == level


@contextlib.contextmanager
def level_of_the_server(level):
    """The test's own database says the level, as a role or a server may; every connection begins with it."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = '{level}'")
    connection.close()
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} RESET default_transaction_isolation")
        connection.close()


def told():
    """Return what the checks of the default database say about isolation."""
    return [message.msg for message in run_checks(databases=["default"]) if message.id == "enrow.E107"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_an_isolation_level_of_the_server_is_refused(sandbox, level):
    """Only a connection can tell: ``migrate``, ``check --database`` and the doctor ask, in the same words."""
    assert told() == []
    with level_of_the_server(level):
        [sentence] = told()
        assert f"runs transactions as {level.upper()}" in sentence
        assert [message for message in run_checks() if message.id == "enrow.E107"] == []
        for command in (["migrate"], ["check", "--database", "default"]):
            done = run_process(*command)
            assert done.code == 1
            assert sentence in done.err
        assert sentence in run("enrow_doctor").out
    assert sentence not in run("enrow_doctor").out


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_level_that_the_hint_names_is_one_that_helps(sandbox, monkeypatch):
    """With it in OPTIONS transactions are READ COMMITTED, whatever the server says; and nothing more is told."""
    with level_of_the_server("serializable"):
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", IsolationLevel.READ_COMMITTED)
        connection.close()
        assert isolation.measured() == "read committed"
        assert told() == []
    connection.close()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_the_settings_say_is_not_told_twice(sandbox, monkeypatch):
    """One error, though settings and connection both show it."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", IsolationLevel.SERIALIZABLE)
    connection.close()
    try:
        assert len(told()) == 1
        assert run("enrow_doctor").out.count("runs transactions as") == 1
    finally:
        connection.close()
