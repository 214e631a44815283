"""A wake hurries what a row already says: it never waits, never fails, and none is needed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
from django.db import connection

from enrow_webhooks.tasks import process_events
from enrow_webhooks.wake import Waker, celery_is_set_up, flush, has_workers, publish, run_task, wake
from tests.enrow_webhooks.support import ROOT, Stranger


class Counted:
    """Stands where a Celery task does, and counts its messages; ``hold`` makes the broker hang."""

    def __init__(
        self, name: str = "counted", *, hold: threading.Event | None = None, error: Exception | None = None
    ) -> None:
        self.name = name
        # For each message, how many wakes had been asked for.
        self.messages: list[int] = []
        self.asked = 0
        self.begun = threading.Event()
        self._hold = hold
        self._error = error

    def apply_async(self, *, retry: bool, ignore_result: bool) -> None:
        assert (retry, ignore_result) == (False, True)
        if self._error:
            raise self._error
        asked = self.asked
        self.begun.set()
        if self._hold:
            self._hold.wait(10)
        self.messages.append(asked)


def run(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_burst_of_wakes_is_a_few_messages():
    """A thousand wakes make few messages, and at least one after the last of them."""
    waker, task = Waker(), Counted()
    for _ in range(1000):
        task.asked += 1
        waker.ask((task, ""))
    assert waker.wait(5)
    assert 1 <= len(task.messages) <= 10
    assert task.messages[-1] == 1000


def test_a_wake_during_a_publication_is_not_lost():
    """What was asked for while a message was on its way gets a message of its own."""
    hold = threading.Event()
    waker, task = Waker(), Counted(hold=hold)
    waker.ask((task, ""))
    assert task.begun.wait(5)
    waker.ask((task, ""))
    hold.set()
    assert waker.wait(5)
    assert len(task.messages) == 2


def test_every_task_gets_its_message():
    """A burst for one does not swallow another's."""
    waker, tasks = Waker(), [Counted("one"), Counted("two")]
    for task in tasks * 5:
        waker.ask((task, ""))
    assert waker.wait(5)
    assert all(task.messages for task in tasks)


def test_a_broker_that_hangs_delays_nobody():
    """Waking returns, and so does wait(), while the broker still hangs."""
    hold = threading.Event()
    waker, task = Waker(), Counted(hold=hold)
    for _ in range(100):
        waker.ask((task, ""))
    assert task.begun.wait(5)
    assert not waker.wait(0.2)
    assert task.messages == []
    hold.set()
    assert waker.wait(5)
    assert task.messages


def test_a_broker_that_fails_is_logged_and_never_raised(caplog):
    """By the name of its error only: a broker's URL has a password. The thread lives on."""
    waker = Waker()
    waker.ask((Counted(error=ConnectionError("redis://:hunter2@broker")), ""))
    assert waker.wait(5)
    assert "the sweep will do the work" in caplog.text
    assert "hunter2" not in caplog.text
    task = Counted()
    waker.ask((task, ""))
    assert waker.wait(5)
    assert task.messages
    assert not publish(Counted(error=ValueError()))


def carry(name):
    """Stand for a project's own queue."""


def test_a_function_of_the_project_carries_the_names_of_tasks(enrow, monkeypatch):
    """A queue that nobody here knows: it gets the name at least once for a burst, and its worker calls run_task()."""
    names = []
    monkeypatch.setattr("tests.enrow_webhooks.test_wake.carry", names.append)
    enrow(TASK_BACKEND="tests.enrow_webhooks.test_wake.carry")
    for _ in range(50):
        wake(process_events)
    assert flush(5)
    assert set(names) == {"enrow_webhooks.process_events"}
    assert len(names) <= 10


@pytest.mark.django_db
def test_a_task_is_done_by_its_name(monkeypatch):
    """And nothing else is: a name comes from a queue."""
    done = []
    monkeypatch.setattr("enrow_webhooks.tasks.processing.drain", lambda **limits: done.append(1) or 0)
    run_task("enrow_webhooks.process_events")
    assert done == [1]
    for name in ("os.system", "leads.sweep", "leads.time", "enrow_webhooks.", "", "leads.tasks.submit_jobs"):
        with pytest.raises(LookupError, match="no task of ours"):
            run_task(name)


@pytest.mark.parametrize("chosen", ["none", None])
def test_nobody_is_woken_where_nobody_works(enrow, monkeypatch, chosen):
    """A Celery that does the work where it is asked for is nobody: it would do it inside a request."""
    asked = []
    monkeypatch.setattr("enrow_webhooks.wake._waker.ask", asked.append)
    enrow(TASK_BACKEND=chosen)
    monkeypatch.setattr("enrow_webhooks.wake.is_eager", lambda: chosen is None)
    wake(process_events)
    assert (asked, has_workers()) == ([], False)
    monkeypatch.setattr("enrow_webhooks.wake.is_eager", lambda: False)
    wake(process_events)
    assert len(asked) == (chosen is None)


def test_a_wake_knows_the_schema_in_which_it_was_asked(monkeypatch):
    """A project with a schema for each tenant: the thread's own connection is set to it before the message goes out."""
    sent = []
    monkeypatch.setattr(connection, "schema_name", "tenant_a", raising=False)
    monkeypatch.setattr("enrow_webhooks.wake.publish", lambda task, schema: sent.append((task.name, schema)))
    wake(process_events)
    assert flush(5)
    assert sent == [("enrow_webhooks.process_events", "tenant_a")]
    monkeypatch.undo()
    monkeypatch.setattr(connection, "set_schema", sent.append, raising=False)
    assert publish(Counted(), "tenant_a")
    assert sent[-1] == "tenant_a"


def test_waiting_for_nothing_returns_at_once():
    """Nothing is pending."""
    assert Waker().wait(0)


def test_this_project_has_a_celery_app_in_every_thread():
    """Celery keeps the current app per thread; a web server's threads must see it too."""
    seen = [celery_is_set_up()]
    thread = threading.Thread(target=lambda: seen.append(celery_is_set_up()))
    thread.start()
    thread.join()
    assert seen == [True, True]


WITHOUT_CELERY = """
import threading
from django.conf import settings
settings.configure(INSTALLED_APPS=["enrow_webhooks"], SECRET_KEY="x")
import django
django.setup()
from enrow_webhooks.tasks import process_events
from enrow_webhooks.wake import celery_is_set_up, flush, wake
wake(process_events)
print(celery_is_set_up(), flush(0), [thread.name for thread in threading.enumerate()])
"""


@pytest.mark.slow
def test_without_a_celery_app_nothing_is_published():
    """Celery would silently try a broker on localhost."""
    done = run(WITHOUT_CELERY)
    assert (done.stdout.strip(), done.stderr) == ("False True ['MainThread']", "")


BLACK_HOLE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
from enrow_webhooks.inbox.addresses import sign
from enrow_webhooks.wake import flush
for number in range(5):
    body = '{"event": "bulk_search_finished", "id": "%s"}' % number
    answer = Client().generic("POST", f"/webhooks/enrow/{sign('job')}/", body, "application/json")
    assert answer.status_code == 200, answer.content
    # Answered, and the broker has still said nothing.
    assert not flush(0)
print("done")
"""


@pytest.mark.slow
def test_a_broker_that_accepts_and_never_answers_does_not_delay_the_view(tmp_path):
    """The event is stored and answered while its message still waits for the broker; the process still ends."""
    settings = tmp_path / "hole_settings.py"
    with Stranger(None) as hole:
        settings.write_text(
            "from tests.settings import *\n"
            "ALLOWED_HOSTS = ['*']\n"
            f"CELERY_BROKER_URL = {hole.url.replace('http', 'redis')!r} + '/0'\n"
            f"DATABASES = {{'default': {{'ENGINE': 'django.db.backends.sqlite3', 'NAME': {str(tmp_path / 'db')!r}}}}}\n"
        )
        done = run(BLACK_HOLE, DJANGO_SETTINGS_MODULE="hole_settings", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"


FORKED = """
import os, sys, threading, time
from pathlib import Path
from django.conf import settings
import django
django.setup()
from celery import current_app, shared_task
from enrow_webhooks import wake as module

@shared_task(name="marked")
def marked():
    pass

class Marker:
    name = "marker"
    def apply_async(self, **kwargs):
        Path(sys.argv[1]).write_text(str(os.getpid()))

module.wake(Marker())
assert module.flush(5)
# The worst moment: another thread holds the waker's lock, and will never give it back in the child.
held = threading.Event()
def hold():
    with module._waker._changed:
        held.set()
        time.sleep(2)
threading.Thread(target=hold, daemon=True).start()
held.wait()
child = os.fork()
if not child:
    module.wake(Marker())
    os._exit(0 if module.flush(5) and Path(sys.argv[1]).read_text() == str(os.getpid()) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_forked_child_publishes_by_itself(tmp_path):
    """gunicorn and Celery fork: the child starts its own thread, even when the parent held the lock at that moment."""
    done = run(FORKED, str(tmp_path / "mark"), DJANGO_SETTINGS_MODULE="tests.settings")
    assert done.stdout.strip() == "0", done.stderr
