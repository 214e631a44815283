"""The client as the settings describe it, and one budget of POSTs for all who send."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter

import pytest
from django.core.exceptions import ImproperlyConfigured

from enrow_webhooks import connect
from enrow_webhooks.client import errors
from enrow_webhooks.client.values import FindEmail, Kind
from tests.commands import killed_at_last
from tests.enrow_webhooks.support import ROOT, Stranger

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")


def most_in_a_second(times: list[float]) -> int:
    """Return how many fell into the fullest second. A moment is left for the clock between taking and noting."""
    return max(sum(start <= moment < start + 0.97 for moment in times) for start in times)


@pytest.fixture(autouse=True)
def _fresh_budget():
    connect._new_limiter.cache_clear()
    yield
    connect._new_limiter.cache_clear()


def test_the_client_is_the_one_of_the_settings(sandbox, enrow):
    """Key, address and patience come from ENROW, at each opening."""
    enrow(API_KEY="the-key", TIMEOUT=(1, 2))
    with connect.open_client() as client:
        client.launch(Kind.FIND_EMAIL, [FindEmail(fullname="Ann B", company_domain="acme.com")])
    assert sandbox.keys_seen == {"the-key"}


def test_without_a_key_there_is_no_client(enrow):
    """The setting is named."""
    enrow(API_KEY="")
    with pytest.raises(ImproperlyConfigured, match=r'ENROW\["API_KEY"\]'):
        connect.open_client()


def test_threads_share_the_budget(enrow):
    """Four threads that want to send 16 POSTs at 5 per second never send more than 5 in one."""
    enrow(POSTS_PER_SECOND=5, POST_BUDGET_STORAGE="memory://")
    times: list[float] = []

    def send():
        for _ in range(4):
            connect.take_post_slot()
            times.append(time.monotonic())

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(times) == 16
    assert most_in_a_second(times) <= 5


def test_threads_that_come_at_once_get_one_budget():
    """The first POSTs of a process do not each count in a storage of their own."""
    for _ in range(100):
        connect._new_limiter.cache_clear()
        barrier, seen = threading.Barrier(8), []

        def look(barrier=barrier, seen=seen):
            barrier.wait(10)
            seen.append(connect._limiter("memory://"))

        threads = [threading.Thread(target=look) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len(set(map(id, seen))) == 1


def test_a_full_budget_is_not_waited_for_without_end(enrow, monkeypatch):
    """The job goes back to its queue; nothing was sent."""
    enrow(POSTS_PER_SECOND=1, POST_BUDGET_STORAGE="memory://")
    monkeypatch.setattr(connect, "_PATIENCE_SECONDS", 0)
    connect.take_post_slot()
    with pytest.raises(errors.RateLimited, match="POSTS_PER_SECOND"):
        connect.take_post_slot()


SENDER = """
import sys, time, django
django.setup()
from enrow_webhooks.connect import take_post_slot
sys.stdin.readline()
for _ in range(6):
    take_post_slot()
    print(time.time())
"""


@pytest.mark.redis
@pytest.mark.slow
def test_processes_share_the_budget_on_redis(tmp_path):
    """Three processes on one Redis send no faster together than one alone."""
    storage = f"{REDIS}?client_name=budget-{uuid.uuid4().hex[:8]}"
    settings = tmp_path / "budget_settings.py"
    settings.write_text(
        f"from tests.settings import *\nENROW = ENROW | {{'POSTS_PER_SECOND': 5, 'POST_BUDGET_STORAGE': {storage!r}}}\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "budget_settings", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    senders = [
        subprocess.Popen(
            [sys.executable, "-c", SENDER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    times = []
    with contextlib.ExitStack() as stack:
        for sender in senders:
            stack.enter_context(killed_at_last(sender))
        for sender in senders:
            sender.stdin.write("go\n")
            sender.stdin.flush()
        for sender in senders:
            out, _ = sender.communicate(timeout=60)
            assert sender.returncode == 0
            times += map(float, out.split())
    assert len(times) == 18
    # 18 at 5 a second take three seconds; with a budget for each process they would take one.
    assert max(times) - min(times) > 2, Counter(map(int, times))


@pytest.mark.parametrize("storage", ["refused", "black hole"])
def test_without_its_redis_a_process_counts_alone(enrow, storage, caplog, monkeypatch):
    """A Redis that is gone, or that accepts and never answers, neither stops a job nor leaves it half sent."""
    monkeypatch.setitem(connect._REDIS_OPTIONS, "socket_timeout", 0.2)
    with Stranger(None) as hole:
        address = hole.url.removeprefix("http://") if storage == "black hole" else "127.0.0.1:9"
        enrow(POSTS_PER_SECOND=50, POST_BUDGET_STORAGE=f"redis://{address}/0")
        connect.take_post_slot()
    assert "POST_BUDGET_STORAGE" in caplog.text
