"""One thread works off what is asked for: nobody waits for it, nothing ends it, and a fork does not break it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter

import pytest
from django.db import connection, connections

from enrow_webhooks.background import Background
from tests.enrow_webhooks.support import ROOT


class Noted(Background[str]):
    """Notes what it did, and for whom; ``answer`` is called with each counter before that."""

    def __init__(self, answer=lambda asked: None, **times):
        super().__init__("noted", **times)
        self.answer = answer
        self.done = []

    def work(self, asked):
        self.answer(asked)
        self.done.append((threading.current_thread().name, Counter(asked)))
        asked.clear()


@pytest.fixture
def background():
    """Make a background whose thread ends with the test."""
    made = []

    def make(*arguments, **times):
        made.append(Noted(*arguments, **times))
        return made[-1]

    yield make
    for one in made:
        one.forget()


def test_a_burst_is_one_piece_of_work(background):
    """What is asked for before the thread comes is counted, and done in the thread by one call."""
    own = background(delay=0.01)
    with own._changed:
        for item in "abaca":
            own.ask(item)
    assert own.wait(10)
    assert own.done == [("noted", Counter(a=3, b=1, c=1))]
    own.ask("d")
    assert own.wait(10)
    assert own.done[1:] == [("noted", Counter(d=1))]


def test_nobody_waits_for_the_work(background):
    """While it hangs, one may ask for more, and wait() ends at its time; nothing that was asked for is lost."""
    begun, go_on = threading.Event(), threading.Event()
    own = background(lambda asked: (begun.set(), go_on.wait(30)))
    own.ask("a")
    assert begun.wait(10)
    assert not own.wait(0.05)
    own.ask("b")
    assert not own.wait(0.05)
    go_on.set()
    assert own.wait(10)
    assert [asked for _, asked in own.done] == [Counter("a"), Counter("b")]


def test_the_thread_pauses_between_two_works(background):
    """A burst that goes on is not worked off item by item."""
    own = background(pause=1000)
    own.ask("a")
    assert own.wait(10)
    own.ask("b")
    assert not own.wait(0.2)
    assert own.done == [("noted", Counter("a"))]


def test_what_is_left_is_done_the_next_time():
    """Work that takes only a part out of the counter is called again for the rest."""
    seen = []

    class Slow(Background[str]):
        def work(self, asked):
            seen.append(dict(asked))
            del asked[min(asked)]

    own = Slow("slow")
    own.ask("a")
    own.ask("b")
    assert own.wait(10)
    own.forget()
    assert seen[-1] == {"b": 1}
    assert [next(iter(asked)) for asked in seen] == ["a", "b"]


def test_work_may_be_done_at_once_and_then_says_what_went_wrong(background):
    """Who cannot wait for the thread does it in its own, and hears of the failure."""
    own = background(delay=1000)
    own.ask("a")
    assert own.do_now()
    assert own.done == [("MainThread", Counter("a"))]
    own.answer = lambda asked: asked["no such"] / 0
    own.ask("b")
    with pytest.raises(ZeroDivisionError):
        own.do_now()


def test_a_failure_is_logged_without_its_message_and_does_not_end_the_thread(background, caplog):
    """Messages quote rows; what comes later is worked off all the same."""

    def fail(asked):
        raise ValueError(min(asked))

    own = background(fail)
    own.ask("ann@firm.com")
    assert own.wait(10)
    assert "Work of the thread noted failed: ValueError" in caplog.text
    assert "ann@firm.com" not in caplog.text
    own.answer = lambda asked: None
    own.ask("b")
    assert own.wait(10)
    assert own.done == [("noted", Counter("b"))]


@pytest.mark.django_db(transaction=True)
def test_the_thread_keeps_no_connection(background):
    """A connection that it opened is closed when the work is done: nothing else would close it."""
    opened = []

    def ask_the_database(asked):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        opened.append((connections["default"], connections["default"].connection is not None))

    own = background(ask_the_database)
    own.ask("a")
    assert own.wait(10)
    [(used, was_open)] = opened
    assert was_open
    assert used.connection is None


def test_forgetting_drops_what_was_asked_for_and_ends_the_thread(background):
    """Even in the middle of the delay, before which nothing is done; afterwards it can be used anew."""
    own = background(delay=1000)
    own.ask("a")
    assert not own.wait(0.2)
    thread = own._thread
    own.forget()
    assert not thread.is_alive()
    assert own.wait(0)
    assert own.do_now()
    assert own.done == []
    own.ask("b")
    assert own.do_now()
    assert own.done == [("MainThread", Counter("b"))]


def test_what_was_forgotten_during_the_work_does_not_come_back(background):
    """The rest of an old counter is not added to the new one."""
    own = background(lambda asked: None, delay=1000)
    own.work = lambda asked: own.forget()
    own.ask("a")
    assert own.do_now()
    assert own._asked == Counter()


def test_a_thread_that_cannot_start_fails_nobody(background, caplog):
    """A request is answered all the same, and the next one tries again."""
    own = background()
    before = threading.stack_size(2**46)  # more than any machine has
    try:
        own.ask("a")
    finally:
        threading.stack_size(before)
    assert "could not start" in caplog.text
    own.ask("b")
    assert own.wait(10)
    assert own.done == [("noted", Counter("ab"))]


FORKED = """
import os, threading
from pathlib import Path
import django
django.setup()
from enrow_webhooks.inbox.rejections import Counting, Reason, counting
from tests.enrow_webhooks.test_background import Noted

slow, quick = Noted(delay=1000), Noted()
slow.ask("parent")
quick.ask("parent")
assert quick.wait(5)
counting.note(Reason.STRANGER)
# The worst moment: another thread holds the locks, and will never give them back in the child.
held = threading.Event()
def hold():
    with slow._changed, quick._changed, counting._changed:
        held.set()
        threading.Event().wait(60)
threading.Thread(target=hold, daemon=True).start()
held.wait()
child = os.fork()
if not child:
    assert slow.do_now() and not slow.done and not counting._asked
    counting.note(Reason.STRANGER)
    quick.ask("child")
    os._exit(0 if quick.wait(20) and len(quick.done) == 2 and len(counting._asked) == 1 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_forked_child_starts_afresh():
    """It has none of what its parent was asked for, and works by itself even when a lock was held at that moment."""
    done = subprocess.run(
        [sys.executable, "-c", FORKED],
        env=os.environ | {"PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "0", done.stderr
