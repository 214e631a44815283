"""Tests that need a server: skipped with advice on a machine without it, failed on CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Nobody listens on the discard port.
NO_REDIS = "redis://127.0.0.1:9/0"


@pytest.mark.slow
@pytest.mark.parametrize(("ci", "code", "verdict"), [("", 0, "SKIPPED"), ("true", 1, "ERROR")])
def test_a_missing_server_skips_with_advice_and_fails_on_ci(ci, code, verdict):
    """Who has no Redis reads how to get one; CI never passes because a test did not run."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "redis", "tests/enrow_webhooks/test_connect.py"],
        cwd=ROOT,
        env=os.environ | {"TEST_REDIS_URL": NO_REDIS, "CI": ci},
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )

    assert done.returncode == code, done.stdout
    assert verdict in done.stdout
    assert "Redis does not answer; start one and name it in TEST_REDIS_URL" in done.stdout


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_the_probe_tells_by_its_exit_code(name):
    """``make test`` asks before it runs the tests on PostgreSQL; a server that is away has its sentence."""
    nowhere = {"TEST_REDIS_URL": NO_REDIS, "TEST_DATABASE_URL": "postgres://nobody@127.0.0.1:9/none"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.services", name],
        cwd=ROOT,
        env=os.environ | nowhere,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr.startswith(("PostgreSQL does not answer; start one", "Redis does not answer; start one"))
    assert "Traceback" not in done.stderr
