"""Decisions in the admin stand in Django's log: who, and about which row."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import CHANGE, LogEntry

from enrow_webhooks import admin_log
from enrow_webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_of(rf, admin_user):
    request = rf.get("/")
    request.user = admin_user
    return request


def events(count):
    rows = [WebhookEvent(event="bulk", enrow_id=str(number), payload="somebody@firm.com") for number in range(count)]
    return WebhookEvent.objects.bulk_create(rows)


def test_each_row_has_an_entry_of_its_own(request_of, admin_user):
    """It leads to the row, and names it as the row names itself."""
    row, _ = events(2)
    admin_log.note(request_of, WebhookEvent, WebhookEvent.objects.order_by("pk"), "Processed again.")
    first, _ = LogEntry.objects.order_by("pk")
    assert (first.user, first.action_flag, first.object_repr) == (admin_user, CHANGE, str(row))
    assert (first.get_edited_object(), str(first.get_change_message())) == (row, "Processed again.")


def test_of_very_many_rows_one_entry_says_how_many(request_of, monkeypatch):
    """And of none there is none."""
    monkeypatch.setattr(admin_log, "MOST", 2)
    admin_log.note(request_of, WebhookEvent, [], "Nothing.")
    assert not LogEntry.objects.exists()
    admin_log.note(request_of, WebhookEvent, events(3), "Processed again.")
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (None, "Processed again. (3 rows)")


@pytest.mark.parametrize("missing", ["admin", "user"])
def test_where_there_is_no_log_or_no_user_nothing_is_written(request_of, missing, monkeypatch):
    """A project may have the API alone, and let in whoever it likes: the decision is taken all the same."""
    if missing == "admin":
        monkeypatch.setattr(admin_log.apps, "is_installed", lambda name: name != "django.contrib.admin")
    else:
        request_of.user = object()
    admin_log.note(request_of, WebhookEvent, events(1), "Processed again.")
    assert not LogEntry.objects.exists()
