"""Sending: every answer of Enrow, and every lack of one, leads to one state, and nothing is sent twice."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import clear_url_caches
from django.utils import timezone

from enrow_webhooks.client.values import FindEmail, Launch
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.upkeep import polling
from tests.conftest import due_now, finish, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def queued(make_leads):
    """Queue one job for so many leads."""

    def make(count=1, find=("email",), **fields):
        make_leads(count, **fields)
        return enrich(Lead.objects.all(), find=find).jobs().get()

    return make


def sent(job):
    submission.submit(job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("count", [1, 2])
def test_an_accepted_search_runs_under_the_id_that_enrow_gave(sandbox, queued, count):
    """The id, the credits taken and the first look are written down."""
    job = sent(queued(count))
    assert (job.state, job.enrow_id == sandbox.jobs[0].id, job.credits_reserved) == ("running", True, count)
    assert job.next_check_at > timezone.now()


@pytest.mark.parametrize("chaos", ["unavailable", "throttle"])
def test_what_enrow_did_not_accept_is_queued_again_with_backoff(sandbox, queued, chaos):
    """500, 503 and 429 are documented as safe to repeat: later, and at growing distance."""
    sandbox.configure(chaos=chaos)
    job = sent(queued(2))
    first_pause = job.next_check_at - timezone.now()
    assert (job.state, job.attempts) == ("queued", 1)
    due_now()
    job = sent(job)
    assert job.next_check_at - timezone.now() > first_pause
    sandbox.configure(chaos="")
    finish(sandbox)
    assert Lead.objects.filter(email_status="valid").count() == 2
    assert sandbox.ledger.spent == 2


def test_a_refused_connection_is_queued_again(queued, enrow):
    """Nothing was sent, so it may be sent again."""
    enrow(BASE_URL="http://127.0.0.1:9")
    assert sent(queued()).state == "queued"


@pytest.mark.parametrize("chaos", ["lost-answer", "gateway"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_lost_answer_is_never_sent_again_by_itself(sandbox, queued, chaos, count):
    """The search may be billed already: the job stays unconfirmed, whatever the sweep does."""
    sandbox.configure(chaos=chaos)
    job = sent(queued(count))
    assert (job.state, job.enrow_id) == ("unconfirmed", "")
    due_now()
    while polling.check_next():
        pass
    assert not submission.submit(job.pk)
    assert len(sandbox.jobs) == 1
    assert LeadSearch.objects.pending().count() == count


@pytest.mark.parametrize(
    ("keys", "find", "word"),
    [
        ({"API_KEY": "bad-key"}, "email", "not valid"),
        ({"API_KEY": "no-phone-key"}, "phone", "not allowed to use the phone"),
        ({"API_KEY": ""}, "email", 'ENROW["API_KEY"]'),
    ],
)
def test_a_setting_that_must_change_holds_the_job(sandbox, queued, enrow, keys, find, word):
    """Nothing is lost: the job says what to fix, and continues by itself when it is fixed."""
    enrow(**keys)
    job = sent(queued(2, find=(find,)))
    assert (job.state, word in job.last_error) == ("held", True)
    enrow(API_KEY="good-key")
    due_now()
    polling.check_next()
    finish(sandbox)
    job.refresh_from_db()
    assert job.state == "finished"


@pytest.mark.parametrize(("profile", "count"), [("current", 1), ("current", 2), ("legacy", 1), ("legacy", 2)])
def test_without_credits_the_job_is_held_until_the_balance_suffices(sandbox, queued, profile, count):
    """402 in both shapes and the old 422: held, nothing billed, resumed when credits are there."""
    job = queued(count)
    sandbox.configure(credits=0, profile=profile)
    job = sent(job)
    assert (job.state, "nsufficient" in job.last_error) == ("held", True)
    due_now()
    polling.check_next()
    job.refresh_from_db()
    assert job.state == "held"
    sandbox.configure(credits=10)
    due_now()
    polling.check_next()
    finish(sandbox)
    job.refresh_from_db()
    assert job.state == "finished"


def test_a_row_that_enrow_names_gets_the_error_and_the_rest_is_sent(sandbox, queued):
    """One bad row refuses a whole batch at Enrow: it leaves the batch, the others go on."""
    job = queued(3)
    Lead.objects.filter(crm_id="lead-1").update(company_domain="refused.example")
    LeadSearch.objects.filter(crm_id="lead-1").update(fingerprint=_fingerprint("Ann1 Somebody", "refused.example"))
    finish(sandbox)
    finish(sandbox)
    assert dict(Lead.objects.values_list("crm_id", "email_status")) == {
        "lead-0": "valid",
        "lead-1": "failed",
        "lead-2": "valid",
    }
    assert "n°2 of 3" in LeadSearch.objects.get(crm_id="lead-1").error
    job.refresh_from_db()
    assert (job.state, job.requested, job.credits_cost) == ("finished", 2, 2)


def _fingerprint(name, domain):
    return FindEmail(fullname=name, company_domain=domain).fingerprint


def test_a_request_that_is_refused_whole_fails_with_enrows_words(sandbox, queued):
    """A 400 without a row will not get better by repeating."""
    job = queued(1, find=("email",))
    Lead.objects.update(company_domain="refused.example")
    LeadSearch.objects.update(fingerprint=_fingerprint("Ann0 Somebody", "refused.example"))
    job = sent(job)
    assert (job.state, "400" in job.last_error) == ("failed", True)
    assert Lead.objects.get().email_status == "failed"
    assert sandbox.ledger.spent == 0


@pytest.mark.parametrize(
    ("change", "word"),
    [({"lastname": "Edited"}, "edited"), ({"company_domain": "no domain"}, "not a domain"), (None, "deleted")],
)
def test_a_lead_that_changed_before_sending_leaves_the_batch(sandbox, queued, change, word):
    """What was judged is what is sent; the edited lead says so and can be searched again."""
    queued(2)
    edited = Lead.objects.filter(crm_id="lead-0")
    edited.update(**change) if change else edited.delete()
    finish(sandbox)
    search = LeadSearch.objects.get(crm_id="lead-0")
    assert (search.outcome, word in search.error) == ("error", True)
    assert Lead.objects.get(crm_id="lead-1").email_status == "valid"
    assert sandbox.ledger.spent == 1


def test_a_lead_that_the_manager_hides_meanwhile_is_not_sent(sandbox, queued, monkeypatch):
    """Opted out since the planning: nothing is bought for it, and its search says why; the others are sent."""
    queued(2)
    manager = Lead._default_manager
    everybody = manager.get_queryset
    monkeypatch.setattr(manager, "get_queryset", lambda: everybody().exclude(crm_id="lead-0"))
    finish(sandbox)
    search = LeadSearch.objects.get(crm_id="lead-0")
    assert (search.outcome, "may not be searched any more" in search.error) == ("error", True)
    assert sandbox.ledger.spent == 1


def test_a_job_whose_leads_are_all_gone_is_cancelled(sandbox, queued):
    """Nothing is posted for nobody."""
    job = queued(2)
    Lead.objects.all().delete()
    assert sent(job).state == "cancelled"
    assert sandbox.jobs == []


def test_a_worker_that_died_while_sending_leaves_the_job_unconfirmed(queued, sandbox):
    """Nobody knows whether its POST left, so nobody repeats it."""
    job = queued(1)
    assert SearchJob.objects.claim_for_sending(job.pk, lease=dt.timedelta(0))
    assert polling.check_next()
    job.refresh_from_db()
    assert (job.state, "disappeared" in job.last_error) == ("unconfirmed", True)
    assert sandbox.jobs == []


def test_a_bug_before_the_post_does_not_count_as_sent(sandbox, queued, enrow):
    """A site without the webhook URL cannot build the callback: the job goes back to the queue, and says why."""
    enrow(WEBHOOK_ORIGIN="https://crm.example.com")
    job = queued(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.ROOT_URLCONF", "tests.empty_urls")
        clear_url_caches()
        with pytest.raises(Exception, match="enrow_webhooks"):
            submission.submit(job.pk)
    clear_url_caches()
    job.refresh_from_db()
    assert (job.state, "NoReverseMatch" in job.last_error) == ("queued", True)


@pytest.mark.django_db(transaction=True)
def test_a_job_is_sent_by_one_of_many_workers(sandbox, queued):
    """Eight workers race for one job: one POST."""
    job = queued(2)
    barrier, taken = threading.Barrier(8), []

    def race():
        barrier.wait()
        try:
            taken.append(submission.submit(job.pk))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]
    assert len(sandbox.jobs) == 1


def test_sending_costs_the_same_number_of_queries_at_any_size(sandbox, make_leads):
    """A POST of 2,000 leads takes exactly the queries that one of 20 takes."""
    counts = []
    for size in (20, 2000):
        make_leads(size, prefix=f"s{size}", company_domain=f"s{size}.com")
        job = enrich(Lead.objects.filter(crm_id__startswith=f"s{size}-"), find={"email"}).jobs().get()
        with CaptureQueriesContext(connection) as captured:
            assert submission.submit(job.pk)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_work_goes_on_after_a_held_job(sandbox, make_leads, enrow):
    """A plan without phones does not stop the e-mails."""
    make_leads(3)
    enrow(API_KEY="no-phone-key")
    enrich(Lead.objects.all(), find={"email", "phone"})
    work(sandbox)
    assert dict(SearchJob.objects.values_list("kind", "state")) == {"find_email": "running", "find_phone": "held"}


def test_a_lead_model_whose_fields_turn_what_is_stored_is_read_by_the_orm(sandbox, make_leads, monkeypatch):
    """Planning and sending see the same name, as of a field that a host encrypts: nothing counts as edited."""
    field = Lead._meta.get_field("firstname")
    monkeypatch.setattr(field, "from_db_value", lambda value, expression, connection: value[::-1], raising=False)
    make_leads(3, firstname="nna")
    enrich(Lead.objects.all(), find={"email"})
    assert submission.submit_next()
    assert set(LeadSearch.objects.values_list("outcome", "error")) == {("pending", "")}
    assert SearchJob.objects.get().requested == 3


@pytest.mark.parametrize(("origin", "soonest"), [("", 0), ("https://crm.example.com", 30)])
def test_a_job_is_polled_at_once_only_where_no_event_can_come(sandbox, queued, enrow, origin, soonest):
    """With webhooks the first GET waits until an event should have come; without, a few seconds."""
    enrow(WEBHOOK_ORIGIN=origin)
    first_look = sent(queued(2)).next_check_at - timezone.now()
    assert dt.timedelta(seconds=soonest) < first_look
    assert (first_look < dt.timedelta(seconds=30)) is (not origin)


def test_a_worker_whose_lease_another_took_over_does_not_send(sandbox, queued):
    """It was too slow to prepare: the other one sends, so that nothing is bought twice."""
    job = queued(2)
    claim = SearchJob.objects.claim_for_preparing
    assert claim(job.pk, lease=dt.timedelta(0))
    slow = SearchJob.objects.get(pk=job.pk)
    assert claim(job.pk, lease=dt.timedelta(minutes=1))
    submission._send(slow, submission._queries(slow), "")
    assert sandbox.jobs == []
    job.refresh_from_db()
    assert job.state == "queued"


@pytest.mark.parametrize("state", SearchJob.AWAITING)
@pytest.mark.parametrize(("used", "reserved"), [(None, 2), (Decimal(7), 7)])
def test_however_late_the_answer_comes_the_search_is_known_and_fetched(queued, state, used, reserved):
    """Whatever became of the job meanwhile: it was accepted, and what Enrow says it took counts, if it says so."""
    job = queued(2)
    SearchJob.objects.update(state=state)
    submission._record(job, Launch(id="e-1", credits_used=used), has_webhook=False)
    job.refresh_from_db()
    assert (job.state, job.enrow_id, job.credits_reserved) == ("running", "e-1", reserved)


def test_who_is_not_sent_has_no_place_in_the_post(sandbox, queued):
    """Edited since the planning: the search ends in an error, and the places are those of who was sent."""
    job = queued(2)
    Lead.objects.filter(crm_id="lead-0").update(firstname="Eve")
    sent(job)
    places = dict(LeadSearch.objects.values_list("crm_id", "position"))
    assert (places["lead-0"], places["lead-1"] is None) == (None, False)
    assert LeadSearch.objects.get(crm_id="lead-0").outcome == "error"
