"""The inbox's rows: what waits, who may take it, and whose word counts."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from enrow_webhooks.models import Heartbeat, WebhookEvent
from tests.leads.problems import ago

pytestmark = pytest.mark.django_db

LEASE = dt.timedelta(minutes=5)
State = WebhookEvent.State
objects = WebhookEvent.objects


def make(**fields) -> WebhookEvent:
    return objects.create(
        **{"event": "bulk_search_finished", "enrow_id": f"id-{objects.count()}", "payload": "{}"} | fields
    )


def expire(row: WebhookEvent) -> None:
    objects.filter(pk=row.pk).update(next_attempt_at=timezone.now() - dt.timedelta(seconds=1))


@pytest.mark.parametrize(
    ("state", "waits"),
    [
        (State.RECEIVED, True),
        (State.FAILED, True),
        (State.PROCESSED, False),
        (State.IGNORED, False),
        (State.DEAD, False),
    ],
)
def test_only_some_states_wait_for_a_worker(state, waits):
    """What is dealt with, or needs a person, is never taken again."""
    row = make(state=state)
    assert objects.due().exists() is waits
    assert (objects.claim(row.pk, lease=LEASE) is not None) is waits


def test_an_event_that_rests_is_not_due():
    """A failed event waits for its time."""
    row = make(state=State.FAILED, next_attempt_at=timezone.now() + LEASE)
    assert not objects.due().exists()
    assert objects.claim(row.pk, lease=LEASE) is None


def test_two_workers_never_hold_one_event():
    """The second finds it taken, until the lease of the first is over."""
    row = make()
    first = objects.claim(row.pk, lease=LEASE)
    assert first.attempts == 1
    assert objects.claim(row.pk, lease=LEASE) is None
    expire(row)
    assert objects.claim(row.pk, lease=LEASE).attempts == 2


def test_the_late_first_worker_is_fenced_off():
    """Once another took over, what the first one writes down counts for nothing."""
    row = make()
    first = objects.claim(row.pk, lease=LEASE)
    expire(row)
    second = objects.claim(row.pk, lease=LEASE)
    assert not objects.settle(first, state=State.DEAD)
    assert objects.settle(second, state=State.PROCESSED)
    assert objects.get().state == State.PROCESSED


def test_a_replayed_event_is_not_settled_by_the_worker_before():
    """A replay starts the attempts at zero; the fence holds all the same."""
    row = make()
    first = objects.claim(row.pk, lease=LEASE)
    objects.filter(pk=row.pk).replay()
    second = objects.claim(row.pk, lease=LEASE)
    assert first.attempts == second.attempts == 1
    assert not objects.settle(first, state=State.IGNORED)
    assert objects.settle(second, state=State.PROCESSED)


def test_a_settled_event_stays_settled():
    """A second word on the same attempt changes nothing."""
    claimed = objects.claim(make().pk, lease=LEASE)
    assert objects.settle(claimed, state=State.PROCESSED)
    assert not objects.settle(claimed, state=State.FAILED)


def test_replay_puts_back_what_still_has_its_body():
    """A pruned event cannot be read again, so it stays where it is."""
    make(state=State.DEAD, attempts=8, last_error="x", next_attempt_at=timezone.now() + LEASE)
    make(state=State.PROCESSED, payload="", processed_at=timezone.now())
    assert objects.replay() == 1
    row = objects.due().get()
    assert (row.state, row.attempts, row.last_error, row.processed_at) == (State.RECEIVED, 0, "", None)


def test_a_row_names_itself_without_its_body():
    """Its text is for lists and logs: ids, no personal data."""
    assert str(make(payload="ann@example.com")) == "bulk_search_finished id-0"
    assert objects.dead().count() == 0


def test_a_heartbeat_is_written_at_most_once_in_its_time():
    """Many workers do not fight over the row."""
    span = dt.timedelta(seconds=5)
    claims = [bool(Heartbeat.objects.claim("x", every=span)) for _ in range(3)]
    Heartbeat.objects.update(at=ago(seconds=6))
    claims += [bool(Heartbeat.objects.claim("x", every=span)) for _ in range(2)]
    assert claims == [True, False, False, True, False]


def test_a_claim_is_released_by_its_owner_alone():
    """One that was overtaken releases nothing: the next owner works still."""
    span = dt.timedelta(minutes=1)
    first = Heartbeat.objects.claim("x", every=span)
    Heartbeat.objects.update(at=ago(minutes=2))
    second = Heartbeat.objects.claim("x", every=span)
    Heartbeat.objects.release("x", claimed_at=first)
    assert not Heartbeat.objects.claim("x", every=span)
    Heartbeat.objects.release("x", claimed_at=second)
    assert Heartbeat.objects.claim("x", every=span)
