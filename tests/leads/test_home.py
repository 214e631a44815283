"""Rows that were copied to another place are not bought there; a restart is no other place."""

from __future__ import annotations

import shutil
import sqlite3
import threading

import pytest
from django.db import connection, connections, transaction

from leads import home
from leads.enrichment import enrich
from leads.models import Home, Lead, SearchJob
from leads.outbox import submission
from leads.upkeep import polling
from tests.conftest import due_now, finish, work

pytestmark = pytest.mark.django_db

is_sqlite = connection.vendor == "sqlite"


@pytest.fixture
def queued(make_leads, sandbox):
    """One search job that waits, at home here."""
    make_leads(2)
    return enrich(Lead.objects.all(), find={"email"}).jobs().get()


def elsewhere(**fields) -> None:
    """Let the rows belong to another place."""
    assert Home.objects.update(**{"database": "another"} | fields) == 1


def state(job) -> tuple[str, str]:
    return SearchJob.objects.values_list("state", "last_error").get(pk=job.pk)


# Where is home?


def test_a_new_database_is_nobodys_home(sandbox):
    """No migration writes the row: test databases, templates and installations begin without one."""
    assert not Home.objects.exists()
    assert home.look().is_home
    assert not polling.check_next()
    assert not Home.objects.exists()


def test_the_first_job_makes_it_home(queued):
    """So no copy has a job without the row that tells it from its original."""
    assert str(Home.objects.get()) == home.look().here.database
    assert home.look().is_home


def test_a_job_from_before_the_row_makes_it_home_when_it_is_sent(queued, sandbox):
    """The claim writes the row where there is none."""
    Home.objects.all().delete()
    work(sandbox)
    assert Home.objects.get()
    assert len(sandbox.jobs) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_once_one_writes_the_row():
    """Neither sees an error, and both are at home."""
    found, ready = [], threading.Barrier(8)

    def first():
        ready.wait()
        found.append(home.settle().exists())
        connections.close_all()

    threads = [threading.Thread(target=first) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8
    assert Home.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_restart_and_a_new_secret_key_are_no_difference(queued, sandbox, settings):
    """A new process has new connections, and keys are changed now and then."""
    connections.close_all()
    settings.SECRET_KEY = "another"
    assert home.look().is_home
    finish(sandbox)
    assert sandbox.ledger.spent == 2


@pytest.mark.parametrize(
    ("key", "row"), [("production", "production"), ("", "")], ids=["the environment is the same", "none is set"]
)
def test_the_same_environment_is_home(queued, enrow, key, row):
    """Blank on both sides as well."""
    enrow(ENVIRONMENT=key)
    Home.objects.update(environment=row)
    assert home.look().is_home


@pytest.mark.skipif(not is_sqlite, reason="It is about the file of SQLite.")
def test_a_copied_file_is_another_place_and_a_renamed_one_is_not(tmp_path, monkeypatch):
    """The inode stays when a folder is renamed, as it does when a new container mounts the volume elsewhere."""

    def of(path) -> str:
        with sqlite3.connect(path) as file:
            rows = file.execute("PRAGMA database_list").fetchall()
        file.close()
        monkeypatch.setattr(home.sql, "fetch", lambda *_: rows)
        return home.look().here.database

    monkeypatch.setattr(home, "_homes", Home.objects.none)
    original, copy, renamed = (tmp_path / name for name in ("db.sqlite3", "copy.sqlite3", "renamed.sqlite3"))
    first = of(original)
    shutil.copy(original, copy)
    assert of(copy) != first
    original.rename(renamed)
    assert of(renamed) == first
    assert of(":memory:") == of("file:tests?mode=memory&cache=shared") == "in memory"


@pytest.mark.postgres
def test_a_role_that_may_not_ask_for_the_server_has_the_number_of_the_database():
    """Every role may ask by default; where that was taken away, the doctor says what it means."""
    assert not home.look().here.database.startswith("unknown")
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("CREATE ROLE enrow_tests_plain; GRANT SELECT ON leads_home TO enrow_tests_plain")
        cursor.execute("SET LOCAL ROLE enrow_tests_plain")
        assert not home.look().here.database.startswith("unknown")
        cursor.execute("RESET ROLE; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
        cursor.execute("SET LOCAL ROLE enrow_tests_plain")
        database = home.look().here.database
        cursor.execute("RESET ROLE")
        transaction.set_rollback(True)
    assert database.partition("/")[0] == "unknown"
    place = home.Place(here=Home(database=database), home=Home(database=database))
    assert 'set ENROW["ENVIRONMENT"]' in place.sentence


# Away from home.


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("", {"database": "another"}),
        ("staging", {"database": None, "environment": "production"}),
        ("staging", {"database": None}),
        ("", {"database": None, "environment": "production"}),
    ],
    ids=["another database", "another environment", "only this one is named", "only home is named"],
)
def test_a_copy_sends_nothing_and_says_why(queued, sandbox, enrow, key, row):
    """Whatever differs, the job is held; the sweep asks neither Enrow nor anybody else, however often it comes."""
    enrow(ENVIRONMENT=key)
    here = Home.objects.get().database
    elsewhere(**{name: value or here for name, value in row.items()})
    for _ in range(3):
        due_now()
        polling.check_next()
    assert state(queued) == ("held", home.HELD)
    assert sandbox.jobs == []


def test_the_claim_itself_looks(queued, sandbox, monkeypatch):
    """The rows that leave home while a job is prepared are not sent from here."""
    monkeypatch.setattr(submission, "take_post_slot", elsewhere)
    submission.submit(queued.pk)
    assert state(queued) == ("held", home.HELD)
    assert sandbox.jobs == []


def test_a_held_job_waits_whatever_it_was_held_for(queued, sandbox, enrow):
    """One that came without credits is not sent from the copy when credits are there."""
    sandbox.configure(credits=0)
    work(sandbox)
    assert state(queued)[0] == "held"
    sandbox.configure(credits=100)
    elsewhere()
    due_now()
    polling.check_next()
    assert state(queued) == ("held", home.HELD)


def test_a_job_of_another_worker_is_no_reason_to_hold(queued, sandbox):
    """A claim that fails at home means only that somebody else was faster."""
    SearchJob.objects.update(state="sending")
    queued.refresh_from_db()
    assert not submission._claim(queued)


@pytest.mark.parametrize("by_webhook", [True, False], ids=["by webhook", "by polling"])
def test_what_was_paid_for_still_arrives(request, make_leads, by_webhook):
    """A search that ran when the copy was made: its result is free, for both."""
    sandbox = request.getfixturevalue("site" if by_webhook else "sandbox")
    make_leads(2)
    sandbox.configure(delay=0.3)
    enrich(Lead.objects.all(), find={"email"})
    submission.submit_next()
    elsewhere()
    if by_webhook:
        work(sandbox)
    else:
        sandbox.wait_until_idle(timeout=10)
        finish(sandbox)
    assert Lead.objects.filter(email_status="valid").count() == 2
    assert SearchJob.objects.get().result_via == ("webhook" if by_webhook else "poll")


test_what_was_paid_for_still_arrives = pytest.mark.django_db(transaction=True)(test_what_was_paid_for_still_arrives)
