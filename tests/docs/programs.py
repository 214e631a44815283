"""Check a command that the documentation shows without doing what it does: every word of it must still be known.

What can run in a test, does so as well: the lines of a project in ``test_projects``, SQL in ``test_sql``.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import itertools
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from celery.bin.celery import celery as celery_program
from click import Context, UsageError
from django.core.management import CommandError, get_commands, load_command_class
from django.core.management.base import CommandParser
from django.urls import Resolver404, resolve
from packaging.requirements import Requirement

from benchmarks.__main__ import NAMES
from tests.docs.pages import ROOT

OURS = {name for name, app in get_commands().items() if app in {"leads", "enrow_webhooks"}}
# What the documentation writes for a value, and a value.
PLACEHOLDERS = {
    "N": "1",
    "SECONDS": "2",
    "FOLDER": "logs",
    "S": "held",
    "STATE": "running",
    "ID": "5f0c1a52-7a5e-4c5b-9b0e-1d2f3a4b5c6d",
    "UUID": "5f0c1a52-7a5e-4c5b-9b0e-1d2f3a4b5c6d",
    "CRM_ID": "crm-001",
}
# Of apps that only the page's own project has; the test of the page runs them.
_OF_OTHERS = {"drf_create_token"}
_CHOICE = re.compile(r"\[([^][]* \| [^][]*)\]")


def calls(usage: str) -> Iterator[list[str]]:
    """Yield the words of a line, for each of its alternatives: ``[--a | --b] --c x|y``, with values for ``N``."""
    name = usage.partition(" ")[0]
    if name not in {*OURS, "manage.py"}:
        yield shlex.split(usage, comments=True)
        return
    if choice := _CHOICE.search(usage):
        for option in choice[1].split(" | "):
            yield from calls(usage[: choice.start()] + option + usage[choice.end() :])
        return
    words = shlex.split(re.sub(r"[][…]", " ", usage), comments=True)
    for call in itertools.product(*(word.split("|") for word in words)):
        yield [PLACEHOLDERS.get(word, word) for word in call]


def parser_of(command: str) -> CommandParser:
    """Return the parser of a management command; fails the test when there is no such command."""
    assert command in get_commands(), f"there is no command {command!r}"
    return load_command_class(get_commands()[command], command).create_parser("manage.py", command)


def manage(words: Sequence[str]) -> None:
    """Let the command's own parser read its words. A command without any is only named: it may need some."""
    command, *rest = words
    if command in _OF_OTHERS:
        return
    parser = parser_of(command)
    try:
        if rest:
            parser.parse_args(rest)
    except CommandError as error:
        raise AssertionError(f"{shlex.join(words)}: {error}") from error


def make(words: Sequence[str]) -> None:
    """Not made: it would make environments, or run these tests in these tests. What it would run must be known."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "--dry-run", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for word in words:
        assert word.partition("=")[2] in done.stdout, f"the Makefile does nothing with {word}"
    for line in re.findall(r"^\S*python (-m benchmarks.*)", done.stdout, re.MULTILINE):
        python(shlex.split(line))


def pip(words: Sequence[str]) -> None:
    """Not installed: a test asks no package index. Our name, and extras that exist (``test_wheel`` installs)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    command, wanted = words
    requirement = Requirement(wanted)
    assert (command, requirement.name) == ("install", project["name"])
    assert requirement.extras <= set(project["optional-dependencies"])


def celery(words: Sequence[str]) -> None:
    """Not started: it never ends. Its parser reads the options; ``test_projects`` loads the app as a worker does."""
    flag, _app, name, *options = words
    assert flag == "-A"
    assert name in celery_program.commands, f"Celery has no command {name!r}"
    command = celery_program.commands[name]
    try:
        command.make_parser(Context(command)).parse_args(options)
    except UsageError as error:
        raise AssertionError(f"celery {name}: {error}") from error


def gunicorn(words: Sequence[str]) -> None:
    """Not started, and not imported: that would set Django up a second time. The module must define its app."""
    (module,) = words
    spec = importlib.util.find_spec(module)
    assert spec, f"there is no module {module}"
    assert "\napplication = " in Path(spec.origin).read_text(encoding="utf-8")


def psql(words: Sequence[str]) -> None:
    """One statement; ``test_sql`` runs it."""
    flag, _statement = words
    assert flag == "-c"


def python(words: Sequence[str]) -> None:
    """A management command, a benchmark (not run: it takes minutes), or a line of Python, which is run."""
    match words:
        case ["manage.py", *rest]:
            manage(rest)
        case ["-c", code]:
            done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=60)
            assert done.returncode == 0, done.stderr
        case ["-m", "pytest", "--ds", module] if module == "yourproject.settings":
            pass  # ``test_projects`` runs it
        case ["-m", "benchmarks", size, *names]:
            assert size in {"small", "full"}
            assert set(names) <= set(NAMES)
        case ["-m", module, *rest] if module.startswith("benchmarks."):
            assert flags_of(rest) <= flags_of(benchmark_help(module).split()), f"{module} knows no {rest}"
        case _:
            raise AssertionError(f"say in tests/docs/programs.py how 'python {shlex.join(words)}' is checked")


def benchmark_help(module: str) -> str:
    """Return what a benchmark says to ``--help``."""
    main = importlib.import_module(module).main
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setattr(sys, "argv", [module, "--help"])
        with pytest.raises(SystemExit):
            main()
    return said.getvalue()


def flags_of(words: Sequence[str]) -> set[str]:
    """Return the options among words."""
    return {word.strip("[]") for word in words if word.strip("[]").startswith("--")}


def export(words: Sequence[str]) -> None:
    """``test_projects`` sets them."""
    assert all(re.fullmatch(r"[A-Z_]+=.+", word) for word in words)


def curl(words: Sequence[str]) -> None:
    """One request to the API on this machine, whose address exists; ``test_api`` sends it."""
    known = {"-s": 0, "-i": 0, "-H": 1, "-d": 1}
    rest = list(words)
    while rest and rest[0].startswith("-"):
        assert rest[0] in known, f"say in tests/docs/programs.py what curl {rest[0]} is"
        del rest[: 1 + known[rest[0]]]
    (address,) = rest
    prefix, found = "http://127.0.0.1:8000", "5f0c1a52-7a5e-4c5b-9b0e-1d2f3a4b5c6d"
    assert address.startswith(f"{prefix}/api/leads/"), address
    try:
        resolve(address.removeprefix(prefix).partition("?")[0].replace("$RUN", found))
    except Resolver404:
        raise AssertionError(f"{address} is no address of the API") from None


PROGRAMS: dict[str, Callable[[Sequence[str]], None]] = {
    "celery": celery,
    "curl": curl,
    "export": export,
    "gunicorn": gunicorn,
    "make": make,
    "manage.py": manage,
    "pip": pip,
    "psql": psql,
    "python": python,
}


def is_command(text: str) -> bool:
    """Tell whether a piece of code within a sentence is a command with words of its own."""
    name, _, rest = text.partition(" ")
    return Path(name).name in PROGRAMS or (name in OURS and bool(rest))


def check(usage: str) -> None:
    """Check one line, or fail the test."""
    for name, *words in calls(usage):
        program = Path(name).name
        if name in OURS:
            manage([name, *words])
        else:
            assert program in PROGRAMS, f"say in tests/docs/programs.py how {program!r} is checked"
            PROGRAMS[program](words)
