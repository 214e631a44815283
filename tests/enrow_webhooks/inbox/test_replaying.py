"""Before a replay: what it would change, without changing anything."""

from __future__ import annotations

import json

import pytest

from enrow_webhooks.inbox.replaying import chosen, preview
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.signals import event_questioned
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.results import applying
from tests.commands import run
from tests.conftest import work
from tests.leads.admin_pages import run_action, text

pytestmark = pytest.mark.django_db(transaction=True)


def snapshot():
    return [list(model.objects.order_by("pk").values()) for model in (Lead, SearchJob, LeadSearch, WebhookEvent)]


def forecast():
    """The one forecast; asking for it changes no row."""
    before = snapshot()
    (row,) = preview(chosen([], WebhookEvent.State.values))
    assert snapshot() == before
    return row.forecast


@pytest.fixture
def event(site, make_leads):
    """An event of a search for one lead that is stored, and not processed yet."""
    make_leads(1)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    submission.submit(job.pk)
    assert site.wait_until_idle(timeout=10)
    return job


def test_a_running_job_would_get_its_result(event, site):
    """The forecast names the job, its state and its searches; and it comes true."""
    told = forecast()
    assert (told.changes, told.facts) == (
        True,
        {"job": str(event.pk), "job_state": "running", "pending": 1, "settled": 0},
    )
    assert "the result would be written" in told.sentence
    work(site)
    assert Lead.objects.get().email


def test_a_finished_job_would_not_change(event, site):
    """Already written: nothing would happen."""
    work(site)
    told = forecast()
    assert (told.changes, told.facts["settled"]) == (False, 1)
    assert told.sentence.endswith("nothing would change.")


def test_results_that_did_not_reach_the_leads_would(event, site):
    """Settled and not written: the replay writes them."""
    work(site)
    SearchJob.objects.update(written_at=None)
    assert forecast().changes


def test_an_expired_job_still_takes_its_result(event):
    """It is paid for."""
    applying.end_without_result(event.pk, "expired", "Nothing came.")
    assert forecast().changes


BODIES = {
    "cannot be processed again": "",
    "would fail again": "not json",
    "does not know this event": json.dumps({"event": "never_heard_of", "id": "1"}),
    "Enrow would be asked": json.dumps({"event": "bulk_search_finished", "id": "1"}),
    "nothing of ours": json.dumps({"event": "bulk_search_finished"}),
}


@pytest.mark.parametrize("words", BODIES)
def test_what_belongs_to_no_job_is_explained(words):
    """Pruned, unreadable, unknown, launched elsewhere, or nobody's."""
    WebhookEvent.objects.create(event="x", enrow_id="1", payload=BODIES[words], state="dead")
    told = forecast()
    assert words in told.sentence
    assert told.changes is (words == "Enrow would be asked")


def test_an_event_that_contradicts_would_be_kept_aside(event):
    """Its address was signed for a job of another kind."""
    WebhookEvent.objects.update(payload=json.dumps({"event": "single_phone_search_finished", "id": "1"}))
    assert "kept aside" in forecast().sentence


def test_a_receiver_that_fails_is_said_without_its_words(event):
    """The question of a host's receiver may fail; its message may quote a person."""

    def careless(sender, event, **kwargs):
        raise ValueError("ann@firm.com")

    event_questioned.connect(careless)
    try:
        told = forecast()
    finally:
        event_questioned.disconnect(careless)
    assert "ValueError at" in told.sentence
    assert "ann@firm.com" not in told.sentence


def test_the_command_tells_it_all(event):
    """As text and as JSON; no body, no address."""
    out = run("replay_events", "--state", "received", "--dry-run").out
    assert f"Search job {event.pk} is running" in out
    assert "1 of them could change anything" in out
    told = run("replay_events", "--state", "received", "--dry-run", "--json").json["events"][0]
    assert told["forecast"]["changes"] is True
    assert told["forecast"]["facts"]["pending"] == 1
    assert "@" not in out


def test_the_action_tells_it_before_it_does(admin_client, event):
    """The page has a line per event; nothing happens before its button."""
    WebhookEvent.objects.update(state="dead", attempts=8)
    before = snapshot()
    page = run_action(admin_client, "replay", WebhookEvent.objects.all())
    assert "the result would be written" in text(page)
    assert snapshot() == before
    run_action(admin_client, "replay", WebhookEvent.objects.all(), confirm="1")
    assert WebhookEvent.objects.get().state == "received"
