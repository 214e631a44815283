"""An event is stored once, by one statement, whatever it is and however many send it."""

from __future__ import annotations

import json
import threading

import pytest
from django.db import connection, connections

from enrow_webhooks.client.errors import UnreadableEvent
from enrow_webhooks.inbox import processing, storing
from enrow_webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db

State = WebhookEvent.State
BODY = json.dumps(
    {"event": "single_search_finished", "id": "id-1", "result": {"email": "a@b.com", "qualification": "valid"}}
).encode()
JOB = "5f0d3a43-6f5c-4f5c-9a64-0d7d1a8f5a11"


def row() -> WebhookEvent:
    return WebhookEvent.objects.get()


# Storing.


def test_an_event_is_stored_by_one_statement(django_assert_num_queries):
    """As it came, with its names and its proof."""
    with django_assert_num_queries(1):
        assert storing.store(BODY, reference=JOB).needs_work
    stored = row()
    assert (stored.event, stored.enrow_id, stored.reference, stored.payload.encode()) == (
        "single_search_finished",
        "id-1",
        JOB,
        BODY,
    )
    assert (stored.state, stored.deliveries, stored.attempts, stored.processed_at) == (State.RECEIVED, 1, 0, None)


def test_a_repeat_counts_up_and_changes_nothing():
    """Enrow may deliver twice; the second copy is known by event, id and URL, whatever else it says."""
    storing.store(BODY, reference=JOB)
    before = row()
    other = BODY.replace(b"a@b.com", b"evil@b.com")
    assert storing.store(other, reference=JOB).needs_work
    assert row().deliveries == 2
    changed = {
        field.name for field in WebhookEvent._meta.fields if getattr(row(), field.name) != getattr(before, field.name)
    }
    assert changed == {"deliveries"}


@pytest.mark.parametrize("state", [State.PROCESSED, State.IGNORED, State.DEAD])
def test_a_repeat_of_what_is_dealt_with_needs_no_work(state):
    """No worker is woken for it."""
    storing.store(BODY, reference=JOB)
    WebhookEvent.objects.update(state=state)
    assert not storing.store(BODY, reference=JOB).needs_work


def test_the_same_id_of_another_event_is_another_event():
    """Namespaces of two endpoints cannot collide."""
    storing.store(BODY, reference="")
    storing.store(BODY.replace(b"single_search", b"bulk_search"), reference="")
    assert WebhookEvent.objects.count() == 2


@pytest.mark.parametrize("first", ["", "another-job"])
@pytest.mark.parametrize("state", State.values)
def test_what_came_on_another_url_makes_no_event_a_repeat(first, state):
    """Neither the dashboard's URL nor another job's can take the place of the event that is proved."""
    storing.store(BODY, reference=first)
    WebhookEvent.objects.update(state=state)
    proved = BODY.replace(b"a@b.com", b"c@d.com")
    assert storing.store(proved, reference=JOB).needs_work
    rows = WebhookEvent.objects.order_by("pk").values_list("reference", "payload", "state", "deliveries")
    assert list(rows) == [(first, BODY.decode(), state, 1), (JOB, proved.decode(), State.RECEIVED, 1)]


def test_an_event_without_an_id_is_known_by_its_text():
    """A repeat of it is still a repeat."""
    body = b'{"event": "something_new"}'
    for _ in range(2):
        storing.store(body, reference="")
    assert (row().deliveries, row().enrow_id[:7]) == (2, "sha256:")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\x00\xfe", b"[1]", b'{"id": "x"}', b"x\x00" * 100_000, b"\xe2\x82\xac" * 50_000]
)
def test_what_is_no_event_is_refused_in_a_sentence_and_not_kept(body):
    """No worker can use it."""
    with pytest.raises(UnreadableEvent, match=r"^The body "):
        storing.store(body, reference=JOB)
    assert not WebhookEvent.objects.exists()


def test_escaped_nul_and_surrogates_are_stored_and_processed(receiver):
    """They are legal JSON; PostgreSQL's text keeps the escape, and no value carries them on."""
    body = BODY.replace(b"id-1", b"a\\u0000b").replace(b"a@b.com", b"a\\ud800@b.com")
    storing.store(body, reference="")
    assert processing.drain() == 1
    assert (row().state, row().enrow_id, receiver.events[0].result.value) == (State.PROCESSED, "a b", "a @b.com")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_eight_threads_racing_one_event_make_one_row():
    """The unique constraint decides, not a check: one row, eight deliveries."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: SQLite has one writer")
    race(8)
    assert row().deliveries == 8


@pytest.mark.django_db(transaction=True)
def test_four_threads_racing_one_event_make_one_row_on_any_database():
    """The same, on what is at hand."""
    race(4)
    assert row().deliveries == 4


def race(count: int) -> None:
    barrier = threading.Barrier(count)

    def deliver():
        try:
            barrier.wait(10)
            storing.store(BODY, reference=JOB)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=deliver) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
