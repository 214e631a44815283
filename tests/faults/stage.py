"""Real servers and processes for the tests of this folder, and the means to hurt them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import redis
import requests
from django.conf import settings

from examples.demo.processes import Program, Programs, answers, free_ports, tails
from tests.faults.support import database_url, wait_until

ROOT = Path(settings.BASE_DIR)


class SandboxControl:
    """The control plane of the sandbox in its own process."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False

    def ask(self, name: str) -> Any:
        """Return what GET /_sandbox/<name> says."""
        answer = self._session.get(f"{self.url}/_sandbox/{name}", timeout=30)
        answer.raise_for_status()
        return json.loads(answer.content, parse_float=Decimal)

    def tell(self, name: str, **changes: object) -> Any:
        """POST /_sandbox/<name>."""
        answer = self._session.post(f"{self.url}/_sandbox/{name}", json=changes, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


@dataclass(slots=True, kw_only=True)
class Ground:
    """What stays up from test to test: a Redis of our own, the sandbox, the site, beat."""

    programs: Programs
    ports: dict[str, int]
    folder: Path
    sandbox: SandboxControl
    redis: Program | None = None

    @property
    def site(self) -> str:
        """The origin of the site."""
        return f"http://127.0.0.1:{self.ports['site']}"

    def start(self) -> None:
        """Start all of it, and wait until each answers."""
        start, python = self.programs.start, sys.executable
        self.start_redis()
        sandbox = start(
            "sandbox",
            [
                python,
                "manage.py",
                "enrow_sandbox",
                "--port",
                str(self.ports["sandbox"]),
                "--delay",
                "0",
                "--credits",
                "1000000",
            ],
        )
        bind = f"127.0.0.1:{self.ports['site']}"
        site = start(
            "site", [python, "-m", "gunicorn", "config.wsgi", "--bind", bind, "--workers", "2", "--threads", "4"]
        )
        start(
            "beat",
            [
                python,
                "-m",
                "celery",
                "-A",
                "config",
                "beat",
                "--pidfile",
                "",
                "--schedule",
                str(self.folder / "schedule"),
                "--max-interval",
                "1",
            ],
        )
        self.programs.wait_for(sandbox, lambda: answers(self.ports["sandbox"], "/_sandbox/state"))
        self.programs.wait_for(site, lambda: answers(self.ports["site"], "/admin/login/"))

    def start_redis(self) -> None:
        """Start Redis, with nothing in it."""
        self.redis = self.programs.start(
            "redis",
            [
                "redis-server",
                "--port",
                str(self.ports["redis"]),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--dir",
                str(self.folder),
            ],
        )
        self.programs.wait_for(self.redis, self._redis_answers)

    def stop_redis(self) -> None:
        """Kill Redis, and with it every message."""
        kill(self.programs, self.redis)

    def flush_redis(self) -> None:
        """Lose every message, and every queue."""
        with redis.Redis(port=self.ports["redis"]) as client:
            client.flushall()

    def _redis_answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), redis.Redis(port=self.ports["redis"]) as client:
            return bool(client.ping())
        return False


def new_ground(folder: Path) -> Ground:
    """Return the ground on free ports; nothing runs yet."""
    ports = dict(zip(("redis", "sandbox", "site"), free_ports(3), strict=True))
    sandbox = SandboxControl(ports["sandbox"])
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        "DJANGO_SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_DEBUG": "0",
        "DJANGO_VAR_DIR": str(folder / "var"),
        "DATABASE_URL": database_url(),
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{ports['redis']}/0",
        "ENROW_BASE_URL": sandbox.url,
        "ENROW_API_KEY": "sandbox-key",
        "ENROW_WEBHOOK_ORIGIN": f"http://127.0.0.1:{ports['site']}",
        "PYTHONUNBUFFERED": "1",
    }
    programs = Programs(cwd=ROOT, logs=folder / "logs", environment=environment)
    return Ground(programs=programs, ports=ports, folder=folder, sandbox=sandbox)


def kill(programs: Programs, program: Program) -> None:
    """Kill -9 a program and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.process.pid, signal.SIGKILL)
    program.process.wait()
    programs.running.remove(program)


@dataclass(slots=True, kw_only=True)
class Scene:
    """One test: the ground, and its own workers."""

    ground: Ground
    programs: Programs
    folder: Path
    figures: dict[str, object] = field(default_factory=dict)

    @property
    def sandbox(self) -> SandboxControl:
        """The sandbox's control plane."""
        return self.ground.sandbox

    def accident(self, point: str, deed: str = "kill") -> dict[str, str]:
        """Return the environment of a process that is to meet with an accident."""
        return {"FAULTS_POINT": point, "FAULTS_DEED": deed, "FAULTS_MARK": str(self.folder / "struck")}

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> Program:
        """Start a program of the demo project with more in its environment."""
        number = len(list(self.programs.logs.glob("*.log")))
        settings = [f"{key}={value}" for key, value in environment.items()]
        return self.programs.start(f"{name}-{number}", ["env", *settings, sys.executable, *command])

    def worker(self, *, processes: int = 2, **environment: str) -> Program:
        """Start a Celery worker; return before it is ready."""
        return self.start(
            "worker",
            [
                "-m",
                "celery",
                "-A",
                "config",
                "worker",
                "--hostname",
                f"{time.monotonic_ns()}@%h",
                "--loglevel",
                "INFO",
                "--concurrency",
                str(processes),
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ],
            environment,
        )

    def site(self, **environment: str) -> int:
        """Start one more site, of one process that its parent replaces when it dies; return its port."""
        [port] = free_ports(1)
        program = self.start("site", ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"], environment)
        self.programs.wait_for(program, lambda: answers(port, "/admin/login/"))
        return port

    def workers(self, count: int = 1) -> list[Program]:
        """Start workers and wait until they are ready."""
        started = [self.worker() for _ in range(count)]
        for program in started:
            self.programs.wait_for(program, lambda program=program: program.said("ready."))
        return started

    def kill(self, program: Program) -> None:
        """Kill -9 a worker, all its processes."""
        kill(self.programs, program)

    def stop(self) -> None:
        """End every process of this test at once: nothing of it is needed any more."""
        for program in list(self.programs.running):
            self.kill(program)

    def has_struck(self) -> bool:
        """Tell whether the accident has happened."""
        return (self.folder / "struck").exists()

    def enrich(self, *, batch: int = 5, **environment: str) -> int:
        """Do what a user types; return the exit code."""
        environment["FAULTS_BATCH_SIZE"] = str(batch)
        program = self.start("enrich", ["manage.py", "enrich_leads", "--find", "email", "--yes"], environment)
        wait_until(program.has_ended, "enrich_leads has ended")
        self.programs.running.remove(program)
        return program.process.returncode


def show_logs(*folders: Path) -> None:
    """Print the end of every log; pytest shows it when the test fails."""
    for folder in folders:
        print(tails(folder, lines=40))
