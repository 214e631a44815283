"""Is the inbox well? Sentences for a health check, and never an exception."""

from __future__ import annotations

import pytest
from django.db import DatabaseError

from enrow_webhooks.doctor import fine, trouble
from enrow_webhooks.health import problems
from enrow_webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db


def broken():
    raise DatabaseError("could not connect for ann@firm.com")
    yield


def test_an_empty_inbox_is_well():
    """Nothing came, nothing waits."""
    assert problems() == []


def test_a_dead_event_and_the_looks_of_other_apps_are_said():
    """Its own look comes first; of the others, only what needs a person is said."""
    WebhookEvent.objects.create(event="x", payload="{}", state="dead")
    first, second = problems(lambda: iter([fine("a", "All is well."), trouble("b", "The roof leaks.", "Call.")]))
    assert "dead" in first
    assert second == "The roof leaks."


def test_a_database_that_fails_is_one_sentence_without_what_it_quotes():
    """A health check answers also when the database does not."""
    (sentence,) = problems(broken)
    assert sentence.startswith("The database does not answer: DatabaseError at ")
    assert "ann@firm.com" not in sentence
