"""``manage.py replay_events`` and ``prune_events``."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from enrow_webhooks.models import WebhookEvent
from leads.enrichment import enrich
from leads.models import Lead
from tests.commands import run
from tests.conftest import work
from tests.enrow_webhooks.management.commands.rows import make_event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dead_event(site, make_leads):
    """An event whose results were lost on the way: replaying it brings them home."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"email"})
    work(site)
    event = WebhookEvent.objects.get()
    error = "OperationalError: ann@firm.com was +33199001234\nDETAIL"
    WebhookEvent.objects.update(state="dead", processed_at=None, last_error=error)
    return event


def test_a_dead_event_is_replayed_here(dead_event):
    """Replaying needs no broker: when the command ends, the event is processed, and its result is written once."""
    before = Lead.objects.values().get()

    outcome = run("replay_events", "--state", "dead", "--json")

    assert outcome.code == 0
    assert outcome.json == {"dry_run": False, "replayed": 1, "states": {"processed": 1}, "pruned": 0}
    dead_event.refresh_from_db()
    assert dead_event.state == "processed"
    assert Lead.objects.values().get() == before


def test_a_dry_run_lists_and_changes_nothing(dead_event):
    """The list has id, event, state and the error's first line; no body, no address, no number."""
    before = WebhookEvent.objects.values().get()

    outcome = run("replay_events", dead_event.pk, "--dry-run")

    assert outcome.code == 0
    assert f"{dead_event.pk}  {dead_event.event}  dead  OperationalError: [hidden] was [hidden]" in outcome.out
    assert "1 events would be replayed." in outcome.out
    assert not any(word in outcome.out for word in ("ann@firm.com", "+331", "DETAIL", "somebody"))
    assert WebhookEvent.objects.values().get() == before
    assert run("replay_events", dead_event.pk, "--dry-run", "--json").json["events"][0]["id"] == dead_event.pk


def test_what_fails_again_needs_a_person():
    """A body that cannot be understood fails once more: exit code 1, and the others are processed all the same."""
    make_event(1, payload="not json")
    make_event(2, event="never_heard_of", payload=json.dumps({"event": "never_heard_of", "id": "id-2"}))

    outcome = run("replay_events", "--state", "dead")

    assert outcome.code == 1
    assert "1 failed, 1 ignored" in outcome.out
    assert "1 events failed again" in outcome.err


def test_pruned_events_are_not_replayed():
    """A blanked body cannot be processed; the command says so instead of marking the event as done."""
    event = make_event(1, payload="", state="processed", processed_at=timezone.now())

    outcome = run("replay_events", event.pk)

    assert outcome.code == 1
    assert "prune_events has blanked" in outcome.err
    assert WebhookEvent.objects.get().state == "processed"


@pytest.mark.parametrize(
    ("args", "sentence"), [((), "Say which events"), ((404,), "no webhook event 404"), (("x",), "whole number")]
)
def test_a_wrong_call_is_one_sentence(args, sentence):
    """Nothing chosen, or an id that does not exist, replays nothing."""
    make_event(1)

    outcome = run("replay_events", *args)

    assert outcome.code != 0
    assert sentence in outcome.err
    assert WebhookEvent.objects.get().state == "dead"
