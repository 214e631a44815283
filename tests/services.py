"""The servers that some tests need, and the sentence for who runs the tests without them.

``python -m tests.services postgres`` tells by its exit code whether the server answers.
"""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import sys

import psycopg
import pytest
import redis
from django.db import connection

POSTGRES_URL = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
IS_CI = bool(os.environ.get("CI"))


@functools.cache
def postgres_answers() -> bool:
    """Tell whether PostgreSQL lets us in at TEST_DATABASE_URL."""
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@functools.cache
def redis_answers() -> bool:
    """Tell whether Redis lets us in at TEST_REDIS_URL."""
    try:
        with redis.Redis.from_url(REDIS_URL, socket_connect_timeout=2, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def chromium_is_there() -> bool:
    """Tell whether there is a browser that a program can drive."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


ANSWERS = {"postgres": postgres_answers, "redis": redis_answers, "chromium": chromium_is_there}
HELP = {
    "chromium": "There is no Chromium with its driver; on Debian: apt-get install chromium chromium-driver.",
    "postgres": "PostgreSQL does not answer; start one and name it in TEST_DATABASE_URL, like postgres://user@host/database.",
    "redis": "Redis does not answer; start one and name it in TEST_REDIS_URL, like redis://127.0.0.1:6379/9.",
}


def why_not(name: str) -> str:
    """Return the sentence why tests that need this server cannot run here and now; blank when they can."""
    if not ANSWERS[name]():
        return HELP[name]
    if name == "postgres" and connection.vendor != "postgresql":
        return "This run is on SQLite; set DATABASE_URL to a PostgreSQL, or use make test, which runs on both."
    return ""


def restart_of_postgres() -> list[str]:
    """Return the command that restarts PostgreSQL; skip the test where it may not be restarted, on CI fail."""
    command = shlex.split(os.environ.get("TEST_POSTGRES_RESTART", ""))
    if not command:
        reason = "Set TEST_POSTGRES_RESTART to the command that restarts the server of TEST_DATABASE_URL."
        (pytest.fail if IS_CI else pytest.skip)(reason)
    return command


def must_run(name: str) -> bool:
    """Tell whether a test may not be skipped: on CI every server is there, and make test runs on both databases."""
    return IS_CI and not ANSWERS[name]()


def main(names: list[str]) -> int:
    """Return 0 when all of the named servers answer, else say which does not."""
    missing = [name for name in names if not ANSWERS[name]()]
    for name in missing:
        print(HELP[name], file=sys.stderr)
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
