"""The inbox: stored once, handed up until it is dealt with, lost never."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.utils import timezone

from enrow_webhooks.inbox import processing, storing
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.signals import KeepAside, TryLater, event_received

pytestmark = pytest.mark.django_db

State = WebhookEvent.State
BODY = json.dumps(
    {"event": "single_search_finished", "id": "id-1", "result": {"email": "a@b.com", "qualification": "valid"}}
).encode()
JOB = "5f0d3a43-6f5c-4f5c-9a64-0d7d1a8f5a11"


def row() -> WebhookEvent:
    return WebhookEvent.objects.get()


def raising(error: Exception):
    def does(event):
        raise error

    return does


def come_due() -> None:
    WebhookEvent.objects.update(next_attempt_at=timezone.now())


# Processing.


def test_an_event_is_handed_up_with_its_proof(receiver):
    """Typed, with the reference that the URL proved; then it is done."""
    storing.store(BODY, reference=JOB)
    assert processing.drain() == 1
    assert (receiver.events[0].reference, receiver.events[0].result.value) == (JOB, "a@b.com")
    assert (row().state, row().attempts, row().last_error) == (State.PROCESSED, 1, "")
    assert row().processed_at
    assert processing.drain() == 0


def test_an_event_that_nobody_takes_is_ignored_with_a_reason(receiver):
    """Kept, and said."""
    receiver.does = lambda event: None
    storing.store(BODY, reference="")
    processing.drain()
    assert (row().state, bool(row().last_error)) == (State.IGNORED, True)


def test_an_unknown_event_is_kept_and_ignored(receiver):
    """It is no failure, and no receiver meets it."""
    storing.store(b'{"event": "brand_new", "id": "x"}', reference="")
    processing.drain()
    assert (row().state, receiver.events) == (State.IGNORED, [])
    assert "does not know this event" in row().last_error


@pytest.mark.parametrize("error", [ValueError("a bug"), TryLater("wait"), RuntimeError("x" * 2000), ValueError("\x00")])
def test_a_failure_is_written_down_and_tried_again(receiver, error):
    """The event is neither lost nor blocked: it rests, then it works."""
    receiver.does = raising(error)
    storing.store(BODY, reference=JOB)
    processing.drain()
    assert (row().state, row().attempts) == (State.FAILED, 1)
    assert len(row().last_error) <= 500
    assert row().next_attempt_at > timezone.now()
    receiver.does = lambda event: True
    come_due()
    processing.drain()
    assert (row().state, row().attempts, row().last_error) == (State.PROCESSED, 2, "")


def test_the_distance_between_attempts_grows_up_to_an_hour(receiver, enrow):
    """Two seconds, four, eight …, a little apart from each other."""
    enrow(EVENT_MAX_ATTEMPTS=100)
    receiver.does = raising(TryLater("wait"))
    storing.store(BODY, reference="")
    for attempt in (1, 2, 3, 11, 30):
        WebhookEvent.objects.update(attempts=attempt - 1, next_attempt_at=timezone.now())
        processing.drain()
        delay = (row().next_attempt_at - timezone.now()).total_seconds()
        wanted = min(2**attempt, 3600)
        assert 0.7 * wanted < delay < 1.25 * wanted


def test_an_event_that_always_fails_is_dead_with_its_reason(receiver, enrow):
    """After the last attempt it waits for a person, and no worker touches it again."""
    enrow(EVENT_MAX_ATTEMPTS=3)
    receiver.does = raising(ValueError("no such column"))
    storing.store(BODY, reference="")
    for _ in range(5):
        come_due()
        processing.drain()
    assert (row().state, row().attempts) == (State.DEAD, 3)
    assert row().last_error.startswith("ValueError at inbox/test_processing.py:")
    assert len(receiver.events) == 3


def test_an_event_that_kills_its_workers_is_dead_too(receiver, enrow):
    """A worker that dies writes nothing down; the attempts that it began count all the same."""
    enrow(EVENT_MAX_ATTEMPTS=3)
    storing.store(BODY, reference="")
    for _ in range(3):
        come_due()
        assert WebhookEvent.objects.claim(row().pk, lease=dt.timedelta(0))
    processing.drain()
    assert (row().state, row().last_error) == (State.DEAD, "No worker lived to finish it.")
    assert receiver.events == []


def test_what_contradicts_is_kept_aside(receiver):
    """It is never applied and never tried again; the row says how it contradicts."""
    receiver.does = raising(KeepAside("It names another search."))
    storing.store(BODY, reference="")
    processing.drain()
    assert (row().state, row().last_error, row().attempts) == (State.IGNORED, "It names another search.", 1)


def test_what_contradicts_one_receiver_may_be_anothers(receiver):
    """A host may sign URLs for searches of its own, which are no job of ours."""
    receiver.does = raising(KeepAside("It is no job of mine."))

    def of_the_host(sender, event, **kwargs):
        return event.reference == "a-search-of-the-host"

    event_received.connect(of_the_host)
    try:
        for reference in ("a-search-of-the-host", "nobodys"):
            storing.store(BODY, reference=reference)
        processing.drain()
    finally:
        event_received.disconnect(of_the_host)
    states = dict(WebhookEvent.objects.values_list("reference", "state"))
    assert states == {"a-search-of-the-host": State.PROCESSED, "nobodys": State.IGNORED}


@pytest.mark.parametrize("hosts_first", [True, False])
def test_a_hosts_failing_receiver_neither_loses_nor_blocks_the_event(hosts_first, receiver):
    """Ours gets its turn, whichever is called first; the host's is called again later."""
    calls = []

    def of_the_host(sender, event, **kwargs):
        calls.append(event)
        if len(calls) == 1:
            raise ValueError("a bug of the host")

    if hosts_first:
        event_received.disconnect(receiver)
    event_received.connect(of_the_host)
    event_received.connect(receiver)
    try:
        storing.store(BODY, reference=JOB)
        processing.drain()
        assert (len(calls), len(receiver.events), row().state) == (1, 1, State.FAILED)
        come_due()
        processing.drain()
    finally:
        event_received.disconnect(of_the_host)
    assert (len(calls), row().state) == (2, State.PROCESSED)


def test_a_late_worker_does_not_overwrite_what_the_next_one_wrote(receiver, enrow):
    """The lease of the first ends while it works; the second does the work; the first's failure counts for nothing."""
    enrow(EVENT_LEASE_SECONDS=0)
    storing.store(BODY, reference=JOB)

    def does(event):
        receiver.does = lambda event: True
        assert processing.drain() == 1
        raise ValueError("too late")

    receiver.does = does
    processing.process(row().pk)
    assert (row().state, row().attempts) == (State.PROCESSED, 2)


def test_a_proof_that_arrives_meanwhile_is_processed_as_well(receiver):
    """It is an event of its own: the worker on the unproved copy does not close it."""
    storing.store(BODY, reference="")

    def does(event):
        if not event.reference:
            storing.store(BODY, reference=JOB)
        return True

    receiver.does = does
    assert processing.drain() == 2
    assert [event.reference for event in receiver.events] == ["", JOB]
    assert list(WebhookEvent.objects.values_list("state", flat=True)) == [State.PROCESSED] * 2


def test_replay_hands_up_again(receiver):
    """A person who fixed the cause has every event done over."""
    storing.store(BODY, reference=JOB)
    processing.drain()
    WebhookEvent.objects.replay()
    processing.drain()
    assert (len(receiver.events), row().state) == (2, State.PROCESSED)


def test_drain_stops_at_its_limit_and_takes_the_oldest_first(receiver):
    """One message is worth so many events; the line is fair."""
    for number in range(7):
        storing.store(BODY.replace(b"id-1", f"id-{number}".encode()), reference="")
    assert processing.drain(limit=3) == 3
    assert [event.ids[0] for event in receiver.events] == ["id-0", "id-1", "id-2"]
    assert processing.drain() == 4


def test_proved_events_go_before_unproved_ones(receiver):
    """They cost no question to Enrow, and what they write may explain the others; each line has its oldest first."""
    for number, reference in enumerate(["", "", JOB, JOB]):
        storing.store(BODY.replace(b"id-1", f"id-{number}".encode()), reference=reference)
    assert processing.drain() == 4
    assert [event.ids[0] for event in receiver.events] == ["id-2", "id-3", "id-0", "id-1"]
