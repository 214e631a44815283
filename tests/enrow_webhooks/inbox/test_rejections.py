"""Who is turned away is counted and shown, once, and costs the site next to nothing."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.doctor import inbox_troubles
from enrow_webhooks.inbox import processing
from enrow_webhooks.inbox.addresses import sign
from enrow_webhooks.inbox.rejections import Counting, Reason, counting
from enrow_webhooks.models import Rejection, WebhookEvent
from enrow_webhooks.signals import KeepAside, event_received

pytestmark = pytest.mark.django_db(transaction=True)

JOB = "5f0d3a43-6f5c-4f5c-9a64-0d7d1a8f5a11"
BODY = b'{"event": "single_search_finished", "id": "e-1"}'


def post(token=None, body=BODY):
    return Client().generic("POST", f"/webhooks/enrow/{token or sign(JOB)}/", body, "application/json").status_code


def counts():
    return dict(Rejection.objects.values_list("reason", "count"))


def test_each_reason_is_counted_apart():
    """Strangers, unreadable and oversized bodies; a good event counts for nothing."""
    answers = [post("wrong"), post("wrong"), post(body=b"{"), post(body=b"x" * 2_000_000), post()]
    assert answers == [404, 404, 400, 413, 200]
    assert Client().get("/webhooks/enrow/wrong/").status_code == 404
    assert not Rejection.objects.exists()
    assert counting.flush()
    assert counts() == {"stranger": 3, "unreadable": 1, "too_large": 1}


def test_a_stranger_costs_no_query_and_one_log_line_an_hour(caplog):
    """However many requests come: nothing is written per request, and the log says it once, without the token."""
    with CaptureQueriesContext(connection) as queries:
        assert {post(f"guess-{number}") for number in range(50)} == {404}
    assert len(queries) == 0
    assert caplog.text.count("turned away") == 1
    assert "guess" not in caplog.text
    counting.flush()
    assert counts() == {"stranger": 50}
    assert WebhookEvent.objects.count() == 0


def test_flushing_costs_one_statement_per_reason(django_assert_num_queries):
    """A thousand rejections are a row and a statement; another process adds to the same row."""
    for _ in range(1000):
        counting.note(Reason.STRANGER)
    with django_assert_num_queries(1):
        counting.flush()
    other = Counting()
    other.note(Reason.STRANGER)
    other.flush()
    assert counts() == {"stranger": 1001}
    other.forget()


def test_the_thread_writes_the_sums_down():
    """Without anybody asking for it, once in a while."""
    own = Counting(every=0.05)
    for _ in range(3):
        own.note(Reason.STRANGER)
    deadline = time.monotonic() + 10
    while counts() != {"stranger": 3}:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    own.note(Reason.STRANGER)
    while counts() != {"stranger": 4}:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    own.forget()


def test_what_the_database_does_not_take_is_counted_later():
    """Nothing is lost while it is away, and nothing raises."""
    own = Counting(every=1000)
    own.note(Reason.NOT_STORED)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE enrow_webhooks_rejection RENAME TO away")
    assert not own.flush()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE away RENAME TO enrow_webhooks_rejection")
    own.note(Reason.NOT_STORED)
    assert own.flush()
    assert counts() == {"not_stored": 2}
    own.forget()


def test_counting_from_many_threads_loses_none():
    """A server has threads."""
    own = Counting(every=1000)
    threads = [threading.Thread(target=lambda: [own.note(Reason.STRANGER) for _ in range(200)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own.flush()
    assert counts() == {"stranger": 1600}
    own.forget()


def test_an_event_that_contradicts_its_address_is_counted(sandbox):
    """Reference and content disagree: kept aside, counted, shown."""

    def contradict(sender, event, **kwargs):
        raise KeepAside("It names another search.")

    post()
    event_received.connect(contradict)
    try:
        processing.drain()
    finally:
        event_received.disconnect(contradict)
    assert counts() == {"contradicts": 1}


@pytest.mark.parametrize("reason", Reason)
def test_the_doctor_shows_each_reason_once(reason):
    """One sentence per reason; strangers knock everywhere, the others need a person and have a hint."""
    for _ in range(3):
        counting.note(reason)
    counting.flush()
    (finding,) = inbox_troubles()
    assert f"3 ({reason.label})" in finding.sentence
    assert (finding.level == "ok", bool(finding.hint)) == (reason is Reason.STRANGER, reason is not Reason.STRANGER)


def test_what_lies_a_day_back_is_no_news():
    """A rejection of last week does not make the doctor cry for ever."""
    counting.note(Reason.TOO_LARGE)
    counting.flush()
    Rejection.objects.update(hour="2020-01-01T00:00:00Z")
    assert list(inbox_troubles()) == []


def test_a_forked_child_counts_from_zero():
    """The parent writes its own sums down; the child does not write them a second time."""
    own = Counting(every=1000)
    own.note(Reason.STRANGER)
    own.start_afresh()
    assert own.flush()
    assert counts() == {}
