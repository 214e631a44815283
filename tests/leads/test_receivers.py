"""Events: proved by their URL, believed only as far as the proof goes."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.events import understand
from enrow_webhooks.client.values import Launch
from enrow_webhooks.inbox import processing
from enrow_webhooks.inbox.addresses import sign
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox import people
from leads.enrichment import enrich
from leads.models import Lead, SearchJob
from leads.outbox import submission
from leads.receivers import explain_event
from leads.results import applying
from tests.conftest import due_now, payload, work
from tests.leads.events import single

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(make_leads, sandbox):
    """Launch one job for so many leads."""

    def make(count=1, find="email"):
        make_leads(count)
        job = enrich(Lead.objects.all(), find={find}).jobs().get()
        assert submission.submit(job.pk)
        return SearchJob.objects.get(pk=job.pk)

    return make


def test_a_single_event_on_the_jobs_own_url_is_used_as_it_is(running, post, sandbox):
    """The signature proves the job; no GET is needed."""
    job = running()
    event = post(single(job.enrow_id, email="proved@x.com", custom={"crm_id": "lead-0"}), sign(str(job.pk)))
    assert event.state == "processed"
    assert Lead.objects.get().email == "proved@x.com"


def test_an_event_by_the_shared_secret_is_confirmed_by_get(running, post):
    """Knowing the dashboard's secret is not enough to write what Enrow does not confirm."""
    job = running()
    post(single(job.enrow_id, email="forged@evil.com", custom={"crm_id": "lead-0"}))
    assert Lead.objects.get().email == people.find_email("Ann0 Somebody", "firm0.com")


@pytest.mark.parametrize("find", ["email", "phone"])
def test_a_bulk_event_is_followed_up_by_a_get(running, post, find):
    """Bulk events carry no results."""
    job = running(3, find)
    name = "bulk_search_finished" if find == "email" else "bulk_phone_search_finished"
    event = post(payload(f"webhooks/{name}") | {"id": job.enrow_id}, sign(str(job.pk)))
    assert event.state == "processed"
    job.refresh_from_db()
    assert (job.state, job.found, job.result_via) == ("finished", 3, "webhook")


@pytest.mark.parametrize(
    "body",
    [
        lambda job: single("another-id", email="x@evil.com"),
        lambda job: payload("webhooks/single_phone_search_finished") | {"id": job.enrow_id},
        lambda job: payload("webhooks/bulk_search_finished") | {"id": job.enrow_id},
    ],
    ids=["id", "kind", "bulk"],
)
def test_an_event_that_disagrees_with_its_url_is_kept_aside(running, post, body):
    """Reference and content must name the same search; else nothing is written."""
    job = running()
    event = post(body(job), sign(str(job.pk)))
    assert event.state == "ignored"
    assert str(job.pk) in event.last_error
    assert Lead.objects.get().email == ""


def test_a_lost_answer_is_adopted_when_its_event_arrives(make_leads, sandbox, post):
    """The event names the job by its reference and Enrow's id in its body: the purchase is not lost."""
    make_leads(2)
    sandbox.configure(chaos="lost-answer")
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    work(sandbox)
    enrow_id = sandbox.jobs[0].id
    post(payload("webhooks/bulk_search_finished") | {"id": enrow_id}, sign(str(job.pk)))
    job.refresh_from_db()
    assert (job.state, job.enrow_id, job.found) == ("finished", enrow_id, 2)
    assert sandbox.ledger.spent == 2


def test_an_event_that_overtakes_the_posts_answer_is_applied(make_leads, sandbox, post):
    """The job is still being sent when its result is there; the answer that follows changes nothing."""
    make_leads(1)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.filter(pk=job.pk).update(state="sending", requested=1)
    post(single("e-1", email="early@x.com", custom={"crm_id": "lead-0"}), sign(str(job.pk)))
    submission._record(job, Launch(id="e-1"), has_webhook=True)
    job.refresh_from_db()
    assert (job.state, job.enrow_id) == ("finished", "e-1")
    assert Lead.objects.get().email == "early@x.com"


def test_an_event_before_enrows_get_knows_it_is_tried_again(running, post, sandbox):
    """A bulk event whose GET still says ongoing waits; it is not lost."""
    sandbox.configure(delay=600)
    job = running(2)
    event = post(payload("webhooks/bulk_search_finished") | {"id": job.enrow_id}, sign(str(job.pk)))
    assert (event.state, "ongoing" in event.last_error) == ("failed", True)
    sandbox.finish_all()
    WebhookEvent.objects.update(next_attempt_at=event.received_at)
    processing.drain()
    job.refresh_from_db()
    assert job.state == "finished"


def test_an_old_nested_phone_event_is_understood(running, post):
    """Two ids, two results, one of them inside the other."""
    job = running(1, "phone")
    inner = payload("webhooks/single_phone_search_finished") | {"id": "inner-id"}
    inner["result"]["params"]["linkedin_url"] = "https://www.linkedin.com/in/ann0-somebody"
    post(inner | {"id": job.enrow_id, "result": inner}, sign(str(job.pk)))
    assert Lead.objects.get().phone == "+15705551234"


def test_a_reference_to_a_deleted_job_harms_nobody(sandbox, post):
    """Signed by us once, known no more."""
    assert post(single("gone"), sign("0d2b4b1e-0000-4000-8000-000000000000")).state == "ignored"
    assert post(single("gone-2"), sign("not-a-uuid")).state == "ignored"
    due_now()


def test_a_lost_phone_search_is_adopted_under_the_outer_id_of_a_nested_event(running, post):
    """That is the id of the search, by which its GET and later events name it; the inner one is another."""
    job = running(1, "phone")
    outer = job.enrow_id
    SearchJob.objects.update(state="unconfirmed", enrow_id="")
    inner = payload("webhooks/single_phone_search_finished") | {"id": "inner-id"}
    inner["result"]["params"]["linkedin_url"] = "https://www.linkedin.com/in/ann0-somebody"
    post(inner | {"id": outer, "result": inner}, sign(str(job.pk)))
    job.refresh_from_db()
    assert (job.state, job.enrow_id) == ("finished", outer)


def test_the_late_event_of_an_expired_job_is_taken(running, post):
    """It was paid for; that somebody gave it up changes nothing."""
    job = running()
    applying.end_without_result(job.pk, "expired", "Nothing came.")
    post(single(job.enrow_id, email="late@x.com", custom={"crm_id": "lead-0"}), sign(str(job.pk)))
    job.refresh_from_db()
    assert (job.state, Lead.objects.get().email) == ("finished", "late@x.com")


def test_an_id_names_a_search_of_its_own_kind(make_leads):
    """Enrow's ids are unique per kind only: an event meets the job of its kind."""
    make_leads(1)
    jobs = enrich(Lead.objects.all(), find={"email", "phone"}).jobs()
    jobs.update(state="running", enrow_id="same")
    for name in ("single_search_finished", "single_phone_search_finished"):
        event = understand(payload(f"webhooks/{name}") | {"id": "same"})
        assert explain_event(None, event).facts["job"] == str(jobs.get(kind=event.type.kind).pk)
