"""Broken HTTP at a real server: each 200 has its row, nobody gets a 5xx, and the next event is served."""

from __future__ import annotations

import json
import os
import re
import socket
import uuid

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrow_webhooks.models import WebhookEvent
from tests.enrow_webhooks.support import gunicorn
from tests.faults.support import database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SECRET = "a-secret-that-is-long-enough-1"
LIMIT = 1024 * 1024


@pytest.fixture
def server(tmp_path):
    """The demo project under gunicorn, on the database of the test."""
    name = connection.settings_dict["NAME"]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_SECRET_KEY": django_settings.SECRET_KEY,
        "DJANGO_VAR_DIR": str(tmp_path),
        "DATABASE_URL": database_url() if connection.vendor == "postgresql" else f"sqlite:///{name}",
        "ENROW_WEBHOOK_SECRETS": SECRET,
    }
    with gunicorn(environment, "--timeout", "30", "--keep-alive", "2") as address:
        yield address


def head(*headers: str, last: bool = True) -> bytes:
    lines = [f"POST /webhooks/enrow/{SECRET}/ HTTP/1.1", "Host: localhost", *headers]
    return "\r\n".join([*lines, *(["Connection: close"] if last else []), "", ""]).encode("latin-1")


def event() -> bytes:
    return json.dumps({"event": "bulk_search_finished", "id": uuid.uuid4().hex}).encode()


def whole(body: bytes, *, last: bool = True) -> bytes:
    return head(f"Content-Length: {len(body)}", last=last) + body


@st.composite
def chunks(draw, body: bytes) -> bytes:
    """Cut a body into chunks, with what the grammar allows, and now and then what it does not."""
    parts = []
    while body:
        size = draw(st.integers(1, len(body)))
        mark = draw(st.sampled_from([b"%x", b"%X", b"%04x", b"%x;name=value", b"%x ", b"-%x", b"0x%x", b"%x\n"]))
        parts.append((mark % size) + b"\r\n" + body[:size] + draw(st.sampled_from([b"\r\n"] * 6 + [b"", b"\n"])))
        body = body[size:]
    return b"".join(parts) + draw(st.sampled_from([b"0\r\n\r\n"] * 4 + [b"0\r\nX: y\r\n\r\n", b"", b"0\r\n"]))


class Words(bytes):
    """Bytes that a failing test can print."""

    def __repr__(self) -> str:
        return f"{bytes(self[:400])!r}, {len(self)} bytes"


@st.composite
def conversations(draw) -> Words:
    """Draw what one connection says."""
    body, other = event(), event()
    garbage = draw(st.binary(max_size=60))
    size = len(body)
    lies = ["0", "1", "-1", "abc", "9" * 30, str(size + 7), str(size - 7), str(LIMIT + 1), ""]
    length = draw(st.sampled_from(lies))
    chunked = head("Transfer-Encoding: chunked") + draw(chunks(body))
    return Words(draw(st.sampled_from([
        whole(body), chunked, garbage, whole(garbage), whole(body + garbage),
        # Lengths that lie, and two that contradict.
        head(f"Content-Length: {length}") + body, head("Content-Length: 5", f"Content-Length: {length}") + body,
        head(f"Content-Length: {len(body)}", "Transfer-Encoding: chunked") + draw(chunks(body)),
        # Two in one go, and a first that is followed by noise.
        whole(body, last=False) + whole(other), whole(body, last=False) + garbage,
        # Heads that no server should like.
        head("X: " + "y" * 10_000) + body, head(*["X: y"] * 200) + body,
        head("Transfer-Encoding: gzip, chunked") + body,
        head("Expect: 100-continue", f"Content-Length: {len(body)}") + body,
        head("Content-Type: \xff") + body,
        # Over the limit, said and unsaid.
        whole(b"x" * (LIMIT + 1)), head("Transfer-Encoding: chunked") + b"%x\r\n" % (2 * LIMIT) + b"x" * 2 * LIMIT,
    ])))  # fmt: skip


def say(address: tuple[str, int], words: bytes, *, cut: int) -> bytes:
    """Send the words in two pieces, hang up, and return what was answered."""
    answer = b""
    with socket.create_connection(address, timeout=20) as line:
        try:
            line.sendall(words[:cut])
            line.sendall(words[cut:])
            line.shutdown(socket.SHUT_WR)
            while part := line.recv(65536):
                answer += part
        except OSError:
            pass  # it hangs up on what it does not like
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


def deliveries() -> int:
    return WebhookEvent.objects.exclude(state="dead").aggregate(sum=Sum("deliveries", default=0))["sum"]


def test_broken_http_is_refused_and_hurts_nobody(server):
    """Chunks, lengths and heads that lie, connections cut anywhere, noise behind an event."""
    seen: set[int] = set()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(conversations(), st.floats(0, 1))
    def fuzz(words, share):
        before = deliveries()
        answered = statuses(say(server, words, cut=int(share * len(words))))
        seen.update(answered)
        # 501 is gunicorn's own word for a coding that it does not know.
        assert all(code < 500 or code == 501 for code in answered), answered
        # More, when the connection broke before its answer was heard.
        assert deliveries() - before >= answered.count(200)

    fuzz()
    assert {200, 400, 413} <= seen
    assert statuses(say(server, whole(event()), cut=0)) == [200]


def test_a_connection_cut_anywhere_stores_all_or_nothing(server):
    """An event is in its row as it was sent, or not at all."""
    body = event()
    words = whole(body)
    for cut in range(0, len(words), 7):
        with socket.create_connection(server, timeout=20) as line:
            line.sendall(words[:cut])
    assert not WebhookEvent.objects.exists()
    assert statuses(say(server, words, cut=0)) == [200]
    assert WebhookEvent.objects.get().payload.encode() == body


def test_slow_senders_up_to_the_last_thread_leave_the_others_served(server):
    """Three of four threads wait for bodies that trickle: the fourth goes on."""
    body = event()
    lines = [socket.create_connection(server, timeout=20) for _ in range(3)]
    for line in lines:
        line.sendall(head(f"Content-Length: {len(body)}") + body[:5])
    assert statuses(say(server, whole(event()), cut=0)) == [200]
    for line in lines:
        line.sendall(body[5:])
        assert statuses(line.recv(65536)) == [200]
        line.close()
    assert deliveries() == 4
