"""Transactions of our own: at READ COMMITTED, repeated when the database breaks them off, never inside a caller's."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.test import TestCase

from enrow_webhooks import transactions
from enrow_webhooks.inbox import storing
from enrow_webhooks.inbox.rejections import Counting, Reason
from enrow_webhooks.models import Heartbeat, Rejection, WebhookEvent
from tests.leads.levels import LEVELS, all_at_once, level_of_the_server
from tests.leads.races import uncommitted

BODY = b'{"event": "single_search.finished", "id": "one"}'
BREAK_OFF = "DO $$ BEGIN RAISE EXCEPTION 'could not serialize' USING ERRCODE = '{}'; END $$"


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def measured():
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        return cursor.fetchone()[0]


def broken_off(times, code="40001"):
    """Return work that the server breaks off so many times, and the list of its tries."""
    tries = []

    def work():
        tries.append(connection.in_atomic_block)
        if len(tries) <= times:
            execute(BREAK_OFF.format(code))
        return "done"

    return work, tries


@pytest.fixture
def no_pause(monkeypatch):
    """Two more tries, without a pause."""
    monkeypatch.setattr(transactions, "_PAUSES", (0, 0))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("level", LEVELS)
def test_our_own_transaction_is_read_committed_at_every_level(level):
    """A caller's transaction keeps its level, and so does the next one on this connection."""
    with level_of_the_server(level):
        assert transactions.owned("default", measured) == "read committed"
        with transaction.atomic():
            assert measured() == level
            assert transactions.owned("default", measured) == level


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", ["40001", "40P01"])
@pytest.mark.parametrize(
    ("run", "in_atomic"), [(transactions.owned, True), (transactions.repeated, False)], ids=["owned", "repeated"]
)
def test_what_the_database_breaks_off_is_done_again(no_pause, code, run, in_atomic):
    """A serialization failure and a deadlock; each try is a transaction of its own."""
    work, tries = broken_off(2, code)
    assert run("default", work) == "done"
    assert tries == [in_atomic] * 3


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [transactions.owned, transactions.repeated])
def test_repeating_has_an_end(no_pause, run):
    """What never succeeds is raised."""
    work, tries = broken_off(9)
    with pytest.raises(OperationalError, match="could not serialize"):
        run("default", work)
    assert len(tries) == 3


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [transactions.owned, transactions.repeated])
@pytest.mark.parametrize(("code", "error"), [("57014", OperationalError), ("22000", DataError)])
def test_other_errors_are_raised_at_once(no_pause, run, code, error):
    """A statement that was cancelled, or is wrong, is not better the second time."""
    work, tries = broken_off(9, code)
    with pytest.raises(error):
        run("default", work)
    assert len(tries) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [transactions.owned, transactions.repeated])
def test_within_a_callers_transaction_the_caller_repeats(no_pause, run):
    """Nothing of it stands any more: a second try of one part would run on what is broken off."""
    work, tries = broken_off(1)
    with pytest.raises(OperationalError), transaction.atomic():
        run("default", work)
    assert len(tries) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_that_lock_each_other_out_both_get_through():
    """A real deadlock: each holds the row that the other wants."""
    Heartbeat.objects.bulk_create(Heartbeat(name=name, at=dt.datetime.now(dt.UTC)) for name in "ab")
    both_hold = threading.Barrier(2)

    def work(number):
        first, second = ("a", "b") if number else ("b", "a")
        meet = iter([both_hold.wait])

        def lock_both():
            list(Heartbeat.objects.select_for_update().filter(name=first))
            next(meet, bool)()
            list(Heartbeat.objects.select_for_update().filter(name=second))

        transactions.owned("default", lock_both)

    assert all_at_once(2, work) == []


def event(**values):
    return WebhookEvent.objects.create(event="single_search.finished", enrow_id="one", payload="{}", **values)


def touch(model):
    model.objects.update(**({"last_error": "touched"} if model is WebhookEvent else {"at": dt.datetime.now(dt.UTC)}))


def claim():
    pk = WebhookEvent.objects.values_list("pk", flat=True).get()
    return WebhookEvent.objects.claim(pk, lease=dt.timedelta(60)) is not None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
@pytest.mark.parametrize(
    "then", [claim, lambda: storing.store(BODY, reference="").needs_work], ids=["claim", "store a repeat"]
)
def test_one_statement_that_waited_for_another_is_repeated(level, then):
    """The row was changed while the statement waited: above READ COMMITTED PostgreSQL breaks it off."""
    event()
    with level_of_the_server(level), uncommitted(then) as results:
        touch(WebhookEvent)
    assert results == [True]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_many_at_one_row_see_no_error(level):
    """Who beats, who counts and who stores a repeat: all of them write to the same rows."""

    def work(number):
        Heartbeat.objects.claim("sweep", every=dt.timedelta(0))
        storing.store(BODY, reference="")
        counting = Counting()
        counting.note(Reason.STRANGER)
        assert counting.flush()

    with level_of_the_server(level):
        assert all_at_once(12, work) == []
    assert (WebhookEvent.objects.get().deliveries, Rejection.objects.get().count) == (12, 12)


@pytest.mark.django_db(transaction=True)
def test_a_callers_transaction_is_seen():
    """However deep; and not any more when it is over."""
    seen = [transactions.is_open("default")]
    with transaction.atomic():
        seen.append(transactions.is_open("default"))
        with transaction.atomic():
            seen.append(transactions.is_open("default"))
    assert [*seen, transactions.is_open("default")] == [False, True, True, False]


class InATestCase(TestCase):
    """Django's TestCase wraps each test in a transaction."""

    def test_the_transaction_of_a_test_is_nobodys(self):
        """Code runs in it as it does without one; only its own blocks count."""
        assert not transactions.is_open("default")
        with transaction.atomic():
            assert transactions.is_open("default")
        with self.assertNumQueries(0):
            transactions.is_open("default")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_avoids_a_sequential_scan_is_not_compiled_either():
    """A plan priced at 10,000,000,000 would be: for a tenth of a second, at each batch. Afterwards all is as before."""

    def settings_now():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('enable_seqscan'), current_setting('jit')")
            return cursor.fetchone()

    # Whatever the server's own setting is.
    execute("SET jit = on")
    try:
        with transaction.atomic():
            transactions.avoid_seqscan("default")
            assert settings_now() == ("off", "off")
        assert settings_now() == ("on", "on")
    finally:
        execute("RESET jit")
