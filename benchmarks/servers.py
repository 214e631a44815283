"""The servers of a benchmark: a database and a queue of its own, gunicorn, a worker; nothing is left behind."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from benchmarks.processes import children, cpu_seconds

ROOT = Path(__file__).resolve().parents[1]
GUNICORN = ("--workers", "2", "--threads", "4", "--worker-class", "gthread", "--keep-alive", "5", "--timeout", "60")
TABLES = ("enrow_webhooks_webhookevent", "rivals_bareevent", "rivals_handevent")
_PATIENCE = 60.0


class BenchmarkError(Exception):
    """Something that the benchmark needs is missing; the text says what."""


@dataclass(slots=True, kw_only=True)
class Ground:
    """Where one run of the benchmark stands."""

    folder: Path
    environment: Mapping[str, str]
    database: psycopg.Connection[tuple[object, ...]]
    broker: redis.Redis
    queue: str
    port: int
    # The process of gunicorn, once it runs.
    site_pid: int = 0

    def manage(self, *arguments: str) -> str:
        """Run a management command; return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchmarkError(f"manage.py {arguments[0]} failed: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def empty(self) -> None:
        """Empty the tables and the queue."""
        self.broker.delete(self.queue)
        self.database.execute(f"TRUNCATE {', '.join(TABLES)}")

    def cpu_seconds(self) -> float:
        """Return the processor time that gunicorn and its database connections have used; 0 where there is no /proc."""
        rows = self.database.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()").fetchall()
        pids = [int(str(pid)) for (pid,) in rows if pid != self.database.info.backend_pid]
        return sum(map(cpu_seconds, [*pids, *children(self.site_pid)]))

    def messages(self) -> int:
        """Return how many Celery messages wait in the queue."""
        return int(str(self.broker.llen(self.queue)))

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        [[count]] = self.database.execute(f"SELECT count(*) FROM {table}").fetchall()
        return int(str(count))

    @contextlib.contextmanager
    def site(self) -> Iterator[None]:
        """Run gunicorn until the block ends."""
        command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}", *GUNICORN,
                   "--log-level", "warning", "--no-control-socket"]  # fmt: skip
        with self.program("gunicorn", command) as self.site_pid:
            wait_until("gunicorn", lambda: answers(self.port, "/admin/login/"))
            yield

    @contextlib.contextmanager
    def worker(self, *options: str, processes: int = 1) -> Iterator[int]:
        """Run one Celery worker until the block ends; give its process id."""
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--concurrency", str(processes),
                   "--loglevel", "WARNING", "-Q", self.queue, "--without-gossip", "--without-mingle"]  # fmt: skip
        with self.program("worker", [*command, *options]) as pid:
            time.sleep(5)
            yield pid

    @contextlib.contextmanager
    def program(self, name: str, command: list[str]) -> Iterator[int]:
        """Run a program until the block ends, its output in a log; give its process id."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(30)


def answers(port: int, path: str) -> bool:
    """Tell whether a program of this machine answers a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.suppress(OSError), contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status < 500
    return False


def wait_until(name: str, is_ready: Callable[[], bool]) -> None:
    """Wait until a program answers. Raises BenchmarkError when it does not in a minute."""
    deadline = time.monotonic() + _PATIENCE
    while not is_ready():
        if time.monotonic() > deadline:
            raise BenchmarkError(f"{name} does not answer.")
        time.sleep(0.1)


def new_parser(about: str | None, *, small: str) -> argparse.ArgumentParser:
    """Return a parser of what every benchmark knows; ``small`` says what that size means."""
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--small", action="store_true", help=small)
    parser.add_argument("--no-save", action="store_true", help="write nothing into benchmarks/results/")
    parser.add_argument(
        "--database",
        default=os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
        help="a PostgreSQL on this machine; a database is created beside this one, and dropped",
    )
    parser.add_argument("--redis", default=os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9"))
    return parser


@contextlib.contextmanager
def prepared(
    *, database_url: str, redis_url: str, folder: Path, port: int, middleware: bool = True
) -> Iterator[Ground]:
    """Give the ground of one run, with a database of its own; both are gone at the end."""
    name = f"benchmark_{secrets.token_hex(4)}"
    url = urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "DJANGO_SECRET_KEY": secrets.token_hex(32),
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
        "DJANGO_LOG_LEVEL": "WARNING",
        "DJANGO_VAR_DIR": str(folder),
        "DATABASE_URL": url,
        "CELERY_BROKER_URL": redis_url,
        "BENCHMARK_QUEUE": name,
        "BENCHMARK_NO_MIDDLEWARE": "" if middleware else "1",
        # Nobody: no event of the benchmark may reach the real Enrow.
        "ENROW_BASE_URL": "http://127.0.0.1:9",
        "ENROW_API_KEY": "benchmark",
    }
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(psycopg.connect(database_url, autocommit=True))
        server.execute(f'CREATE DATABASE "{name}"')
        stack.callback(server.execute, f'DROP DATABASE "{name}" WITH (FORCE)')
        database = stack.enter_context(psycopg.connect(url, autocommit=True))
        broker = stack.enter_context(redis.Redis.from_url(redis_url))
        stack.callback(broker.delete, name)
        yield Ground(
            folder=folder, environment=environment, database=database, broker=broker, queue=name, port=port
        )  # fmt: skip
