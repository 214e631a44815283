"""A database of its own for a benchmark that needs nothing else, and where its figures go."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import platform
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from benchmarks import report
from benchmarks.servers import ROOT, BenchmarkError

_SHOWN = ("server_version", "shared_buffers", "work_mem")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An empty database with the project's tables."""

    environment: dict[str, str]
    # Commits each statement.
    connection: psycopg.Connection[tuple[Any, ...]]

    def manage(self, *arguments: str) -> str:
        """Run a management command; return what it printed. Raises BenchmarkError when it fails."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchmarkError(f"manage.py {arguments[0]} failed: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def conditions(self, *, small: bool) -> dict[str, Any]:
        """Return date, machine and versions."""
        shown = {name: str(self.connection.execute(f"SHOW {name}").fetchall()[0][0]) for name in _SHOWN}
        return {
            "date": dt.datetime.now(dt.UTC).isoformat(timespec="minutes"),
            "size": "small" if small else "full",
            "cores": os.cpu_count(),
            "load before": round(os.getloadavg()[0], 2),
            "system": f"{platform.system()} {platform.machine()}",
            "Python": platform.python_version(),
            "Django": version("Django"),
            "PostgreSQL": shown.pop("server_version"),
            **shown,
        }


@contextlib.contextmanager
def own_database(url: str) -> Iterator[Database]:
    """Make a database beside the one that the URL names, with all tables; drop it at the end."""
    name = f"benchmark_{secrets.token_hex(4)}"
    own = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    environment = dict(os.environ) | {
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "DJANGO_SECRET_KEY": secrets.token_hex(32),
        "DJANGO_ALLOWED_HOSTS": "testserver",
        "DJANGO_LOG_LEVEL": "CRITICAL",
        "DATABASE_URL": own,
        # Nobody: nothing of a benchmark may reach the real Enrow.
        "ENROW_BASE_URL": "http://127.0.0.1:9",
        "ENROW_API_KEY": "benchmark",
    }
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(psycopg.connect(url, autocommit=True))
        server.execute(f'CREATE DATABASE "{name}"')
        stack.callback(server.execute, f'DROP DATABASE "{name}" WITH (FORCE)')
        database = Database(
            environment=environment, connection=stack.enter_context(psycopg.connect(own, autocommit=True))
        )
        database.manage("migrate", "--verbosity", "0")
        yield database


def heading(title: str, found: dict[str, Any]) -> list[str]:
    """Return the first lines of a report."""
    told = ", ".join(f"{name} {value}" for name, value in found.items() if name != "date")
    return [f"# {title}, {found['date']}", "", f"{told}.", ""]


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return the lines of a table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines] + [""]


def publish(name: str, found: dict[str, Any], figures: object, lines: Sequence[str], *, save: bool) -> None:
    """Print the report, and write it with its figures into benchmarks/results/ when it shall be saved."""
    text = "\n".join(lines)
    print(text)
    if save:
        print(f"Written to {report.write(name, found, {'figures': figures}, text)}")
