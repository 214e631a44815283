"""A database that cannot hold what the apps promise is refused by ``check`` and ``migrate``, before it is touched."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.checks.registry import registry

from enrow_webhooks import checks as enrow_webhooks_checks
from leads import checks as leads_checks
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


POSTGRES = """
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "x", "HOST": "127.0.0.1", "PORT": "9",
                          "OPTIONS": {options}}}}}
"""


@pytest.mark.slow
def test_a_database_that_is_down_is_no_failure_of_a_check(manage):
    """What needs the database says itself that it does not answer."""
    done = manage("check", "--database", "default", more=POSTGRES.format(options="{}"))
    assert (done.returncode, codes(done)) == (0, set()), done.stderr
