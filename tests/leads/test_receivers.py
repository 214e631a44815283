"""Notices: proved by their URL, believed only as far as the proof goes."""

from __future__ import annotations

import json

import pytest
import requests
from django.conf import settings

from enrow_webhooks.client.values import Launch
from enrow_webhooks.inbox import processing
from enrow_webhooks.inbox.addresses import sign
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox import people
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from tests.conftest import due_now, payload, work

pytestmark = pytest.mark.django_db

SECRET = "a-shared-secret-of-some-length"


@pytest.fixture
def running(make_leads, sandbox):
    """Launch one job for so many leads."""

    def make(count=1, find="email"):
        make_leads(count)
        job = enrich(Lead.objects.all(), find={find}).jobs().get()
        assert submission.submit(job.pk)
        return SearchJob.objects.get(pk=job.pk)

    return make


@pytest.fixture
def post(client, enrow):
    """Deliver a body to the webhook URL, and process the inbox."""
    enrow(WEBHOOK_SECRETS=[SECRET])

    def deliver(body, token=SECRET):
        answer = client.post(f"/webhooks/enrow/{token}/", data=json.dumps(body), content_type="application/json")
        assert answer.status_code == 200
        processing.drain()
        return WebhookEvent.objects.latest("pk")

    return deliver


def single(enrow_id, **result):
    body = payload("webhooks/single_search_finished")
    return body | {"id": enrow_id, "result": body["result"] | result}


def test_a_single_notice_on_the_jobs_own_url_is_used_as_it_is(running, post, sandbox):
    """The signature proves the job; no GET is needed."""
    job = running()
    event = post(single(job.enrow_id, email="proved@x.com", custom={"crm_id": "lead-0"}), sign(str(job.pk)))
    assert event.state == "processed"
    assert Lead.objects.get().email == "proved@x.com"


def test_a_notice_by_the_shared_secret_is_confirmed_by_get(running, post):
    """Whoever has the dashboard's secret cannot write what Enrow does not confirm."""
    job = running()
    post(single(job.enrow_id, email="forged@evil.com", custom={"crm_id": "lead-0"}))
    assert Lead.objects.get().email == people.find_email("Ann0 Somebody", "firm0.com")


@pytest.mark.parametrize("find", ["email", "phone"])
def test_a_bulk_notice_is_followed_up_by_a_get(running, post, find):
    """Bulk notices carry no results."""
    job = running(3, find)
    name = "bulk_search_finished" if find == "email" else "bulk_phone_search_finished"
    event = post(payload(f"webhooks/{name}") | {"id": job.enrow_id}, sign(str(job.pk)))
    assert event.state == "processed"
    job.refresh_from_db()
    assert (job.state, job.found, job.result_via) == ("finished", 3, "notice")


@pytest.mark.parametrize(
    "body",
    [
        lambda job: single("another-id", email="x@evil.com"),
        lambda job: payload("webhooks/single_phone_search_finished") | {"id": job.enrow_id},
        lambda job: payload("webhooks/bulk_search_finished") | {"id": job.enrow_id},
    ],
    ids=["id", "kind", "bulk"],
)
def test_a_notice_that_disagrees_with_its_url_is_kept_aside(running, post, body):
    """Reference and content must name the same search; else nothing is written."""
    job = running()
    event = post(body(job), sign(str(job.pk)))
    assert event.state == "ignored"
    assert str(job.pk) in event.last_error
    assert Lead.objects.get().email == ""


def test_a_lost_answer_is_adopted_when_its_notice_arrives(make_leads, sandbox, post):
    """The notice names the job by its reference and Enrow's id in its body: the purchase is not lost."""
    make_leads(2)
    sandbox.configure(chaos="lost-answer")
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    work(sandbox)
    enrow_id = sandbox.jobs[0].id
    post(payload("webhooks/bulk_search_finished") | {"id": enrow_id}, sign(str(job.pk)))
    job.refresh_from_db()
    assert (job.state, job.enrow_id, job.found) == ("finished", enrow_id, 2)
    assert sandbox.ledger.spent == 2


def test_a_notice_that_overtakes_the_posts_answer_is_applied(make_leads, sandbox, post):
    """The job is still being sent when its result is there; the answer that follows changes nothing."""
    make_leads(1)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.filter(pk=job.pk).update(state="sending", requested=1)
    post(single("e-1", email="early@x.com", custom={"crm_id": "lead-0"}), sign(str(job.pk)))
    submission._record(job, Launch(id="e-1"), has_webhook=True)
    job.refresh_from_db()
    assert (job.state, job.enrow_id) == ("finished", "e-1")
    assert Lead.objects.get().email == "early@x.com"


def test_a_notice_before_enrows_get_knows_it_is_tried_again(running, post, sandbox):
    """A bulk notice whose GET still says ongoing waits; it is not lost."""
    sandbox.configure(delay=600)
    job = running(2)
    event = post(payload("webhooks/bulk_search_finished") | {"id": job.enrow_id}, sign(str(job.pk)))
    assert (event.state, "ongoing" in event.last_error) == ("failed", True)
    sandbox.finish_all()
    WebhookEvent.objects.update(next_attempt_at=event.received_at)
    processing.drain()
    job.refresh_from_db()
    assert job.state == "finished"


def test_an_old_nested_phone_notice_is_understood(running, post):
    """Two ids, two results, one of them inside the other."""
    job = running(1, "phone")
    inner = payload("webhooks/single_phone_search_finished") | {"id": "inner-id"}
    inner["result"]["params"]["linkedin_url"] = "https://www.linkedin.com/in/ann0-somebody"
    post(inner | {"id": job.enrow_id, "result": inner}, sign(str(job.pk)))
    assert Lead.objects.get().phone == "+15705551234"


def launch_elsewhere(sandbox, path, body):
    return requests.post(f"{sandbox_url()}{path}", json=body, headers={"x-api-key": "k"}, timeout=5).json()["id"]


def sandbox_url():
    return settings.ENROW["BASE_URL"]


def test_a_single_search_that_was_launched_elsewhere_enriches_its_lead(make_leads, sandbox, post):
    """Somebody used Enrow's dashboard with our crm_id in custom: confirmed by GET, written, with a job of its own."""
    make_leads(1)
    body = {"fullname": "Ann0 Somebody", "company_domain": "firm0.com", "custom": {"crm_id": "lead-0"}}
    enrow_id = launch_elsewhere(sandbox, "/email/find/single", body)
    event = post(single(enrow_id, email="forged@evil.com", custom={"crm_id": "lead-0"}))
    assert event.state == "processed"
    assert Lead.objects.get().email == "ann0.somebody@firm0.com"
    job = SearchJob.objects.get()
    assert (job.requested_by, job.enrow_id, job.state, job.credits_cost) == ("elsewhere", enrow_id, "finished", 1)
    WebhookEvent.objects.all().replay()
    processing.drain()
    assert SearchJob.objects.count() == 1


@pytest.mark.parametrize(("email", "status"), [("ann0@firm0.com", "valid"), ("another@firm0.com", "")])
def test_a_verification_from_elsewhere_counts_for_the_address_that_it_judged(make_leads, sandbox, post, email, status):
    """The lead that has another address by now learns nothing of its own."""
    make_leads(1, email=email)
    body = {"email": "ann0@firm0.com", "custom": {"crm_id": "lead-0"}}
    enrow_id = launch_elsewhere(sandbox, "/email/verify/single", body)
    assert post(payload("webhooks/verification_finished") | {"id": enrow_id}).state == "processed"
    assert Lead.objects.values_list("email", "email_status").get() == (email, status)


@pytest.mark.parametrize(
    ("path", "name", "field"),
    [("/email/find/bulk", "bulk_search_finished", "email"), ("/phone/bulk", "bulk_phone_search_finished", "phone")],
)
def test_a_bulk_search_that_was_launched_elsewhere_enriches_our_leads_in_it(
    make_leads, sandbox, post, path, name, field
):
    """Rows of strangers in the same batch are left alone."""
    make_leads(2)
    rows = [
        {
            "fullname": "Ann Somebody",
            "firstname": "Ann",
            "lastname": "Somebody",
            "company_domain": "x.com",
            "custom": crm_id,
        }
        for crm_id in ("lead-0", "lead-1", "not-ours")
    ]
    enrow_id = launch_elsewhere(sandbox, path, {"searches": rows})
    assert post(payload(f"webhooks/{name}") | {"id": enrow_id}).state == "processed"
    assert Lead.objects.exclude(**{field: ""}).count() == 2
    assert LeadSearch.objects.count() == 2


@pytest.mark.parametrize("custom", [{"crm_id": "not-ours"}, "your_custom_data", None])
def test_a_strangers_search_is_ignored(make_leads, sandbox, post, custom):
    """It is kept, answered with 200, and says why nothing was done."""
    make_leads(1)
    body = {"fullname": "Ann Somebody", "company_domain": "x.com", "custom": custom}
    event = post(single(launch_elsewhere(sandbox, "/email/find/single", body)))
    assert (event.state, "No search job or lead" in event.last_error) == ("ignored", True)
    assert not SearchJob.objects.exists()


def test_an_unknown_id_is_ignored_but_not_while_one_of_ours_has_no_answer(make_leads, sandbox, post):
    """A notice of our own may come by the dashboard's URL before the POST's answer is recorded: it waits."""
    make_leads(1)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.filter(pk=job.pk).update(state="sending")
    event = post(single("unknown-id"))
    assert (event.state, "no answer yet" in event.last_error) == ("failed", True)
    SearchJob.objects.update(state="queued")
    WebhookEvent.objects.update(next_attempt_at=event.received_at)
    processing.drain()
    event.refresh_from_db()
    assert event.state != "processed"


def test_a_reference_to_a_deleted_job_harms_nobody(sandbox, post):
    """Signed by us once, known no more."""
    assert post(single("gone"), sign("0d2b4b1e-0000-4000-8000-000000000000")).state == "ignored"
    assert post(single("gone-2"), sign("not-a-uuid")).state == "ignored"
    due_now()
