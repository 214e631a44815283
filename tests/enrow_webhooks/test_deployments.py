"""The endpoint under a real server, the way people deploy it: dead brokers, pools, a restarted database, a prefix."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection

from enrow_webhooks.inbox import processing
from enrow_webhooks.models import WebhookEvent
from examples.demo.processes import free_ports
from tests.enrow_webhooks.support import ROOT, gunicorn
from tests.faults.support import database_url, missing_program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SECRET = "a-secret-that-is-long-enough-1"
# Seconds: who delivers hangs up then. A view that waited for the broker would take longer.
HANGS_UP = 20
PATIENT_WITH_BROKER = (
    f"CELERY_BROKER_TRANSPORT_OPTIONS = {{'socket_timeout': {3 * HANGS_UP}, 'socket_connect_timeout': {3 * HANGS_UP}}}"
)


@contextlib.contextmanager
def site(folder: Path, *lines: str, **environment: str):
    """Run the demo project under gunicorn on the database of the test, with lines added to its settings."""
    (folder / "deployed.py").write_text("\n".join(["from config.settings import *", *lines]))
    name = connection.settings_dict["NAME"]
    environment = {
        "DJANGO_SETTINGS_MODULE": "deployed",
        "PYTHONPATH": f"{folder}:{ROOT}",
        "DJANGO_SECRET_KEY": django_settings.SECRET_KEY,
        "DJANGO_VAR_DIR": str(folder),
        "DATABASE_URL": database_url() if connection.vendor == "postgresql" else f"sqlite:///{name}",
        "ENROW_WEBHOOK_SECRETS": SECRET,
        "ENROW_BASE_URL": "http://127.0.0.1:9",
    } | environment
    with gunicorn(os.environ | environment) as address:
        yield address


def deliver(address: tuple[str, int], *, prefix: str = "") -> int:
    """Deliver a new event on a connection of its own; return the status."""
    body = json.dumps({"event": "not_documented", "id": uuid.uuid4().hex})
    with contextlib.closing(http.client.HTTPConnection(*address, timeout=HANGS_UP)) as line:
        headers = {"SCRIPT_NAME": prefix} if prefix else {}
        line.request("POST", f"{prefix}/webhooks/enrow/{SECRET}/", body, headers)
        return line.getresponse().status


def deliver_soon(address: tuple[str, int], count: int = 10) -> None:
    """Deliver so many; each is answered 200, before Enrow would hang up."""
    for _ in range(count):
        assert deliver(address) == 200


# The broker.


@contextlib.contextmanager
def broker_down():
    """Nobody listens."""
    [port] = free_ports(1)
    yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def broker_in_a_black_hole():
    """Packets are swallowed: the queue of connections that nobody accepts is full, so no more are answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as waiting:
        for _ in range(4):
            line = waiting.enter_context(socket.socket())
            line.setblocking(False)
            line.connect_ex(listener.getsockname())
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.mark.parametrize("broker", [broker_down, broker_in_a_black_hole])
def test_a_broker_that_is_away_delays_no_answer(tmp_path, broker):
    """Refused at once or swallowed: stored and answered in time; who sweeps later finds the rows."""
    with broker() as url, site(tmp_path, PATIENT_WITH_BROKER, CELERY_BROKER_URL=url) as address:
        deliver_soon(address)
        time.sleep(0.5)
        deliver_soon(address)
    assert WebhookEvent.objects.due().count() == 20
    assert processing.drain() == 20
    assert not WebhookEvent.objects.waiting().exists()


@pytest.fixture
def own_redis(tmp_path):
    """A Redis of the test's own, to be hurt; gives its process and its URL."""
    if reason := missing_program():
        pytest.skip(reason)
    [port] = free_ports(1)
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port, socket_timeout=1) as client:
            wait_for(lambda: answers(client))
        yield process, f"redis://127.0.0.1:{port}/0"
    finally:
        # Also one that is stopped.
        process.kill()
        process.wait(10)


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def wait_for(condition, *, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_broker_that_is_stopped_delays_no_answer_and_is_used_again(tmp_path, own_redis):
    """A Redis under SIGSTOP takes the connection and says nothing; when it goes on, workers are woken again."""
    process, url = own_redis
    with (
        redis.Redis.from_url(url) as client,
        site(tmp_path, PATIENT_WITH_BROKER, CELERY_BROKER_URL=url) as address,
    ):
        deliver_soon(address, 1)
        wait_for(lambda: client.llen("celery"))
        process.send_signal(signal.SIGSTOP)
        deliver_soon(address)
        time.sleep(0.5)
        deliver_soon(address)
        process.send_signal(signal.SIGCONT)
        client.delete("celery")

        def is_woken() -> bool:
            deliver_soon(address, 1)
            return bool(client.llen("celery"))

        wait_for(is_woken)
    assert WebhookEvent.objects.due().count() == WebhookEvent.objects.count() >= 21


# The database.


def terminate_backends() -> int:
    """End every other connection to the test database, as a restart does; return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


POOL = "DATABASES['default'].update(CONN_MAX_AGE=0, OPTIONS={'pool': {'min_size': 1, 'max_size': 2, 'timeout': 5}})"


@pytest.mark.postgres
@pytest.mark.parametrize("checks", [True, False])
@pytest.mark.parametrize("kept", [POOL, "DATABASES['default'].update(CONN_MAX_AGE=None)"], ids=["pool", "kept"])
def test_connections_that_are_pooled_or_kept(tmp_path, kept, checks):
    """More threads than connections, more requests than either; and a database that ends all of them in between."""
    lines = [kept, f"DATABASES['default']['CONN_HEALTH_CHECKS'] = {checks}"]
    with site(tmp_path, *lines) as address, ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: deliver(address), range(80))) == {200}
        assert terminate_backends() > 0
        after = list(threads.map(lambda _: deliver(address), range(40)))
        # A pool that is not told to check hands its dead connections out, more than one to a request perhaps.
        assert set(after) == {200} or (kept == POOL and not checks and set(after) == {200, 503})
    assert WebhookEvent.objects.count() == 80 + after.count(200)


# The address.


def test_a_site_below_a_prefix(tmp_path):
    """As nginx says it to gunicorn; middleware that asks for a login and ATOMIC_REQUESTS change nothing."""
    lines = [
        "MIDDLEWARE += ['django.contrib.auth.middleware.LoginRequiredMiddleware']",
        "DATABASES['default']['ATOMIC_REQUESTS'] = True",
    ]
    with site(tmp_path, *lines) as address:
        assert deliver(address, prefix="/crm") == 200
    assert WebhookEvent.objects.count() == 1
