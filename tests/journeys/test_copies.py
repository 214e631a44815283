"""Copies of a database with real files and servers: no search is bought twice, by whichever side sweeps first."""

from __future__ import annotations

import contextlib
import itertools
import re
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from leads import home
from tests.commands import Outcome, run_process
from tests.services import POSTGRES_URL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PEOPLE = """crm_id,firstname,lastname,company_domain
one,Ann,Somebody,one.com
two,Bob,Somebody,two.com
"""
FILL = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("import_leads", {file!r})
call_command("enrich_leads", "--find", "email")
"""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A deployment: a folder and a database, with the key that both sides have."""

    folder: Path
    database: str
    enrow: str

    def manage(self, *words: str, **environment: str) -> Outcome:
        usual = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DJANGO_VAR_DIR": str(self.folder),
            "DATABASE_URL": self.database,
            "CELERY_BROKER_URL": "memory://localhost/",
            "ENROW_BASE_URL": self.enrow,
            "ENROW_API_KEY": "one-key",
            "ENROW_WEBHOOK_ORIGIN": "",
        }
        return run_process(*words, **usual | environment)

    def fill(self) -> None:
        """Queue a search for two people; nobody sends it yet."""
        file = self.folder / "people.csv"
        file.write_text(PEOPLE)
        outcome = self.manage("shell", "-c", FILL.format(file=str(file)))
        assert outcome.code == 0, outcome

    @property
    def state(self) -> str:
        """The state of the one search job, read without the site."""
        is_file = self.database.startswith("sqlite:///")
        opened = sqlite3.connect(self.database[10:]) if is_file else psycopg.connect(self.database)
        with contextlib.closing(opened):
            [[state]] = opened.execute("SELECT state FROM leads_searchjob").fetchall()
        return state

    def do_what_the_doctor_says(self, option: str) -> None:
        """Paste the command of its hint that has this option."""
        findings = self.manage("enrow_doctor", "--json").json["findings"]
        [found] = [finding for finding in findings if finding["subject"] == "deployment"]
        assert home.QUESTION in found["sentence"]
        commands = map(shlex.split, re.findall(r"manage\.py ([^']+)'", found["hint"]))
        [words] = [words for words in commands if option in words]
        outcome = self.manage(*words)
        assert (outcome.code, "at home here" in outcome.out) == (0, True), outcome


@pytest.fixture
def address(sandbox, settings) -> str:
    """The address of the Enrow that both sides have in common."""
    return settings.ENROW["BASE_URL"]


# The ways to copy: each gives the original, queued, and its copy.


@contextlib.contextmanager
def copied_file(folder: Path, enrow: str) -> Iterator[tuple[Site, Site]]:
    """The file and its log of changes, while the site has it open."""
    (folder / "b").mkdir()
    files = folder / "a.sqlite3", folder / "b" / "b.sqlite3"
    original, copy = (Site(folder=folder, database=f"sqlite:///{file}", enrow=enrow) for file in files)
    original.manage("migrate")
    with contextlib.closing(sqlite3.connect(files[0])) as reader:
        reader.execute("SELECT count(*) FROM leads_lead").fetchall()
        original.fill()
        assert files[0].with_name("a.sqlite3-wal").stat().st_size
        for end in ("", "-wal"):
            shutil.copy(f"{files[0]}{end}", f"{files[1]}{end}")
    yield original, copy


@contextlib.contextmanager
def copied_folder(folder: Path, enrow: str) -> Iterator[tuple[Site, Site]]:
    """All of it, as somebody tries a new version beside the old one."""
    folders = folder / "a", folder / "b"
    folders[0].mkdir()
    original, copy = (Site(folder=one, database=f"sqlite:///{one / 'db.sqlite3'}", enrow=enrow) for one in folders)
    original.fill()
    shutil.copytree(*folders)
    yield original, copy


_numbers = itertools.count()


@contextlib.contextmanager
def _databases(folder: Path, enrow: str, copy: Callable[[list[str], str, str], None]) -> Iterator[tuple[Site, Site]]:
    at = urlsplit(POSTGRES_URL)
    server = ["--host", at.hostname or "", "--port", str(at.port or 5432), "--username", at.username or ""]
    names = [f"enrow_copies_{next(_numbers)}_{Path(folder).name[-20:].lower()}" for _ in range(2)]
    sites = [Site(folder=folder, database=at._replace(path=f"/{name}").geturl(), enrow=enrow) for name in names]
    with psycopg.connect(POSTGRES_URL, autocommit=True) as admin:
        try:
            admin.execute(f'CREATE DATABASE "{names[0]}"')
            sites[0].fill()
            copy(server, *names)
            yield sites[0], sites[1]
        finally:
            for name in names:
                admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def dumped(folder: Path, enrow: str) -> contextlib.AbstractContextManager[tuple[Site, Site]]:
    """``pg_dump | psql``, as a developer gets the data of yesterday."""

    def copy(server: list[str], original: str, name: str) -> None:
        subprocess.run(["createdb", *server, name], check=True)
        dump = subprocess.run(["pg_dump", *server, original], check=True, stdout=subprocess.PIPE)
        subprocess.run(
            ["psql", *server, "--quiet", "--dbname", name], input=dump.stdout, check=True, stdout=subprocess.DEVNULL
        )

    return _databases(folder, enrow, copy)


def templated(folder: Path, enrow: str) -> contextlib.AbstractContextManager[tuple[Site, Site]]:
    """``createdb -T``, on the same server: only the number of the database differs."""

    def copy(server: list[str], original: str, name: str) -> None:
        subprocess.run(["createdb", *server, "--template", original, name], check=True)

    return _databases(folder, enrow, copy)


each_way = pytest.mark.parametrize(
    "copied",
    [
        copied_file,
        copied_folder,
        pytest.param(dumped, marks=pytest.mark.postgres),
        pytest.param(templated, marks=pytest.mark.postgres),
    ],
)


@each_way
def test_a_copy_buys_nothing_and_is_told_apart(tmp_path, sandbox, address, copied):
    """The copy sweeps first: it sends nothing and says so. The original sends; then the copy goes its own way."""
    with copied(tmp_path, address) as (original, copy):
        copy.manage("enrow_sweep")
        assert (copy.state, sandbox.ledger.spent) == ("held", 0)
        original.manage("enrow_sweep")
        copy.manage("enrow_sweep")
        assert (original.state, copy.state, sandbox.ledger.spent) == ("running", "held", 2)
        copy.do_what_the_doctor_says("--copy")
        copy.manage("enrow_sweep")
        assert (copy.state, sandbox.ledger.spent) == ("cancelled", 2)


@pytest.mark.parametrize("copied", [copied_folder, pytest.param(dumped, marks=pytest.mark.postgres)])
def test_rows_that_moved_are_sent_once_from_their_new_place(tmp_path, sandbox, address, copied):
    """The old place is off; what waited there is sent here."""
    with copied(tmp_path, address) as (_, moved):
        moved.manage("enrow_sweep")
        assert moved.state == "held"
        moved.do_what_the_doctor_says("--moved")
        moved.manage("enrow_sweep")
        assert (moved.state, sandbox.ledger.spent) == ("running", 2)


def test_restarts_are_no_difference_and_the_environment_is_one(tmp_path, sandbox, address):
    """A new key, a folder mounted elsewhere: the same site. Another name of the same file: as for a physical copy."""
    with copied_folder(tmp_path, address):
        at = (tmp_path / "a").rename(tmp_path / "mounted")
        again = Site(folder=at, database=f"sqlite:///{at / 'db.sqlite3'}", enrow=address)
        again.manage("enrow_sweep", ENROW_ENVIRONMENT="staging")
        assert (again.state, sandbox.ledger.spent) == ("held", 0)
        again.manage("enrow_jobs", "--state", "held", "--resume", DJANGO_SECRET_KEY="another")
        again.manage("enrow_sweep", DJANGO_SECRET_KEY="another")
        assert (again.state, sandbox.ledger.spent) == ("running", 2)
