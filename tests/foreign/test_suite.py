"""A project that is not ours tests its own code with the plugin of the wheel: pytest, unittest, several processes.

What it is made of stands in ``suite/``; it is copied away, and finds the plugin by its entry point alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import environ
import pytest

from tests import services

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

# Of the test that forgot the fixture both the call and its end fail, as expected.
OUTCOMES = {"passed": 23, "xfailed": 2}


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    """What the project's tests run on; the runners make databases of their own beside it, and drop them."""
    if request.param == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    if not services.postgres_answers():
        (pytest.fail if services.must_run("postgres") else pytest.skip)(services.HELP["postgres"])
    return environ.Env.db_url_config(services.POSTGRES_URL) | {"TEST": {"NAME": f"suite_{os.getpid()}"}}


@pytest.fixture
def suite(python, tmp_path, database):
    """Run a command of the project; return what it said. Fails the test when it fails."""
    folder = tmp_path / "acme"
    shutil.copytree(Path(__file__).parent / "suite", folder, ignore=shutil.ignore_patterns("__pycache__"))
    left_out = ("DJANGO_", "PYTEST_", "ENROW_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    clean = {name: value for name, value in clean.items() if name not in {"PYTHONPATH", "PYTHONWARNINGS"}}

    def run(*words):
        done = subprocess.run(
            [python, *words],
            cwd=folder,
            env=clean | {"ACME_DATABASE": json.dumps(database)},
            check=False,
            capture_output=True,
            text=True,
            timeout=250,
            stdin=subprocess.DEVNULL,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said

    return run


def outcomes(said):
    return {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error|xfailed)", said)}


def test_pytest_in_one_process_and_in_several(suite, database):
    """Every test of the project passes in both, and the one that forgot the fixture meets nobody."""
    several = suite("-m", "pytest", "-n", "2", "-p", "no:randomly")
    assert "2 workers" in several, several
    assert outcomes(several) == OUTCOMES
    if database["ENGINE"].endswith("sqlite3"):  # once is enough
        alone = suite("-m", "pytest", "-p", "no:randomly")
        assert "enrow" in alone.partition("plugins:")[2].splitlines()[0], alone
        assert outcomes(alone) == OUTCOMES


def test_unittest(suite):
    """``manage.py test``, without pytest."""
    assert "Ran 3 tests" in suite("manage.py", "test", "--noinput")
