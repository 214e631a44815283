"""A key, the work and its answer are one transaction; equal requests at the same time do the work once."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from leads import idempotency
from leads.idempotency import AnotherRequest, UnderWay, once
from leads.models import AccountReading, IdempotencyKey
from leads.upkeep.sweep import sweep

pytestmark = pytest.mark.django_db


def work():
    """Something that is done, and its answer."""
    row = AccountReading.objects.create()
    return {"status": 202, "headers": {}, "body": {"id": row.pk}}


def test_the_same_request_gets_the_first_answer():
    """And is not done again; another user may use the same key."""
    first = once("1", "key", "digest", work)
    assert first[1] is False
    assert once("1", "key", "digest", work) == (first[0], True)
    assert once("2", "key", "digest", work)[1] is False
    assert AccountReading.objects.count() == 2


def test_another_request_with_the_key_is_refused():
    """Whatever it is, it is not done."""
    once("1", "key", "digest", work)
    with pytest.raises(AnotherRequest):
        once("1", "key", "other", work)
    assert AccountReading.objects.count() == 1


def test_what_fails_leaves_neither_work_nor_key():
    """So the program may try again with the same key."""

    def fail():
        work()
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        once("1", "key", "digest", fail)
    assert not AccountReading.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert once("1", "key", "digest", work)[1] is False


def test_a_key_is_known_for_a_day_and_then_pruned():
    """Before it is pruned, too, an old key is none; the sweep deletes it."""
    once("1", "key", "digest", work)
    old = timezone.now() - idempotency.LIFETIME - dt.timedelta(seconds=1)
    IdempotencyKey.objects.update(created_at=old)
    assert once("1", "key", "other", work)[1] is False
    once("1", "second", "digest", work)
    IdempotencyKey.objects.filter(key="key").update(created_at=old)
    sweep()
    assert IdempotencyKey.objects.get().key == "second"


def test_the_digest_tells_requests_apart():
    """By method, path and body; no piece can pass for another."""
    calls = [
        ("POST", "/a", b"x"),
        ("POST", "/a", b"y"),
        ("POST", "/b", b"x"),
        ("PUT", "/a", b"x"),
        ("POST", "/ax", b""),
    ]
    assert len({idempotency.digest(*call) for call in calls}) == len(calls)


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_under_way_the_second_is_told_to_come_again(monkeypatch):
    """It waits so long for the first, and no longer; PostgreSQL waits for a lock, SQLite for the file."""
    monkeypatch.setattr(idempotency, "_PATIENCE", "50ms")
    is_there, may_end, said = threading.Event(), threading.Event(), []

    def slow():
        is_there.set()
        assert may_end.wait(30)
        return work()

    def first():
        said.append(once("1", "key", "digest", slow))
        connections.close_all()

    thread = threading.Thread(target=first)
    thread.start()
    assert is_there.wait(30)
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.cursor().execute("PRAGMA busy_timeout = 50")
    with pytest.raises(UnderWay):
        once("1", "key", "digest", work)
    may_end.set()
    thread.join()
    assert once("1", "key", "digest", work) == (said[0][0], True)
    assert AccountReading.objects.count() == 1


def test_another_failure_of_the_database_is_no_repeat():
    """What the work itself breaks is raised as it is."""
    with pytest.raises(Exception, match=r"(?i)unique") as caught:
        once("1", "key", "digest", lambda: IdempotencyKey.objects.bulk_create([_key(), _key()]))
    assert type(caught.value).__name__ == "IntegrityError"
    assert not IdempotencyKey.objects.exists()


def _key():
    return IdempotencyKey(user="9", key="same", digest="")


@pytest.mark.postgres
def test_the_patience_ends_with_the_insert():
    """What the work waits for is as patient as ever."""
    seen = []

    def look():
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            seen.extend(cursor.fetchone())
        return {}

    with transaction.atomic():
        once("1", "key", "digest", look)
    assert seen == ["0"]
