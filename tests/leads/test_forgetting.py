"""Forgetting people: nothing of them is left, nothing brings them back, and nobody else loses theirs."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.inbox import processing, replaying
from enrow_webhooks.inbox.addresses import sign
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox import people
from leads import forgetting
from leads.enrichment import enrich
from leads.forgetting import Traces
from leads.models import FileImport, FileNote, Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.results import applying, collecting
from leads.upkeep.sweep import sweep
from tests.conftest import due_now, work
from tests.leads.traces import assert_forgotten, everything

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = [({"email"}, False), ({"phone"}, False), (set(), True)]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("find", "verify"), KINDS, ids=["email", "phone", "verify"])
def test_after_a_finished_search_nothing_is_left(site, make_leads, find, verify, count):
    """Lead, searches and bodies; the others of the job keep everything, and counts and costs stay true."""
    first, *others = make_leads(count, email="")
    if verify:
        for lead in (first, *others):
            lead.email = f"{lead.crm_id}@firm.com"
            lead.save()
    job = enrich(Lead.objects.all(), find=find, verify=verify).jobs().get()
    work(site)
    before = list(Lead.objects.exclude(pk=first.pk).order_by("pk").values())
    job.refresh_from_db()

    done = forgetting.forget([first.crm_id])

    assert (done.leads, done.searches, done.bodies >= 1) == (1, 1, True)
    assert_forgotten(first)
    assert list(Lead.objects.order_by("pk").values()) == before
    again = SearchJob.objects.get()
    assert (again.state, again.found, again.credits_cost) == (job.state, job.found, job.credits_cost)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("find", "verify"), KINDS, ids=["email", "phone", "verify"])
def test_an_event_that_comes_later_brings_nothing_back(site, make_leads, find, verify, count):
    """Forgotten while Enrow works: the event ends the job and is for the others alone; nor does a replay help."""
    first, *others = make_leads(count)
    if verify:
        for lead in (first, *others):
            lead.email = f"{lead.crm_id}@firm.com"
            lead.save()
    site.configure(delay=1000)
    job = enrich(Lead.objects.all(), find=find, verify=verify).jobs().get()
    assert submission.submit(job.pk)

    forgetting.forget([first.crm_id])
    site.finish_all()
    work(site)

    job.refresh_from_db()
    assert (job.state, job.result_via) == ("finished", "webhook")
    assert_forgotten(first)
    assert LeadSearch.objects.get(effect="erased").outcome == "cancelled"
    assert LeadSearch.objects.filter(effect="written").count() == len(others)
    assert not LeadSearch.objects.filter(effect="orphan").exists()
    assert job.credits_cost == site.ledger.spent
    replaying.replay(replaying.chosen([], WebhookEvent.State.values))
    assert_forgotten(first)


@pytest.mark.parametrize("count", [1, 3])
def test_polling_brings_nothing_back(sandbox, make_leads, count):
    """Without webhooks the sweep fetches the result: the forgotten person is passed over."""
    first, *others = make_leads(count)
    sandbox.configure(delay=1000)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    submission.submit(job.pk)
    forgetting.forget([first.crm_id])
    sandbox.finish_all()
    due_now()
    sweep()
    job.refresh_from_db()
    assert (job.state, job.result_via) == ("finished", "poll")
    assert_forgotten(first)
    assert Lead.objects.exclude(email="").count() == len(others)


@pytest.mark.parametrize("state", ["queued", "held"])
def test_who_is_forgotten_before_the_post_is_not_bought(sandbox, pair, state):
    """The search leaves the job; the other is sent alone, and an empty job is cancelled."""
    first, second = pair
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.update(state=state)
    forgetting.forget([first.crm_id])
    assert LeadSearch.objects.get(effect="erased").position is None
    SearchJob.objects.update(state="queued")
    work(sandbox)
    due_now()
    sweep()
    assert_forgotten(first)
    assert sandbox.ledger.spent == 1
    second.refresh_from_db()
    assert second.email == people.find_email(second.display_name(), second.company_domain)

    third = Lead.objects.create(crm_id="alone", firstname="Eve", lastname="Somebody", company_domain="eve.com")
    job = enrich(Lead.objects.filter(pk=third.pk), find={"email"}).jobs().get()
    forgetting.forget(["alone"])
    submission.submit(job.pk)
    job.refresh_from_db()
    assert (job.state, sandbox.ledger.spent) == ("cancelled", 1)


@pytest.mark.parametrize("state", ["unconfirmed", "expired"])
def test_an_unconfirmed_or_expired_search_takes_its_late_event_without_the_person(site, make_leads, state):
    """The purchase is adopted, with its cost; whom it was about is not."""
    (first,) = make_leads(1)
    site.configure(delay=1000)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    submission.submit(job.pk)
    if state == "expired":
        applying.end_without_result(job.pk, "expired", "Nothing came.")
    else:
        SearchJob.objects.update(state=state, enrow_id="")
    forgetting.forget([first.crm_id])
    site.finish_all()
    work(site)
    job.refresh_from_db()
    assert (job.state, job.credits_cost) == ("finished", 1)
    assert_forgotten(first)


def same_person(**fields):
    return Lead.objects.create(
        firstname="Ann0",
        lastname="Somebody",
        company_domain="firm0.com",
        linkedin_url="https://www.linkedin.com/in/ann0-somebody/",
        **fields,
    )


@pytest.mark.parametrize("find", [{"email"}, {"phone"}])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("when", ["queued", "running", "finished"])
def test_who_shares_the_purchase_keeps_his_own(site, make_leads, find, count, when):
    """The same person under another CRM id: one is forgotten, the other gets, or keeps, what was paid for once."""
    first = make_leads(count)[0]
    rider = same_person(crm_id="rider")
    site.configure(delay=1000)
    job = enrich(Lead.objects.all(), find=find).jobs().get()
    if when == "queued":
        forgetting.forget([first.crm_id])
    submission.submit(job.pk)
    if when == "running":
        forgetting.forget([first.crm_id])
    site.finish_all()
    work(site)
    if when == "finished":
        forgetting.forget([first.crm_id])

    rider.refresh_from_db()
    truth = people.find_email("Ann0 Somebody", "firm0.com")
    number, _ = people.find_phone(linkedin_url=rider.linkedin_url)
    assert (rider.email, rider.phone) == ((truth, "") if "email" in find else ("", number))
    assert first.crm_id not in everything()
    assert site.ledger.spent == SearchJob.objects.credits()
    search = LeadSearch.objects.get(crm_id="rider")
    assert (search.outcome, search.effect, search.position is not None) == ("found", "written", True)


def test_a_forgotten_purchase_is_not_used_again(site, make_leads):
    """The same person as a new lead is bought anew: nothing of the old purchase is there to be reused."""
    (first,) = make_leads(1)
    enrich(Lead.objects.all(), find={"email"})
    work(site)
    forgetting.forget([first.crm_id])
    make_leads(1)
    run_ = enrich(Lead.objects.all(), find={"email"})
    work(site)
    assert (run_.reused, run_.tally.to_search.total()) == (0, 1)
    assert Lead.objects.get().email


def test_a_search_launched_elsewhere_finds_no_lead(site, make_leads, enrow):
    """Enrow's dashboard searched the person with our crm_id: the event is kept aside, its value in no search."""
    enrow(WEBHOOK_SECRETS=["a-shared-secret-of-good-length"])
    (first,) = make_leads(1)
    forgetting.forget([first.crm_id])
    body = {
        "event": "single_search_finished",
        "id": "elsewhere-1",
        "result": {"email": "ann0@firm0.com", "qualification": "valid", "custom": {"crm_id": first.crm_id}},
    }
    answer = Client().post("/webhooks/enrow/a-shared-secret-of-good-length/", json.dumps(body), "application/json")
    assert answer.status_code == 200
    processing.drain()
    assert WebhookEvent.objects.get().state == "ignored"
    assert not LeadSearch.objects.exists()
    assert not Lead.objects.exists()


def test_a_repeat_of_an_event_leaves_no_body(site, make_leads):
    """An event whose first copy was never stored comes hours after the forgetting: processed, and blanked."""
    (first,) = make_leads(1)
    enrich(Lead.objects.all(), find={"email"})
    work(site)
    body = WebhookEvent.objects.get().payload
    reference = WebhookEvent.objects.get().reference
    WebhookEvent.objects.all().delete()
    forgetting.forget([first.crm_id])
    assert Client().post(f"/webhooks/enrow/{sign(reference)}/", body, "application/json").status_code == 200
    processing.drain()
    assert WebhookEvent.objects.get().payload == ""
    assert_forgotten(first)


def test_a_body_that_another_lead_waits_for_stays_until_it_is_used(site, make_leads):
    """The rider's result is in an event that nobody has processed yet: it is used first, then it goes."""
    (first,) = make_leads(1)
    rider = same_person(crm_id="rider")
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    submission.submit(job.pk)
    assert site.wait_until_idle(timeout=10)
    assert WebhookEvent.objects.get().state == "received"
    forgetting.forget([first.crm_id])
    assert WebhookEvent.objects.get().payload
    work(site)
    rider.refresh_from_db()
    assert (bool(rider.email), WebhookEvent.objects.get().payload) == (True, "")


def test_a_waiting_event_of_the_forgotten_alone_ends(site, make_leads):
    """Its body is gone, so no worker may try, fail and cry over it; the job is polled to its end."""
    (first,) = make_leads(1)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    submission.submit(job.pk)
    assert site.wait_until_idle(timeout=10)
    forgetting.forget([first.crm_id])
    event = WebhookEvent.objects.get()
    assert (event.state, event.payload, processing.drain()) == ("ignored", "", 0)
    due_now()
    sweep()
    job.refresh_from_db()
    assert job.state == "finished"
    assert_forgotten(first)


def test_results_that_were_not_written_yet_are_dropped_for_the_forgotten(sandbox, pair):
    """Settled, but not yet in the leads: the other is written, the forgotten is not an orphan."""
    first, second = pair
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    submission.submit(job.pk)
    from_enrow = SearchJob.objects.get(pk=job.pk)
    LeadSearch.objects.filter(crm_id=first.crm_id).update(outcome="found", value="ann@firm0.com")
    forgetting.forget([first.crm_id])
    assert collecting.collect(from_enrow, via=SearchJob.Via.POLL)
    second.refresh_from_db()
    assert second.email
    assert_forgotten(first)


def test_forgetting_twice_is_harmless_and_costs_a_constant_number_of_queries(sandbox, make_leads):
    """However many are forgotten at once; a second time nothing is left to do."""

    def cost(prefix, count):
        leads = make_leads(count, prefix=prefix)
        enrich(Lead.objects.filter(crm_id__startswith=prefix), find={"email"}, force=True)
        with CaptureQueriesContext(connection) as queries:
            done = forgetting.forget(lead.crm_id for lead in leads)
        assert done == Traces(leads=count, searches=count)
        return len(queries)

    assert cost("few", 2) == cost("many", 60)
    assert not forgetting.forget(["few-0", "many-1"])


def test_buyer_and_first_sharer_forgotten_together_leave_the_purchase_to_the_next(site, make_leads):
    """Three leads of one person: the one that is left takes the place in the job, and what was paid for once."""
    make_leads(1)
    for crm_id in ("rider-1", "rider-2"):
        same_person(crm_id=crm_id)
    site.configure(delay=1000)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    submission.submit(job.pk)
    forgetting.forget(["lead-0", "rider-1"])
    site.finish_all()
    work(site)
    search = LeadSearch.objects.get(crm_id="rider-2")
    assert (search.outcome, search.effect, search.position) == ("found", "written", 0)
    assert Lead.objects.get().email == people.find_email("Ann0 Somebody", "firm0.com")


def test_the_first_who_shares_takes_the_place(make_leads):
    """Of several, in the order in which they came."""
    make_leads(1)
    for crm_id in ("rider-1", "rider-2"):
        same_person(crm_id=crm_id)
        enrich(Lead.objects.all(), find={"email"})
    forgetting.forget(["lead-0"])
    assert LeadSearch.objects.get(position=0).crm_id == "rider-1"


def test_a_refused_lead_is_forgotten_with_the_note_that_names_it(one_email):
    """The last error of its job, too; the job no longer says that somebody is refused."""
    lead = one_email()
    Lead.objects.filter(crm_id="taken-0").delete()
    forgetting.forget([lead.crm_id])
    assert_forgotten(lead)
    assert not SearchJob.objects.filter(refused__gt=0).exists()


def test_what_imports_of_files_tell_of_somebody_goes(make_leads):
    """The refused rows that quote their id, name or address, and the first rows that show them; of others they stay."""
    (lead,) = make_leads(1, email="ann@firm.com")
    told = [lead.crm_id, lead.display_name(), lead.email, "a stranger"]
    shown, other = (FileImport.objects.create(preview={"first_rows": [{"x": text}]}) for text in (lead.email, "Bob"))
    FileNote.objects.bulk_create(
        FileNote(file=shown, line=line, is_refused=True, sentence=f"Line {line}: {text}.")
        for line, text in enumerate(told)
    )

    FileNote.objects.create(file=shown, line=9, is_refused=True, sentence="Row 9: no.", cells=f'["{lead.email}"]')

    forgetting.forget([lead.crm_id])

    assert_forgotten(lead)
    assert FileNote.objects.get().sentence == "Line 3: a stranger."
    assert FileImport.objects.get(pk=other.pk).preview["first_rows"]
