"""The client as the settings describe it, and one budget of POSTs for all who send."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading

import pytest
import redis
from django.core.exceptions import ImproperlyConfigured
from limits import RateLimitItemPerHour

from enrow_webhooks import connect
from enrow_webhooks.client import errors
from enrow_webhooks.client.values import FindEmail, Kind
from tests.commands import killed_at_last
from tests.enrow_webhooks.support import ROOT, Stranger

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")


@pytest.fixture
def hourly(monkeypatch):
    """Let the budget be one of an hour, and nobody wait: who gets through is then no matter of time."""
    monkeypatch.setattr(connect, "RateLimitItemPerSecond", RateLimitItemPerHour)
    monkeypatch.setattr(connect, "_PATIENCE_SECONDS", 0)


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


def test_threads_share_the_budget(enrow, hourly):
    """Of 16 POSTs that four threads want to send in the time of a budget of 5, 5 are sent."""
    enrow(POSTS_PER_SECOND=5, POST_BUDGET_STORAGE="memory://")
    sent = []

    def send():
        for _ in range(4):
            with contextlib.suppress(errors.RateLimited):
                connect.take_post_slot()
                sent.append(1)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 5


def test_what_is_over_the_budget_waits_for_the_next_second(enrow):
    """Nobody is refused who can be served soon."""
    enrow(POSTS_PER_SECOND=5, POST_BUDGET_STORAGE="memory://")
    for _ in range(6):
        connect.take_post_slot()


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
import sys, django
django.setup()
from limits import RateLimitItemPerHour
from enrow_webhooks import connect
from enrow_webhooks.client.errors import RateLimited
connect.RateLimitItemPerSecond, connect._PATIENCE_SECONDS = RateLimitItemPerHour, 0
sys.stdin.readline()
for _ in range(6):
    try:
        connect.take_post_slot()
    except RateLimited:
        continue
    print("sent")
"""


@pytest.mark.redis
@pytest.mark.slow
def test_processes_share_the_budget_on_redis(tmp_path):
    """Of 18 POSTs that three processes on one Redis want to send in the time of a budget of 5, 5 are sent."""
    with redis.Redis.from_url(REDIS) as client:
        for key in client.scan_iter("*enrow-post*hour*"):
            client.delete(key)
    settings = tmp_path / "budget_settings.py"
    settings.write_text(
        f"from tests.settings import *\nENROW = ENROW | {{'POSTS_PER_SECOND': 5, 'POST_BUDGET_STORAGE': {REDIS!r}}}\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "budget_settings", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    senders = [
        subprocess.Popen(
            [sys.executable, "-c", SENDER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    sent = []
    with contextlib.ExitStack() as stack:
        for sender in senders:
            stack.enter_context(killed_at_last(sender))
        for sender in senders:
            sender.stdin.write("go\n")
            sender.stdin.flush()
        for sender in senders:
            out, _ = sender.communicate(timeout=60)
            assert sender.returncode == 0
            sent += out.split()
    assert sent == ["sent"] * 5


@pytest.mark.parametrize("storage", ["refused", "black hole"])
def test_without_its_redis_a_process_counts_alone(enrow, storage, caplog, monkeypatch):
    """A Redis that is gone, or that accepts and never answers, neither stops a job nor leaves it half sent."""
    monkeypatch.setitem(connect._REDIS_OPTIONS, "socket_timeout", 0.2)
    with Stranger(None) as hole:
        address = hole.url.removeprefix("http://") if storage == "black hole" else "127.0.0.1:9"
        enrow(POSTS_PER_SECOND=50, POST_BUDGET_STORAGE=f"redis://{address}/0")
        connect.take_post_slot()
    assert "POST_BUDGET_STORAGE" in caplog.text
