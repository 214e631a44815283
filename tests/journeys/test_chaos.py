"""Whatever happens between two servers: each person is bought once, and every lead has its result."""

from __future__ import annotations

import pytest

from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox import people
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.upkeep.sweep import sweep
from tests.conftest import due_now, finish, work

pytestmark = pytest.mark.django_db(transaction=True)


def assert_truth(sandbox, *, find):
    """Leads equal the sandbox's truth, nobody was bought twice, and the costs agree."""
    for lead in Lead.objects.all():
        if "email" in find:
            assert lead.email == (people.find_email(lead.display_name(), lead.company_domain) or "")
        if "phone" in find:
            found = people.find_phone(linkedin_url=lead.linkedin_url)
            assert (lead.phone, lead.phone_country) == (found or ("", ""))
    assert max(sandbox.ledger.purchases.values()) == 1
    assert SearchJob.objects.credits() == sandbox.ledger.spent
    assert not LeadSearch.objects.pending().exists()


@pytest.mark.parametrize("profile", ["current", "legacy"])
@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize(
    "chaos",
    [
        "",
        "duplicate",
        "late",
        "reorder",
        "early",
        "slow",
        "unavailable=0.5",
        "throttle=0.5",
        "foreign-fields",
        "nested-phone",
        "duplicate,reorder,early,foreign-fields",
    ],
)
def test_every_fault_ends_in_the_truth_by_events_alone(site, make_leads, chaos, count, profile):
    """E-mails and phones, single and bulk, under one fault after the other, in both ages of the API; nothing polls."""
    begin(site, make_leads, chaos, count, profile)
    for _ in range(8):
        work(site)
        # What was refused may be sent again; nothing here asks for a result.
        due_now()
    assert_truth(site, find={"email", "phone"})
    assert set(SearchJob.objects.values_list("result_via", flat=True)) == {"webhook"}


@pytest.mark.parametrize("profile", ["current", "legacy"])
@pytest.mark.parametrize("count", [1, 4])
def test_events_that_never_come_are_replaced_by_polling(site, make_leads, count, profile):
    """Every event is lost: polling brings the same truth, and the jobs say so."""
    begin(site, make_leads, "drop", count, profile)
    finish(site)
    assert_truth(site, find={"email", "phone"})
    assert set(SearchJob.objects.values_list("result_via", flat=True)) == {"poll"}


def begin(site, make_leads, chaos, count, profile):
    """Ask for the e-mails and phones of people whose luck is not known beforehand."""
    site.configure(chaos=chaos, profile=profile, late_seconds=0.3, slow_seconds=0.2, reorder_seconds=0.3)
    make_leads(count, lastname="Maybe", linkedin_url="")
    for lead in Lead.objects.all():
        lead.linkedin_url = f"https://www.linkedin.com/in/{lead.crm_id}/"
        lead.save()
    enrich(Lead.objects.all(), find={"email", "phone"})


@pytest.mark.parametrize("chaos", ["lost-answer", "gateway"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_lost_answer_is_adopted_when_its_event_arrives(site, make_leads, chaos, count):
    """Billed, answer lost: the event comes to the job's own URL and brings id and result."""
    site.configure(chaos=chaos)
    make_leads(count)
    enrich(Lead.objects.all(), find={"email"})
    work(site)
    job = SearchJob.objects.get()
    assert (job.state, job.result_via) == ("finished", "webhook")
    assert_truth(site, find={"email"})


def test_a_batch_that_enrow_fails_is_refunded_and_said(site, make_leads):
    """general.status failed: nothing is billed, every lead says so, and nothing is bought again by itself."""
    make_leads(2)
    make_leads(1, prefix="doomed", company_domain="failed.example")
    enrich(Lead.objects.all(), find={"email"})
    finish(site)
    assert SearchJob.objects.get().state == "failed"
    assert set(Lead.objects.values_list("email_status", flat=True)) == {"failed"}
    assert site.ledger.spent == 0


def test_the_dashboards_url_works_without_a_callback_of_the_job(site, make_leads, enrow, live_server):
    """Only the URL with the shared secret, set in Enrow's dashboard: the result is confirmed by GET."""
    enrow(WEBHOOK_ORIGIN="", WEBHOOK_SECRETS=["one-shared-secret-of-length"])
    site.configure(webhooks=[f"{live_server.url}/webhooks/enrow/one-shared-secret-of-length/"])
    make_leads(1, prefix="one")
    enrich(Lead.objects.all(), find={"email"})
    make_leads(3, prefix="more", company_name="", firstname="Zoë")
    Lead.objects.filter(crm_id__startswith="more").update(company_domain="more.com")
    work(site)
    assert set(WebhookEvent.objects.values_list("state", "reference")) == {("processed", "")}
    assert SearchJob.objects.get().result_via == "webhook"
    assert Lead.objects.get(crm_id="one-0").email_status == "valid"


def test_events_that_come_hours_later_than_polling_change_nothing(site, make_leads):
    """Polling was faster; the late event is acknowledged, stored and harmless."""
    site.configure(chaos="late", late_seconds=3600)
    make_leads(3)
    enrich(Lead.objects.all(), find={"email"})
    assert submission.submit_next()
    due_now()
    sweep()
    before = list(Lead.objects.order_by("pk").values())
    site.flush()
    work(site)
    assert WebhookEvent.objects.get().state == "processed"
    assert list(Lead.objects.order_by("pk").values()) == before
    assert SearchJob.objects.get().result_via == "poll"
