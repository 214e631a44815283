"""A copy of the project in which commands run in processes of their own, with nothing of this one's settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COPIED = ("enrow_webhooks", "leads", "config", "manage.py")


def sources(root: Path) -> Iterator[Path]:
    """Yield every file of what is copied, as it is called there."""
    for name in COPIED:
        files = [root / name] if (root / name).is_file() else (root / name).rglob("*")
        yield from (path.relative_to(root) for path in files if path.is_file() and "__pycache__" not in path.parts)


@dataclass(frozen=True, kw_only=True)
class Project:
    """The copy, and the environment of its commands."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def copied_to(cls, folder: Path) -> Project:
        for path in sources(ROOT):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, folder / path)
        return cls(folder=folder).with_servers(folder / "var", sandbox=9, site=9)

    def with_servers(self, var: Path, *, sandbox: int, site: int | None) -> Project:
        """Return the same files with a database of their own; without a site no webhook can come."""
        here = "127.0.0.1,localhost"
        environment = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DJANGO_DEBUG": "1",
            "DJANGO_VAR_DIR": str(var),
            "DATABASE_URL": f"sqlite:///{var / 'db.sqlite3'}",
            "CELERY_BROKER_URL": "filesystem://localhost",
            "ENROW_API_KEY": "any",
            "ENROW_BASE_URL": f"http://127.0.0.1:{sandbox}",
            "ENROW_WEBHOOK_ORIGIN": "" if site is None else f"http://127.0.0.1:{site}",
            "ENROW_WEBHOOK_SECRETS": "",
            "PYTHONPATH": "",
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": here,
            "no_proxy": here,
        }
        return Project(folder=self.folder, environment=environment)

    def run(self, *command: str, **changes: str) -> str:
        """Run a Python program in the copy; return what it said. Fails the test when it fails."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=os.environ | self.environment | changes,
            check=False,
            capture_output=True,
            text=True,
            timeout=100,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def manage(self, *arguments: str) -> str:
        return self.run("manage.py", *arguments)

    def shell(self, script: str) -> str:
        return self.manage("shell", "--verbosity", "0", "-c", script)

    def changed(self) -> set[Path]:
        """Return the files that differ from the real ones, or are not there."""
        return {
            path
            for path in sources(self.folder)
            if not (ROOT / path).exists() or (ROOT / path).read_bytes() != (self.folder / path).read_bytes()
        }


def state_of_sandbox(port: int) -> dict:
    """Ask the fake Enrow what it sold."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/_sandbox/state", timeout=10) as answer:
        return json.load(answer)
