"""Run a management command as a program would see it: what it printed, what it said, and its exit code."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from django.core.management import CommandError, call_command
from django.db import connection

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        """The one JSON object on stdout."""
        return json.loads(self.out)


def run(name, *args, **options) -> Outcome:
    """Call the command in this process; a CommandError becomes its exit code, and its sentence the end of ``err``."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(name, *map(str, args), stdout=out, stderr=err, **options)
    except CommandError as error:
        return Outcome(code=error.returncode, out=out.getvalue(), err=f"{err.getvalue()}{error}")
    return Outcome(code=0, out=out.getvalue(), err=err.getvalue())


def environment(**changes: str) -> dict[str, str]:
    """Return an environment in which a process of its own sees the database of the tests."""
    settings = connection.settings_dict
    url = f"sqlite:///{settings['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    return os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url} | changes


@contextlib.contextmanager
def killed_at_last(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """Have a process end with the block, however that ends: Popen alone would wait for it without end."""
    with process:
        try:
            yield process
        finally:
            process.kill()


def spawn(*args, stdin=subprocess.DEVNULL, **changes: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """Start ``manage.py`` in a process of its own, killed at the end; keyword arguments change its environment."""
    return killed_at_last(
        subprocess.Popen(
            [sys.executable, "manage.py", *map(str, args)],
            cwd=ROOT,
            env=environment(**changes),
            text=True,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    )


def run_process(*args, **changes: str) -> Outcome:
    """Run ``manage.py`` in a process of its own to its end."""
    with spawn(*args, **changes) as process:
        out, err = process.communicate(timeout=60)
    return Outcome(code=process.returncode, out=out, err=err)
