"""Events: proved by their URL, believed only as far as the proof goes."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.events import understand
from enrow_webhooks.client.values import Launch
from enrow_webhooks.inbox import processing
from enrow_webhooks.inbox.addresses import sign
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox import people
from leads import forgetting
from leads.enrichment import enrich
from leads.models import Lead, SearchJob
from leads.outbox import submission
from leads.receivers import explain_event
from leads.results import applying
from tests.conftest import payload, work
from tests.leads.elsewhere import launch_elsewhere
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


EVIL = {"email": "x@evil.com", "custom": {"crm_id": "lead-0"}}
contradicting = pytest.mark.parametrize(
    "body",
    [
        lambda job: single("another-id", **EVIL),
        lambda job: single(job.enrow_id, **EVIL | {"custom": {"crm_id": "lead-7"}}),
        lambda job: single(job.enrow_id, **EVIL | {"custom": '{"crm_id": "lead-7"}'}),
        lambda job: single(job.enrow_id, **EVIL, index=1),
        lambda job: payload("webhooks/single_phone_search_finished") | {"id": job.enrow_id},
        lambda job: payload("webhooks/bulk_search_finished") | {"id": job.enrow_id},
    ],
    ids=["id", "custom", "custom as text", "index", "kind", "bulk"],
)


@contradicting
def test_an_event_that_contradicts_its_url_is_kept_aside_and_enrow_is_asked(running, post, body):
    """Reference and content must name the same search: nothing of it is written, only what the job's own GET says."""
    job = running()
    event = post(body(job), sign(str(job.pk)))
    assert event.state == "ignored"
    assert str(job.pk) in event.last_error
    job.refresh_from_db()
    assert (job.state, job.credits_cost, job.result_via) == ("finished", 1, "webhook")
    assert Lead.objects.get().email == people.find_email("Ann0 Somebody", "firm0.com")
    assert post(single(job.enrow_id, **EVIL), sign(str(job.pk))).state in {"ignored", "processed"}
    assert Lead.objects.get().email == people.find_email("Ann0 Somebody", "firm0.com")


def gets(sandbox):
    return {name: number for name, number in sandbox.requests.items() if name.startswith("GET")}


@contradicting
@pytest.mark.parametrize("state", ["finished", "failed", "expired", "cancelled"])
def test_an_event_that_contradicts_its_url_asks_nothing_of_a_job_that_has_ended(running, post, body, state, sandbox):
    """It changes nothing at all."""
    job = running()
    applying.end_without_result(job.pk, state, "It has ended.")
    before = SearchJob.objects.values().get()
    asked = gets(sandbox)
    event = post(body(job), sign(str(job.pk)))
    assert (event.state, str(job.pk) in event.last_error) == ("ignored", True)
    assert (SearchJob.objects.values().get(), Lead.objects.get().email) == (before, "")
    assert gets(sandbox) == asked


def test_an_event_that_contradicts_the_job_of_a_forgotten_person_leaves_no_body(running, post):
    """It may hold what was forgotten."""
    job = running(2)
    forgetting.forget(["lead-0"])
    event = post(single("another-id", **EVIL), sign(str(job.pk)))
    assert (event.state, event.payload) == ("ignored", "")
    assert Lead.objects.get().email == people.find_email("Ann1 Somebody", "firm1.com")


def test_the_genuine_event_is_no_repeat_of_another_jobs_url(make_leads, sandbox, post):
    """Another job's id on a job's own URL is kept aside there, and takes nothing from the job that it names."""
    make_leads(2)
    jobs = [enrich(Lead.objects.filter(pk=lead.pk), find={"email"}).jobs().get() for lead in Lead.objects.all()]
    assert all(submission.submit(job.pk) for job in jobs)
    first, second = (SearchJob.objects.get(pk=job.pk) for job in jobs)
    assert post(single(second.enrow_id, email="x@evil.com"), sign(str(first.pk))).state == "ignored"
    name = second.searches.get().crm_id
    event = post(single(second.enrow_id, email="ok@x.com", custom={"crm_id": name}), sign(str(second.pk)))
    assert (event.state, Lead.objects.get(crm_id=name).email) == ("processed", "ok@x.com")


def test_an_unconfirmed_job_does_not_take_the_id_of_another(make_leads, sandbox, post):
    """Whose answer was lost adopts an id, but none that belongs to a job already."""
    make_leads(2)
    jobs = [enrich(Lead.objects.filter(pk=lead.pk), find={"email"}).jobs().get() for lead in Lead.objects.all()]
    assert all(submission.submit(job.pk) for job in jobs)
    SearchJob.objects.filter(pk=jobs[0].pk).update(state="unconfirmed", enrow_id="")
    other = SearchJob.objects.get(pk=jobs[1].pk)
    assert post(single(other.enrow_id, email="x@evil.com"), sign(str(jobs[0].pk))).state == "ignored"
    assert SearchJob.objects.get(pk=jobs[0].pk).state == "unconfirmed"


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


def test_a_reference_to_a_job_that_is_not_here_is_kept_aside(make_leads, sandbox, post):
    """Signed by us once, known no more; or by another database with our SECRET_KEY, whose crm_ids are not ours."""
    make_leads(1)
    body = {"fullname": "Ann0 Somebody", "company_domain": "firm0.com", "custom": {"crm_id": "lead-0"}}
    enrow_id = launch_elsewhere(sandbox, "/email/find/single", body)
    for reference in ("0d2b4b1e-0000-4000-8000-000000000000", "not-a-uuid"):
        event = post(single(enrow_id, email="x@y.com", custom={"crm_id": "lead-0"}), sign(reference))
        assert (event.state, "not in this database" in event.last_error) == ("ignored", True)
    assert (Lead.objects.get().email, SearchJob.objects.count()) == ("", 0)


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
    """It was paid for; that somebody gave it up changes nothing. What is written is what Enrow's GET says."""
    job = running()
    applying.end_without_result(job.pk, "expired", "Nothing came.")
    post(single(job.enrow_id, email="late@x.com", custom={"crm_id": "lead-0"}), sign(str(job.pk)))
    job.refresh_from_db()
    assert (job.state, Lead.objects.get().email) == ("finished", people.find_email("Ann0 Somebody", "firm0.com"))


def test_an_ended_job_takes_nothing_that_a_get_does_not_confirm(running, post, sandbox):
    """Months later its URL may have leaked, and Enrow may have forgotten the search."""
    job = running()
    applying.end_without_result(job.pk, "expired", "Nothing came.")
    sandbox.reset()
    event = post(single(job.enrow_id, email="late@x.com", custom={"crm_id": "lead-0"}), sign(str(job.pk)))
    job.refresh_from_db()
    assert (event.state, job.state, Lead.objects.get().email) == ("failed", "expired", "")


def test_an_id_names_a_search_of_its_own_kind(make_leads):
    """Enrow's ids are unique per kind only: an event meets the job of its kind."""
    make_leads(1)
    jobs = enrich(Lead.objects.all(), find={"email", "phone"}).jobs()
    jobs.update(state="running", enrow_id="same")
    for name in ("single_search_finished", "single_phone_search_finished"):
        event = understand(payload(f"webhooks/{name}") | {"id": "same"})
        assert explain_event(None, event).facts["job"] == str(jobs.get(kind=event.type.kind).pk)


def test_an_event_that_names_no_search_is_confirmed_by_get(running, post):
    """Who knows the URL alone, and not the id that Enrow gave, writes nothing."""
    job = running()
    body = single(job.enrow_id, email="forged@evil.com", custom={"crm_id": "lead-0"})
    del body["id"]
    event = post(body, sign(str(job.pk)))
    assert event.state == "processed"
    assert Lead.objects.get().email == people.find_email("Ann0 Somebody", "firm0.com")


def test_an_event_that_names_no_search_waits_for_the_id(running, post):
    """There is nothing yet to ask Enrow for."""
    job = running()
    SearchJob.objects.update(state="sending", enrow_id="")
    body = single("", email="forged@evil.com", custom={"crm_id": "lead-0"})
    event = post(body, sign(str(job.pk)))
    assert (event.state, Lead.objects.get().email) == ("failed", "")
    SearchJob.objects.update(state="running", enrow_id=job.enrow_id)
    WebhookEvent.objects.update(next_attempt_at=event.received_at)
    processing.drain()
    assert Lead.objects.get().email == people.find_email("Ann0 Somebody", "firm0.com")
