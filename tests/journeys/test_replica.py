"""A project that reads from a replica, which is behind for ever here: every row that decides is read on the primary."""

from __future__ import annotations

import io
import json

import pytest
import requests
from django.db import connections, router
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.inbox import processing, replaying, storing
from enrow_webhooks.models import WebhookEvent
from leads import decisions, filters
from leads.csvfiles.importing import import_leads
from leads.enrichment import enrich, estimate
from leads.forgetting import forget, traces, unknown
from leads.mapping import registry
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.upkeep.sweep import sweep
from tests.conftest import due_now, work
from tests.leads.events import single
from tests.replicas import REPLICA, lagging_replica

pytestmark = pytest.mark.django_db(transaction=True)


def _named(crm_ids):
    return filters.matching(registry.of(Lead), crm_ids=crm_ids)


@pytest.fixture
def primary(site, tmp_path):
    """Let reads go to the replica, and fail the test that asks it for a row of ours or for a lead; return the leads."""
    with lagging_replica(tmp_path), CaptureQueriesContext(connections[REPLICA]) as asked:
        assert router.db_for_read(Lead) == REPLICA
        yield Lead.objects.using("default")
    assert [query["sql"] for query in asked if "leads_" in query["sql"] or "enrow_webhooks" in query["sql"]] == []


def test_a_whole_journey(primary, make_leads, site):
    """Planned, sent, answered by an event, written; searched again: reused; and forgotten."""
    make_leads(3)
    assert estimate(Lead.objects.all(), find={"email"}).tally.worst_case == 3
    one = enrich(Lead.objects.filter(crm_id="lead-0"), find={"email"})
    rest = enrich(Lead.objects.order_by("-pk")[:2], find={"email"})
    work(site)
    assert (one.progress().found, rest.progress().found, primary.exclude(email="").count()) == (1, 2, 3)
    assert {event.state for event in WebhookEvent.objects.all()} == {"processed"}
    assert replaying.replay(WebhookEvent.objects.all()).states == {"processed": 2}
    make_leads(3, prefix="twin")
    assert enrich(_named(crm_ids=[f"twin-{number}" for number in range(3)]), find={"email"}).reused == 3
    primary.filter(crm_id="lead-1").update(email="")
    assert enrich(_named(crm_ids=["lead-1", "twin-1"]), find={"email"}).tally.skipped.total() == 2
    assert (forget(["lead-0"]).leads, bool(traces(["lead-0"])), unknown(["lead-1"])) == (1, False, [])


def test_what_goes_wrong_is_dealt_with(primary, make_leads, site, enrow):
    """Held and resumed, an answer lost and sent again, a failure searched again, polled without events."""
    make_leads(2)
    enrow(API_KEY="bad-key")
    run = enrich(Lead.objects.all(), find={"email"})
    work(site)
    [job] = run.jobs()
    assert job.state == "held"
    enrow(API_KEY="good-key")
    assert decisions.resume(job.pk, by="ann")
    site.configure(chaos="lost-answer,drop")
    assert submission.submit(job.pk)
    site.configure(chaos="drop")
    assert decisions.resend(job.pk, by="ann")
    for _ in range(3):
        work(site)
        due_now()
        sweep()
    assert primary.exclude(email="").count() == 2
    assert not LeadSearch.objects.pending().exists()


def test_a_search_from_elsewhere(primary, make_leads, site, settings):
    """Its event names a lead of ours by the shared secret's URL."""
    make_leads(1)
    body = {"fullname": "Ann0 Somebody", "company_domain": "firm0.com", "custom": {"crm_id": "lead-0"}}
    url = f"{settings.ENROW['BASE_URL']}/email/find/single"
    enrow_id = requests.post(url, json=body, headers={"x-api-key": "k"}, timeout=5).json()["id"]
    storing.store(json.dumps(single(enrow_id, custom={"crm_id": "lead-0"})).encode(), reference="")
    assert processing.drain() == 1
    assert (primary.get().email, SearchJob.objects.get().requested_by) == ("ann0.somebody@firm0.com", "elsewhere")


def test_a_file(primary):
    """What stands in it already is known."""
    done = [import_leads(io.BytesIO(b"crm_id,lastname\none,Somebody\n"), update=True) for _ in range(2)]
    assert [(imported.created, imported.kept) for imported in done] == [(1, 0), (0, 1)]
