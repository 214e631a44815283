"""A database that cannot hold what the apps promise is refused by ``check`` and ``migrate``, before it is touched."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import pytest
from django.core.checks import run_checks
from django.core.checks.registry import registry
from django.db import connection
from django.db.backends.postgresql.psycopg_any import IsolationLevel

from enrow_webhooks import checks as enrow_webhooks_checks
from leads import checks as leads_checks
from leads import isolation
from tests.commands import run, run_process
from tests.enrow_webhooks.support import ROOT

SETTINGS = """
from tests.settings import *
DATABASES = {{
    "default": {{"ENGINE": "{default}", "NAME": {folder!r} + "/default.sqlite3"}},
    "other": {{"ENGINE": "{other}", "NAME": {folder!r} + "/other.sqlite3"}},
}}
DATABASE_ROUTERS = {routers}
{more}
"""
ROUTER = """
class Router:
    def db_for_write(self, model, **hints):
        return "other" if model._meta.app_label in {labels} else None
"""
SQLITE = "django.db.backends.sqlite3"
MYSQL = "tests.backends.mysql"


@pytest.fixture
def manage(tmp_path):
    """Run ``manage.py`` in a project with two databases, whose router sends the labels to the other one."""

    def run(*arguments, default=SQLITE, other=SQLITE, labels=(), more=""):
        routers = ["several_router.Router"] if labels else []
        (tmp_path / "several_router.py").write_text(ROUTER.format(labels=labels))
        (tmp_path / "several.py").write_text(
            SETTINGS.format(default=default, other=other, folder=str(tmp_path), routers=routers, more=more)
        )
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "several", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
        return subprocess.run(
            [sys.executable, ROOT / "manage.py", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


def codes(done) -> set[str]:
    """Return the ids of the errors that a command stopped with."""
    return {word.strip("()") for word in done.stderr.split() if word.startswith("(enrow.E")}


def is_untouched(file) -> bool:
    """Tell whether no table was made."""
    return not file.exists() or file.stat().st_size == 0


# The product.


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "migrate"])
@pytest.mark.parametrize(("vendor", "name"), [("mysql", "MySQL or MariaDB"), ("oracle", "oracle")])
def test_another_product_is_refused_before_it_has_tables(manage, tmp_path, command, vendor, name):
    """Django itself makes the tables there, without the indexes that keep a person from being bought twice."""
    done = manage(command, default=f"tests.backends.{vendor}")
    assert (done.returncode, codes(done)) == (1, {"enrow.E010", "enrow.E106"})
    assert f"The database 'default' is {name}" in done.stderr
    assert "bought twice" in done.stderr
    assert "HINT: Use PostgreSQL" in done.stderr
    assert is_untouched(tmp_path / "default.sqlite3")


@pytest.mark.parametrize("check", [enrow_webhooks_checks.check_databases, leads_checks.check_databases])
def test_the_product_is_told_without_a_connection(check):
    """A build that has no database can run the checks; pytest-django lets this test open none."""
    assert check() == []
    assert check in registry.get_checks()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (["enrow_webhooks"], {"enrow.E010"}),
        (["leads"], {"enrow.E106"}),
        (["enrow_webhooks", "leads"], {"enrow.E010", "enrow.E106"}),
        (["auth"], set()),
        ([], set()),
    ],
)
def test_what_counts_is_where_the_router_sends_our_rows(manage, labels, found):
    """A project may keep its other apps in whatever it likes."""
    done = manage("check", other=MYSQL, labels=labels)
    assert (done.returncode, codes(done)) == (1 if found else 0, found)


@pytest.mark.slow
def test_a_lead_model_of_ones_own_counts_too(manage):
    """Its rows are joined with ours."""
    done = manage("check", other=MYSQL, labels=["crm"], more='ENROW = ENROW | {"LEAD_MODEL": "crm.Contact"}')
    assert codes(done) == {"enrow.E106"}


@pytest.mark.slow
def test_our_tables_are_not_made_in_another_product(manage, tmp_path):
    """``migrate --database`` would make them wherever no router forbids it; with one it goes on."""
    assert codes(manage("migrate", "--database", "other", other=MYSQL)) == {"enrow.E010", "enrow.E106"}
    assert is_untouched(tmp_path / "other.sqlite3")
    allow = "    def allow_migrate(self, db, label, **hints): return label not in ('enrow_webhooks', 'leads', 'crm')"
    (tmp_path / "strict.py").write_text(f"class Router:\n{allow}\n")
    more = "DATABASE_ROUTERS = ['strict.Router']"
    done = manage("migrate", "--database", "other", other=MYSQL, more=more)
    assert (done.returncode, codes(done)) == (0, set()), done.stderr


@pytest.mark.slow
def test_a_project_without_a_database_is_not_told_about_products(manage):
    """Django says at the first query that there is none."""
    done = manage("check", more="DATABASES = {}")
    assert (done.returncode, codes(done)) == (0, set()), done.stderr


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


POSTGRES = """
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "x", "HOST": "127.0.0.1", "PORT": "9",
                          "OPTIONS": {options}}}}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "migrate"])
@pytest.mark.parametrize(
    ("options", "name"),
    [
        ('{"isolation_level": 3}', "REPEATABLE READ"),
        ('{"options": "-cdefault_transaction_isolation=serializable"}', "SERIALIZABLE"),
    ],
)
def test_an_isolation_level_in_the_settings_is_refused(manage, command, options, name):
    """Planners that race would pass the daily limit together; nothing has to listen at the address to be told so."""
    done = manage(command, more=POSTGRES.format(options=options))
    assert (done.returncode, codes(done)) == (1, {"enrow.E107"}), done.stderr
    assert f"The database 'default' runs transactions as {name}" in done.stderr
    assert 'OPTIONS["isolation_level"] = IsolationLevel.READ_COMMITTED' in done.stderr


@pytest.mark.slow
def test_a_database_that_is_down_is_no_failure_of_a_check(manage):
    """What needs the database says itself that it does not answer."""
    done = manage("check", "--database", "default", more=POSTGRES.format(options="{}"))
    assert (done.returncode, codes(done)) == (0, set()), done.stderr


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
