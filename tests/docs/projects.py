"""A new project, straight from ``django-admin startproject``, and what a reader of the documentation does with it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.core.management import call_command

from examples.demo.processes import Programs
from tests.docs import programs
from tests.docs.pages import ROOT, Code, Way, blocks, way_of

# The project's name in the documentation.
NAME = "yourproject"
FIRST_STEPS = "Five minutes into your own project"
OWN_TABLE = "Five minutes with your own table"
# Followed from beginning to end, each by a test of ``test_projects``, or of its own name.
PAGES = {
    "README.md",
    "docs/api.md",
    "docs/hooks.md",
    "docs/metrics.md",
    "docs/rules.md",
    "docs/runs.md",
    "docs/sandbox.md",
    "docs/security.md",
    "docs/testing.md",
    "docs/tutorial.md",
}
# One process for all lines of a block, because starting Django takes longer than its commands; ``test_wheel`` runs each
# in its own. What one line wrote, the next one imports.
BREAK = "\x1e"
EACH_LINE = f"""
import importlib, json, runpy, sys
for sys.argv in json.loads(sys.argv[1]):
    print({BREAK!r}, end="", flush=True)
    importlib.invalidate_caches()
    runpy.run_path("manage.py", run_name="__main__")
"""
# Seconds for all lines of a block.
PATIENCE = 200.0
# Python runs it at each start: a page that has lost the sandbox's address must not reach Enrow, or anybody.
STAY_HERE = """
import sys

def refuse(event, args):
    if event == "socket.getaddrinfo" and args[0] not in (None, "", "localhost", "127.0.0.1", b"127.0.0.1"):
        raise OSError(f"this would leave the machine, for {args[0]}")

sys.addaudithook(refuse)
"""
# A library of others that one block configures; requirements-dev.txt has it.
OPTIONAL = "sentry_sdk"


class Project:
    """A project in a folder of its own. Its database is SQLite, as ``startproject`` leaves it."""

    def __init__(self, folder: Path, running: Programs) -> None:
        self.folder = folder
        self.running = running
        # What the pages export.
        self.environment: dict[str, str] = {}
        # Output of each line that was run.
        self.said: dict[str, str] = {}
        # A block was left out, because it needs what is not installed here.
        self.is_incomplete = False
        call_command("startproject", NAME, str(folder))

    def run(self, *words: str) -> str:
        """Run Python with these words; return what it said. Fails the test when it fails."""
        with subprocess.Popen(
            [sys.executable, *words],
            cwd=self.folder,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            # What a wrong page waits for may never come.
            stop = threading.Timer(PATIENCE, process.kill)
            stop.start()
            said = process.communicate()[0]
            stop.cancel()
        assert process.returncode == 0, f"{shlex.join(words)}\n{said}"
        return said

    def shell(self, code: str) -> str:
        """Run code in the project, without the models that Django's shell imports by itself."""
        return self.run("manage.py", "shell", "--no-imports", "--verbosity", "0", "-c", code)

    def paste(self, block: Code) -> None:
        """Put the block at the end of the file that it names. The reader has the app already that it speaks of."""
        path = self.folder / block.file
        if path.parent != self.folder and not path.parent.exists():
            path.parent.mkdir()
            call_command("startapp", path.parent.name, str(path.parent))
        with path.open("a", encoding="utf-8") as file:
            file.write(block.text if path.suffix == ".csv" else f"\n\n{block.text}")

    def play(self, page: Sequence[Code]) -> None:
        """Do what the blocks say, one after the other."""
        for block in page:
            try:
                self.follow(block)
            except AssertionError as error:
                raise AssertionError(f"{block}: {error}") from error

    def follow(self, block: Code) -> None:
        """Do what one block says; ``test_sql`` and ``test_nginx`` take those that are no matter of a project."""
        if f"import {OPTIONAL}\n" in block.text and importlib.util.find_spec(OPTIONAL) is None:
            self.is_incomplete = True
            return
        match way_of(block):
            case Way.PASTE:
                self.paste(block)
            case Way.SHELL:
                self.said[str(block)] = self.shell(block.text)
            case Way.COMMANDS:
                self.type(block.text.splitlines())

    def type(self, lines: Sequence[str]) -> None:
        """Run the lines of a terminal; those that ``programs`` explains not to be run, ``test_commands`` checks."""
        ours = []
        for line in lines:
            program, *words = shlex.split(line, comments=True)
            if "enrow_sandbox" in words:
                # It serves until it is stopped, on a port that may be taken here.
                self.export_of_sandbox()
            elif is_for_project(line):
                ours.append((line, words[program == "python" :]))
            elif program == "export":
                self.take_account(words)
            else:
                assert program in programs.PROGRAMS
        self.manage(ours)

    def manage(self, calls: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Run manage.py for each of the lines; note what each said."""
        if calls:
            said = self.run("-c", EACH_LINE, json.dumps([["manage.py", *words] for _line, words in calls]))
            self.said |= dict(zip((line for line, _words in calls), said.split(BREAK)[1:], strict=True))

    def take_account(self, words: Sequence[str]) -> None:
        """Set what the sandbox prints, as the tutorial offers; its own line must set one of the same variables."""
        offered = dict(word.split("=", 1) for word in self.export_of_sandbox())
        assert {word.partition("=")[0] for word in words} <= set(offered)
        self.environment |= offered

    def export_of_sandbox(self) -> list[str]:
        """Start Enrow on this machine; return the variables of the line that it prints to be pasted."""
        command = [sys.executable, "manage.py", "enrow_sandbox", "--port", "0", "--delay", "0"]
        sandbox = self.running.start("sandbox", command)
        self.running.wait_for(sandbox, lambda: sandbox.said("export "))
        (line,) = re.findall(r"^ *export (.*)", sandbox.log.read_text(encoding="utf-8"), re.MULTILINE)
        return shlex.split(line)


def is_for_project(line: str) -> bool:
    """Tell whether a line of a terminal is one of manage.py."""
    return line.startswith(("python manage.py ", "manage.py "))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A new project that sees the two apps and nothing of the settings of these tests; what it starts, ends with it."""
    for name in [*os.environ]:
        if name.startswith(("ENROW_", "DJANGO_", "DATABASE_", "CELERY_", "PYTHONWARNINGS", "SENTRY_")):
            monkeypatch.delenv(name)
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "sitecustomize.py").write_text(STAY_HERE)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'start'}{os.pathsep}{ROOT}")
    # Celery takes this for every broker of the settings: the tutorial's may be somebody's real one.
    monkeypatch.setenv("CELERY_BROKER_URL", "memory://")
    folder = tmp_path / "site"
    folder.mkdir()
    with Programs(cwd=folder, logs=tmp_path / "logs", environment={}) as running:
        yield Project(folder, running)


def adopt(project: Project) -> None:
    """Paste the tutorial's first steps, as every other page takes for granted."""
    for block in blocks("docs/tutorial.md", section=FIRST_STEPS):
        if way_of(block) is Way.PASTE:
            project.paste(block)


def paste_the_own_table(project: Project, *, mapped: bool = True) -> None:
    """Paste the tutorial's table of people with all that belongs to it, or the table alone."""
    for block in blocks("docs/tutorial.md", section=OWN_TABLE, language="python"):
        if mapped or block.file in {"crm/models.py", f"{NAME}/settings.py"}:
            project.paste(block)
