"""A CRM that is not ours, with the package from its wheel: its own tables, server and database; every row is compared.

What it is made of stands in ``project/``; it is copied away, and runs where nothing of this checkout can be imported.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
from pathlib import Path

import environ
import psycopg
import pytest
from psycopg import sql

from examples.demo.processes import Programs, answers, free_ports, tails
from tests import services
from tests.wheels import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

# Contacts that are another one's once more, so that the table refuses their address.
TWINS = (1901, 1903)
SQLITE = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL;"}
# Where the package comes from, and what else of ours can be imported.
WHERE = """
import importlib.util, json, sys
names = ("enrow_webhooks", "leads", "tests", "examples", "config", "benchmarks")
found = [spec.origin or "" for name in names if (spec := importlib.util.find_spec(name))]
print(json.dumps([sys.prefix, found]))
"""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    """A new database for the CRM, as Django's settings name it."""
    if request.param == "sqlite":
        yield {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "crm.sqlite3"), "OPTIONS": SQLITE}
        return
    if not services.postgres_answers():
        (pytest.fail if services.must_run("postgres") else pytest.skip)(services.HELP["postgres"])
    name = f"foreign_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(services.POSTGRES_URL, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield environ.Env.db_url_config(services.POSTGRES_URL) | {"NAME": name}
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class Crm:
    """The project in a folder of its own, with the programs that run beside it."""

    def __init__(self, python: str, folder: Path, programs: Programs) -> None:
        self.python = python
        self.folder = folder
        self.programs = programs

    def manage(self, *words: str) -> str:
        """Run a command of the project; return what it printed. Fails the test when it fails."""
        done = subprocess.run(
            [self.python, "manage.py", *words],
            cwd=self.folder,
            env=os.environ | self.programs.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=200,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}\n{tails(self.programs.logs)}"
        return done.stdout

    def buy(self, *models: str) -> tuple[int, int]:
        """Ask for all that these tables lack, and wait for it; return how many were bought, and how many came free."""
        said = self.manage("buy", *(f"crm.{model}" for model in models))
        searched, shared, reused = (
            sum(map(int, re.findall(rf"(\d+) {word}", said))) for word in ("searched", "shared", "reused")
        )
        return searched, shared + reused

    def start(self, name: str, *words: str, port: int = 0, path: str = "") -> None:
        """Start a command of the project that stays up; wait until its port answers."""
        program = self.programs.start(name, [self.python, "manage.py", *words])
        if port:
            self.programs.wait_for(program, lambda: answers(port, path))


@pytest.fixture
def crm(python, tmp_path, database, monkeypatch):
    """The project as it was before it met us: its own tables, full. Sandbox, site and sweep are not started yet."""
    for name in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTHONWARNINGS"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "crm"
    shutil.copytree(Path(__file__).parent / "project", folder, ignore=shutil.ignore_patterns("__pycache__"))
    sandbox, site = free_ports(2)
    enrow = {
        "API_KEY": "any",
        "BASE_URL": f"http://127.0.0.1:{sandbox}",
        "WEBHOOK_ORIGIN": f"http://127.0.0.1:{site}",
        # Several search jobs, and several events, for each table and kind.
        "BATCH_SIZE": 700,
        "POSTS_PER_SECOND": 50,
    }
    here = "127.0.0.1,localhost"
    environment = {
        "CRM_DATABASE": json.dumps(database),
        "CRM_ENROW": json.dumps(enrow),
        "NO_PROXY": here,
        "no_proxy": here,
        "PYTHONUNBUFFERED": "1",
    }
    with Programs(cwd=folder, logs=tmp_path / "logs", environment=environment) as programs:
        crm = Crm(python, folder, programs)
        crm.manage("migrate", "crm", "--verbosity", "0")
        crm.manage("fill_crm")
        yield crm, sandbox, site


def test_a_crm_that_is_not_ours_is_enriched_and_every_row_is_true(crm):
    """All kinds of search for 2,000 rows of three shapes, by webhooks over HTTP, without a broker.

    Each row ends with what Enrow knows of that person, whom nobody buys twice; its tables stay as they were.
    """
    crm, sandbox, site = crm
    prefix, origins = json.loads(crm.manage("shell", "--verbosity", "0", "-c", WHERE))
    assert [Path(origin).is_relative_to(prefix) for origin in origins[:2]] == [True, True], origins
    assert not [origin for origin in origins[2:] if Path(origin).is_relative_to(ROOT)], origins
    tables = json.loads(crm.manage("describe"))
    assert tables[1:] == [["crm_audit"], ["0001_initial", "0002_audit"]]

    crm.manage("migrate", "--verbosity", "0")
    assert "No changes detected" in crm.manage("makemigrations", "--check", "--dry-run")
    crm.manage("check")
    account = ["--delay", "0.3", "--credits", "10000000"]
    crm.start("sandbox", "enrow_sandbox", "--port", str(sandbox), *account, port=sandbox, path="/_sandbox/state")
    crm.start("site", "runserver", "--noreload", f"127.0.0.1:{site}", port=site, path="/")
    crm.start("sweep", "enrow_sweep", "--every", "0.3")

    # At one time, so that they share what is under way; persons find what was bought.
    assert crm.buy("Contact", "Candidate") == (7266, 174)
    assert crm.buy("Person") == (3912, 88)
    crm.manage("compare")
    # Only who was refused is tried again, and refused again.
    assert crm.buy("Contact", "Candidate", "Person") == (0, len(TWINS))
    crm.manage("compare")
    assert json.loads(crm.manage("describe")) == tables
    assert "Traceback" not in tails(crm.programs.logs, lines=10_000)
