"""Single orders of events in which money was once lost, or a result that was paid for."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest

from enrow_webhooks.client.values import Kind
from enrow_webhooks.connect import open_client
from enrow_webhooks.inbox import processing
from enrow_webhooks.inbox.addresses import callback_url, sign
from enrow_webhooks.models import WebhookEvent
from leads import decisions
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import enqueueing, submission
from leads.outbox.batches import Order
from leads.outbox.planning import plan
from leads.outbox.tally import Tally
from leads.upkeep import polling
from leads.upkeep.sweep import sweep
from tests.conftest import due_now, finish

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, params=["current", "legacy", "resolver"])
def enrow_is(request, sandbox):
    """Each order with an Enrow of today, of April 2026, and one that resolves the inputs."""
    sandbox.configure(profile=request.param)


@pytest.mark.parametrize(("force", "bought"), [(False, 1), (True, 2)])
def test_who_is_bought_between_plan_and_queue_is_not_bought_again(make_leads, sandbox, force, bought):
    """A planner reads minutes before it queues; what somebody else bought and got meanwhile is used again."""
    make_leads(1)
    order, tally = Order(kinds=(Kind.FIND_EMAIL,), force=force), Tally()
    (batch,) = plan(Lead.objects.all(), order, tally)
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    queued = enqueueing.queue(batch, order, run=uuid.uuid4(), balance=None)
    tally.settle(batch.kind, queued)
    finish(sandbox)
    assert set(sandbox.ledger.purchases.values()) == {bought}
    assert (queued.reused, tally.worst_case) == (2 - bought, bought - 1)


@pytest.mark.parametrize("crm_id", ["two  spaces", "behind ", " before", "a\ttab", "no\u200bwidth"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_crm_id_that_comes_back_in_one_line_finds_its_lead(make_leads, sandbox, crm_id, count):
    """Whatever stands in a crm_id, the result that was paid for reaches its lead."""
    make_leads(count)
    Lead.objects.filter(crm_id="lead-0").update(crm_id=crm_id)
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    assert not Lead.objects.filter(email="").exists()


def test_two_crm_ids_that_look_alike_are_told_apart_by_their_place(make_leads, sandbox):
    """Where white space is all that differs, the position and the echo decide."""
    make_leads(2)
    Lead.objects.filter(crm_id="lead-0").update(crm_id="a b")
    Lead.objects.filter(crm_id="lead-1").update(crm_id="a  b")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    assert dict(Lead.objects.values_list("company_domain", "email")) == {
        "firm0.com": "ann0.somebody@firm0.com",
        "firm1.com": "ann1.somebody@firm1.com",
    }


@pytest.fixture
def unconfirmed(make_leads, sandbox):
    """A job that Enrow accepted; the answer was lost."""
    make_leads(2)
    sandbox.configure(chaos="lost-answer")
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    assert submission.submit(job.pk)
    sandbox.configure(chaos="")
    return job


def test_cancelling_what_was_sent_again_keeps_the_cost_of_the_first_post(unconfirmed):
    """The first POST may have been billed: its cost stays open, and its late result is welcome."""
    assert decisions.resend(unconfirmed.pk, by="ann")
    second = SearchJob.objects.queued().get()
    assert decisions.cancel(second.pk, by="ann")
    unconfirmed.refresh_from_db()
    assert (unconfirmed.state, unconfirmed.credits_cost, SearchJob.objects.credits()) == ("expired", None, 2)


def test_sending_again_is_held_by_the_days_limit(unconfirmed, enrow):
    """Two POSTs may be two bills: the second counts against the day like any other."""
    enrow(DAILY_CREDIT_LIMIT=3)
    assert decisions.resend(unconfirmed.pk, by="ann")
    assert SearchJob.objects.queued().get().requested == 1


@pytest.fixture
def stalled(make_leads, sandbox):
    """A job whose worker waits for Enrow's answer longer than its lease."""
    make_leads(1)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    assert SearchJob.objects.claim_for_sending(job.pk, lease=dt.timedelta(0))
    job.refresh_from_db()
    assert polling.check(job)
    job.refresh_from_db()
    assert job.state == "unconfirmed"
    return job


def test_an_answer_that_comes_after_its_job_was_given_up_brings_its_result(stalled, sandbox):
    """Enrow took it and billed it, so its result is fetched and the lead gets it."""
    with open_client() as client:
        launch = client.launch(Kind.FIND_EMAIL, submission._queries(stalled), webhook=callback_url(str(stalled.pk)))
    assert decisions.give_up(stalled.pk, by="ann")
    submission._record(stalled, launch, has_webhook=True)
    due_now()
    sweep()
    stalled.refresh_from_db()
    assert (stalled.state, stalled.credits_cost) == ("finished", 1)
    assert Lead.objects.get().email_status == "valid"
    assert LeadSearch.objects.get().effect == "written"


def test_a_refusal_that_comes_after_the_lease_frees_the_job(stalled, sandbox):
    """Enrow says that it did not take it: nobody has to decide, it is sent again."""
    submission._again(stalled, "Enrow answered 503.", delay=dt.timedelta(0))
    finish(sandbox)
    assert SearchJob.objects.get().state == "finished"
    assert set(sandbox.ledger.purchases.values()) == {1}


def test_a_refusal_does_not_send_again_what_a_person_sent_again(stalled, sandbox):
    """A worker that wakes up late must not free a second POST beside the one that the person asked for."""
    assert decisions.resend(stalled.pk, by="ann")
    submission._again(stalled, "Enrow answered 503.", delay=dt.timedelta(0))
    finish(sandbox)
    assert set(sandbox.ledger.purchases.values()) == {1}


@pytest.mark.parametrize("is_given_up", [True, False])
@pytest.mark.parametrize("count", [1, 2])
def test_a_lost_answer_that_returns_by_the_shared_secret_is_booked_once(
    make_leads, sandbox, enrow, client, count, is_given_up
):
    """The search is recognised by its crm_ids; a second event of it, on the job's own URL, changes nothing."""
    secret = "a-shared-secret-of-some-length"
    # Not https and not this machine: recorded, never sent.
    # Its own event is not waited for any more.
    enrow(WEBHOOK_SECRETS=[secret], WEBHOOK_ORIGIN="http://crm.example.com", UNCONFIRMED_MINUTES=0)
    sandbox.configure(chaos="drop,lost-answer")
    make_leads(count)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    assert submission.submit(job.pk)
    assert not is_given_up or decisions.give_up(job.pk, by="ann")
    body = json.dumps(sandbox.deliveries[0].body)
    for token in (secret, sign(str(job.pk))):
        client.post(f"/webhooks/enrow/{token}/", data=body, content_type="application/json")
        processing.drain()
        assert WebhookEvent.objects.latest("pk").state == "processed"
    job = SearchJob.objects.get()
    assert (job.state, job.credits_cost, job.enrow_id) == ("finished", count, sandbox.jobs[0].id)
    assert not Lead.objects.filter(email="").exists()
