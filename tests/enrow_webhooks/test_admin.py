"""The inbox in the admin: replaying events."""

from __future__ import annotations

import pytest
from django.contrib import admin

from enrow_webhooks.admin import WebhookEventAdmin
from enrow_webhooks.models import WebhookEvent
from leads.enrichment import enrich
from leads.models import Lead
from tests.conftest import work
from tests.leads.admin_pages import list_page, login, row_page, run_action, said, text


def make_event(**fields) -> WebhookEvent:
    usual = {"event": "single_search_finished", "enrow_id": "e1", "payload": "{}", "state": "dead", "attempts": 8}
    return WebhookEvent.objects.create(**usual | fields)


@pytest.mark.django_db(transaction=True)
def test_an_event_that_was_dealt_with_can_be_replayed_harmlessly(admin_client, site, make_leads):
    """Replaying a real event changes neither leads nor credits."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"email"})
    work(site)
    event, lead, spent = WebhookEvent.objects.get(), Lead.objects.values().get(), site.ledger.spent

    page = run_action(admin_client, "replay", [event], confirm="1")
    assert "1 will be processed again." in said(page)
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("received", 0)

    work(site)
    event.refresh_from_db()
    assert event.state == "processed"
    assert (Lead.objects.values().get(), site.ledger.spent) == (lead, spent)


@pytest.mark.django_db
def test_a_pruned_event_is_said_not_to_be_replayed(admin_client):
    """Without a body there is nothing to process; the person learns it."""
    events = [make_event(), make_event(enrow_id="e2", payload="", state="processed")]
    page = run_action(admin_client, "replay", events, confirm="1")
    assert "1 will be processed again." in said(page)
    assert "1 cannot be: their bodies were pruned." in said(page)
    assert WebhookEvent.objects.get(enrow_id="e2").state == "processed"


@pytest.mark.django_db
def test_replay_reaches_all_pages_under_the_filters(admin_client):
    """ "Select all" replays what the list shows, not what it hides."""
    for number in range(60):
        make_event(enrow_id=f"dead-{number}")
    make_event(enrow_id="done", state="processed")
    dead = list_page(WebhookEvent, state__exact="dead")
    run_action(admin_client, "replay", WebhookEvent.objects.dead()[:1], page=dead, select_across="1", confirm="1")
    assert WebhookEvent.objects.filter(state="received").count() == 60
    assert WebhookEvent.objects.get(enrow_id="done").state == "processed"


@pytest.mark.django_db
def test_who_may_only_view_events_cannot_replay_them():
    """The action is not offered, and posting it does nothing."""
    client, event = login("view_webhookevent"), make_event()
    assert 'value="replay"' not in text(client.get(list_page(WebhookEvent)))
    run_action(client, "replay", [event], confirm="1")
    event.refresh_from_db()
    assert event.state == "dead"


@pytest.mark.django_db
def test_who_may_change_events_replays_but_does_not_edit_them():
    """The change permission gives the action; the page stays read-only."""
    client, event = login("change_webhookevent"), make_event()
    assert 'name="_save"' not in text(client.get(row_page(event)))
    run_action(client, "replay", [event], confirm="1")
    event.refresh_from_db()
    assert event.state == "received"


@pytest.mark.django_db
def test_the_lower_floor_works_without_the_upper_one(rf, admin_user):
    """A project that uses the inbox alone has the same page, without the job."""
    request = rf.get("/")
    request.user = admin_user
    page = WebhookEventAdmin(WebhookEvent, admin.AdminSite())
    make_event()
    response = page.changelist_view(request)
    assert response.context_data["cl"].result_count == 1
    assert "job" not in page.list_display


@pytest.mark.django_db
def test_the_list_does_not_read_the_bodies(admin_client, django_assert_num_queries):
    """A body may be a megabyte; only the page of its event reads it."""
    make_event(payload='{"secret": "body"}')
    with django_assert_num_queries(4) as queries:
        admin_client.get(list_page(WebhookEvent))
    assert not any("payload" in query["sql"] for query in queries)
    assert "body" in text(admin_client.get(row_page(WebhookEvent.objects.get())))
