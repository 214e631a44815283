"""Searches that were launched elsewhere, with a crm_id of ours."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db.models import F
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from enrow_webhooks.inbox import addresses, processing
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox import people
from leads.credits import budget, reconciliation, statement
from leads.credits.budget import Balance
from leads.enrichment import enrich
from leads.models import AccountReading, Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.results import applying, waiting
from leads.skips import Reason
from tests.conftest import payload
from tests.leads.elsewhere import launch_elsewhere
from tests.leads.events import SECRET, single
from tests.leads.problems import ago
from tests.leads.refusing import leads_refuse

pytestmark = pytest.mark.django_db


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
            "fullname": f"Ann{number} Somebody",
            "firstname": f"Ann{number}",
            "lastname": "Somebody",
            "company_domain": f"firm{number}.com",
            "custom": crm_id,
        }
        for number, crm_id in enumerate(("lead-0", "lead-1", "not-ours"))
    ]
    enrow_id = launch_elsewhere(sandbox, path, {"searches": rows})
    assert post(payload(f"webhooks/{name}") | {"id": enrow_id}).state == "processed"
    assert Lead.objects.exclude(**{field: ""}).count() == 2
    assert LeadSearch.objects.count() == 2


@pytest.mark.parametrize("places", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (0, 2, 1)])
def test_several_results_for_one_lead_are_sorted_by_whom_they_are_about(make_leads, sandbox, post, places):
    """Another tool has its own idea of the name. In whatever order they come: one is the lead's, others wait aside."""
    make_leads(1)
    people = ["Ann0 Somebody", "Bob Somebody", "Eve Somebody"]
    rows = [
        {"fullname": people[place], "company_domain": "firm0.com", "custom": "lead-0"} for place in (*places, *places)
    ]
    post(
        payload("webhooks/bulk_search_finished")
        | {"id": launch_elsewhere(sandbox, "/email/find/bulk", {"searches": rows})}
    )
    assert Lead.objects.get().email == "ann0.somebody@firm0.com"
    job = SearchJob.objects.get()
    assert (job.requested, job.found, job.kept_aside, job.credits_cost) == (5, 1, 4, sandbox.ledger.spent)


@pytest.mark.parametrize("custom", [{"crm_id": "not-ours"}, "your_custom_data", None])
def test_a_strangers_search_is_ignored(make_leads, sandbox, post, custom):
    """It is kept, answered with 200, and says why nothing was done."""
    make_leads(1)
    body = {"fullname": "Ann Somebody", "company_domain": "x.com", "custom": custom}
    event = post(single(launch_elsewhere(sandbox, "/email/find/single", body)))
    assert (event.state, "No search job or lead" in event.last_error) == ("ignored", True)
    assert not SearchJob.objects.exists()


def test_an_unknown_id_is_ignored_but_not_while_one_of_ours_has_no_answer(make_leads, sandbox, post):
    """An event of our own may come by the dashboard's URL before the POST's answer is recorded: it waits."""
    make_leads(1)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.filter(pk=job.pk).update(state="sending")
    event = post(single("unknown-id"))
    assert (event.state, "no answer yet" in event.last_error) == ("failed", True)
    SearchJob.objects.update(state="queued")
    WebhookEvent.objects.update(next_attempt_at=event.received_at)
    processing.drain()
    event.refresh_from_db()
    assert (event.state, "No search job or lead" in event.last_error) == ("ignored", True)


@pytest.mark.parametrize("named", [2, 4])
def test_a_lost_job_is_not_adopted_by_a_search_for_other_leads(make_leads, sandbox, post, named):
    """Of fewer leads than it searched, or of more: it is another search. The job keeps waiting for its own."""
    make_leads(4)
    job = enrich(Lead.objects.filter(crm_id__lt="lead-3"), find={"email"}).jobs().get()
    SearchJob.objects.update(state="unconfirmed")
    rows = [
        {"fullname": f"Ann{number} Somebody", "company_domain": f"firm{number}.com", "custom": f"lead-{number}"}
        for number in range(named)
    ]
    enrow_id = launch_elsewhere(sandbox, "/email/find/bulk", {"searches": rows})
    event = post(payload("webhooks/bulk_search_finished") | {"id": enrow_id})
    job.refresh_from_db()
    assert (event.state, job.state, job.enrow_id) == ("failed", "unconfirmed", "")


def test_a_verification_that_was_launched_elsewhere_is_written_to_the_address_it_judged(make_leads, sandbox, post):
    """A lead that has another address by now keeps what is known of that one."""
    make_leads(1, prefix="same", email="ann@firm.com")
    make_leads(1, prefix="other", email="eve@firm.com")
    for crm_id in ("same-0", "other-0"):
        body = {"email": "ann@firm.com", "custom": {"crm_id": crm_id}}
        enrow_id = launch_elsewhere(sandbox, "/email/verify/single", body)
        event = post(payload("webhooks/verification_finished") | {"id": enrow_id})
        assert event.state == "processed"
    status = {True: "valid", False: "invalid"}[people.verify("ann@firm.com")]
    assert dict(Lead.objects.values_list("crm_id", "email_status")) == {"same-0": status, "other-0": ""}


def test_a_job_that_was_given_up_is_adopted_by_its_late_result(make_leads, sandbox, post):
    """It was accepted after all, and comes by the dashboard's URL: one job, booked once."""
    make_leads(2)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.update(state="unconfirmed", sent_at=ago(minutes=31))
    applying.give_up(job.pk, "Nobody knows.")
    rows = [
        {"fullname": f"Ann{number} Somebody", "company_domain": f"firm{number}.com", "custom": f"lead-{number}"}
        for number in range(2)
    ]
    enrow_id = launch_elsewhere(sandbox, "/email/find/bulk", {"searches": rows})
    assert post(payload("webhooks/bulk_search_finished") | {"id": enrow_id}).state == "processed"
    adopted = SearchJob.objects.get()
    assert (adopted.state, adopted.enrow_id, adopted.found) == ("finished", enrow_id, 2)


@pytest.mark.parametrize("given_up", [False, True], ids=["waiting", "given up"])
@pytest.mark.parametrize("count", [1, 2], ids=["single", "bulk"])
@pytest.mark.parametrize("first", ["ours", "elsewhere"])
def test_a_search_from_elsewhere_for_the_very_same_leads_is_not_taken_for_ours(
    make_leads, sandbox, post, enrow, first, count, given_up
):
    """The POST's answer was lost. Whichever event comes first: the signed one is ours, and each is booked once."""
    enrow(WEBHOOK_ORIGIN="https://crm.example.com")
    make_leads(count)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    sandbox.configure(chaos="lost-answer")
    assert submission.submit(job.pk)
    sandbox.configure(chaos="")
    [ours] = sandbox.jobs
    if given_up:
        applying.give_up(job.pk, "Nobody knows.")
    rows = [
        {"fullname": f"Ann{number} Somebody", "company_domain": f"firm{number}.com", "custom": f"lead-{number}"}
        for number in range(count)
    ]
    body = {"searches": rows} if count > 1 else rows[0] | {"custom": {"crm_id": "lead-0"}}
    theirs = launch_elsewhere(sandbox, f"/email/find/{'bulk' if count > 1 else 'single'}", body)
    sandbox.finish_all()
    name = "bulk_search_finished" if count > 1 else "single_search_finished"

    def told(enrow_id):
        return payload(f"webhooks/{name}") | {"id": enrow_id} if count > 1 else single(enrow_id, custom=body["custom"])

    unsigned, signed = told(theirs), told(ours.id)
    if count == 1:
        signed["result"] |= {"email": "ann0.somebody@firm0.com", "qualification": "valid"}
    token = addresses.sign(str(job.pk))
    for body_of, where in [(unsigned, SECRET), (signed, token)][:: 1 if first == "elsewhere" else -1]:
        post(body_of, where)
    WebhookEvent.objects.waiting().update(next_attempt_at=timezone.now())
    processing.drain()
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"processed"}
    job.refresh_from_db()
    assert (job.state, job.enrow_id, job.launched_elsewhere) == ("finished", ours.id, False)
    other = SearchJob.objects.exclude(pk=job.pk).get()
    assert (other.enrow_id, other.launched_elsewhere) == (theirs, True)
    assert SearchJob.objects.credits() == sandbox.ledger.spent == 2 * count
    assert Lead.objects.filter(email_status="valid").count() == count


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ({"fullname": "Bob Somebody", "company_domain": "firm0.com"}, "another name"),
        ({"fullname": "Ann0 Somebody", "company_domain": "elsewhere.com"}, "another domain"),
        ({"fullname": "Bob Somebody", "company_domain": "elsewhere.com"}, "another name and domain"),
        ({"fullname": "Ann0 Nobody", "company_domain": "firm0.com"}, "does not say whom"),
    ],
)
def test_a_result_from_elsewhere_that_may_be_somebody_elses_is_kept_aside(make_leads, sandbox, post, person, reason):
    """Another tool may have crm_ids of its own: nothing is written, its cost explains the balance."""
    make_leads(1)
    body = person | {"custom": {"crm_id": "lead-0"}}
    event = post(single(launch_elsewhere(sandbox, "/email/find/single", body)))
    search, job = LeadSearch.objects.get(), SearchJob.objects.get()
    assert (search.effect, reason in search.error) == ("aside", True), search.error
    assert Lead.objects.values_list("email", "email_status").get() == ("", "")
    assert (event.state, job.kept_aside, job.launched_elsewhere) == ("processed", 1, True)
    assert job.credits_cost == sandbox.ledger.spent


@pytest.mark.parametrize("profile", ["current", "resolver"])
def test_a_result_from_elsewhere_is_recognised_though_enrow_resolved_whom_it_searched(
    make_leads, sandbox, post, profile
):
    """Accents, capitals, www. and scheme are no difference."""
    sandbox.configure(profile=profile)
    make_leads(2, firstname="Zoë", lastname="MÜLLER Somebody", company_domain="https://www.Acme.com/team")
    rows = [
        {"fullname": "Zoë Müller Somebody", "company_domain": "acme.com", "custom": f"lead-{number}"}
        for number in range(2)
    ]
    enrow_id = launch_elsewhere(sandbox, "/email/find/bulk", {"searches": rows})
    post(payload("webhooks/bulk_search_finished") | {"id": enrow_id})
    assert not Lead.objects.filter(email="").exists()


@pytest.mark.parametrize(
    ("path", "body", "event", "field"),
    [
        ("/email/find/single", {"fullname": "Ann0 Somebody", "company_domain": "firm0.com"}, "single_search", "email"),
        ("/email/verify/single", {"email": "invalid@firm0.com"}, "verification", "email"),
        ("/email/verify/single", {"email": "ann@firm0.com"}, "verification", "email"),
        (
            "/phone/single",
            {"linkedin_url": "https://www.linkedin.com/in/ann0-somebody"},
            "single_phone_search",
            "phone",
        ),
        ("/phone/single", {"linkedin_url": "https://www.linkedin.com/in/ann0-nobody"}, "single_phone_search", "phone"),
    ],
)
def test_the_cost_of_a_search_from_elsewhere_is_the_accounts_and_counts_against_no_limit(
    make_leads, sandbox, post, enrow, path, body, event, field
):
    """Also of an invalid address, which costs as much as a valid one. The day's limit is for our own searches."""
    make_leads(1, email=body.get("email", ""))
    enrow_id = launch_elsewhere(
        sandbox, path, body | {"custom": {"crm_id": "lead-0"} if field == "email" else "lead-0"}
    )
    reconciliation.read_balance()
    AccountReading.objects.update(credits=F("credits") + sandbox.ledger.spent)
    post(payload(f"webhooks/{event}_finished") | {"id": enrow_id})
    job = SearchJob.objects.get()
    assert (job.credits_cost, job.requested_by) == (sandbox.ledger.spent, "elsewhere")
    assert reconciliation.reconcile().unexplained == 0
    line = statement.today()
    assert (line.spent, line.elsewhere, line.committed, line.released) == (job.credits_cost, job.credits_cost, 0, 0)
    enrow(DAILY_CREDIT_LIMIT=1)
    assert budget.spent_on(timezone.localdate()) == 0
    assert budget.allowance(Balance(credits=Decimal(5), asked_at=job.sent_at)).balance == 5


def test_a_user_whose_name_is_elsewhere_spends_within_our_limits(make_leads, enrow):
    """The mark is a column, not a name."""
    enrow(DAILY_CREDIT_LIMIT=1)
    make_leads(2)
    enrich(Lead.objects.all(), find={"email"}, requested_by="elsewhere")
    assert SearchJob.objects.get().requested == 1


@pytest.mark.parametrize("state", ["sending", "unconfirmed"])
def test_a_job_without_an_answer_holds_back_no_event_of_other_leads(make_leads, sandbox, post, state):
    """The dashboard's events are not the job's: they are written, while the job keeps waiting."""
    make_leads(3)
    enrich(Lead.objects.filter(crm_id="lead-0"), find={"email"})
    SearchJob.objects.update(state=state)
    body = {"fullname": "Ann1 Somebody", "company_domain": "firm1.com", "custom": {"crm_id": "lead-1"}}
    enrow_id = launch_elsewhere(sandbox, "/email/find/single", body)
    assert post(single(enrow_id, custom={"crm_id": "lead-1"})).state == "processed"
    assert Lead.objects.get(crm_id="lead-1").email
    assert SearchJob.objects.filter(state=state).exists()


def test_a_batch_without_an_answer_holds_back_no_single_event(make_leads, sandbox, post):
    """A single search of one of its leads was launched by somebody else."""
    make_leads(2)
    enrich(Lead.objects.all(), find={"email"})
    SearchJob.objects.update(state="unconfirmed")
    body = {"fullname": "Ann1 Somebody", "company_domain": "firm1.com", "custom": {"crm_id": "lead-1"}}
    enrow_id = launch_elsewhere(sandbox, "/email/find/single", body)
    assert post(single(enrow_id, custom={"crm_id": "lead-1"})).state == "processed"


@pytest.mark.parametrize(
    ("addresses", "state"), [(["ANN0@firm.com", "ann1@firm.com"], "failed"), (["x@y.com"], "ignored")]
)
def test_a_batch_of_verifications_names_nobody_and_is_known_by_its_addresses(
    make_leads, sandbox, post, addresses, state
):
    """It carries no crm_id; one that judged addresses of ours may be the lost one, any other is not."""
    for number in range(2):
        make_leads(1, prefix=f"lead{number}", email=f"ann{number}@firm.com")
    enrich(Lead.objects.all(), verify=True)
    SearchJob.objects.update(state="unconfirmed")
    enrow_id = launch_elsewhere(sandbox, "/email/verify/bulk", {"verifications": addresses})
    assert post(payload("webhooks/bulk_verification_finished") | {"id": enrow_id}).state == state


def test_what_may_belong_to_a_lost_answer_waits_only_while_that_may_come(make_leads, sandbox, post, enrow):
    """After UNCONFIRMED_MINUTES it is written as what it is: the search of somebody else."""
    enrow(UNCONFIRMED_MINUTES=30)
    make_leads(3)
    enrich(Lead.objects.all(), find={"email"})
    SearchJob.objects.update(state="unconfirmed", sent_at=ago(minutes=29))
    rows = [
        {"fullname": f"Ann{number} Somebody", "company_domain": f"firm{number}.com", "custom": f"lead-{number}"}
        for number in range(2)
    ]
    enrow_id = launch_elsewhere(sandbox, "/email/find/bulk", {"searches": rows})
    event = post(payload("webhooks/bulk_search_finished") | {"id": enrow_id})
    assert event.state == "failed"
    SearchJob.objects.update(sent_at=ago(minutes=31))
    WebhookEvent.objects.update(next_attempt_at=event.received_at)
    processing.drain()
    event.refresh_from_db()
    assert event.state == "processed"


@pytest.mark.parametrize("given_up", [False, True], ids=["waiting", "given up"])
@pytest.mark.parametrize("count", [1, 2], ids=["single", "bulk"])
def test_a_search_for_other_people_under_the_same_names_is_not_taken_for_ours(
    make_leads, sandbox, post, count, given_up
):
    """A copy of this database, with one key and ids from 1, too: our answer was lost, and theirs is about others."""
    make_leads(count)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.update(state="unconfirmed", sent_at=ago(minutes=31))
    if given_up:
        applying.give_up(job.pk, "Nobody knows.")
    rows = [
        {"fullname": f"Zed{n} Other", "company_domain": f"other{n}.com", "custom": f"lead-{n}"} for n in range(count)
    ]
    if count == 1:
        body = rows[0] | {"custom": {"crm_id": "lead-0"}}
        event = post(single(launch_elsewhere(sandbox, "/email/find/single", body)))
    else:
        enrow_id = launch_elsewhere(sandbox, "/email/find/bulk", {"searches": rows})
        event = post(payload("webhooks/bulk_search_finished") | {"id": enrow_id})
    job.refresh_from_db()
    assert (event.state, job.state, job.enrow_id) == ("processed", "expired" if given_up else "unconfirmed", "")
    theirs = SearchJob.objects.get(launched_elsewhere=True)
    assert (theirs.kept_aside, theirs.credits_cost) == (count, sandbox.ledger.spent)
    assert set(Lead.objects.values_list("email", flat=True)) == {""}


def test_what_came_from_elsewhere_and_waits_is_not_written_to_another_person(make_leads, sandbox, post):
    """The table took nothing when it came; by the time that it does, somebody else has the crm_id."""
    make_leads(1)
    with leads_refuse():
        post(_of_lead_0(sandbox))
    assert Lead.objects.get().email == ""
    Lead.objects.all().delete()
    make_leads(1, firstname="Zed", lastname="Other", company_domain="other.com")
    waiting.write_waiting()
    assert (Lead.objects.get().email, LeadSearch.objects.get().effect) == ("", "changed")


def test_what_came_from_elsewhere_and_waits_is_written_to_whom_it_is_about(make_leads, sandbox, post):
    """A trimmed space makes no other person."""
    make_leads(1)
    with leads_refuse():
        post(_of_lead_0(sandbox))
    Lead.objects.update(lastname=" Somebody")
    waiting.write_waiting()
    assert Lead.objects.get().email == "ann0.somebody@firm0.com"


@pytest.mark.parametrize("days", [0, 200])
def test_what_came_from_elsewhere_and_was_cleared_stays_blank(make_leads, sandbox, post, days):
    """We wrote it, whoever had asked for it. It is no purchase of ours: another lead of the person is searched."""
    make_leads(1)
    post(_of_lead_0(sandbox))
    Lead.objects.update(email="")
    SearchJob.objects.update(sent_at=ago(days=days), finished_at=ago(days=days))
    Lead.objects.update(created_at=ago(days=days + 1))
    tally = enrich(Lead.objects.all(), find={"email"}).tally
    assert tally.skipped == {(Kind.FIND_EMAIL, Reason.CLEARED): 1}
    make_leads(1, prefix="same", firstname="Ann0", company_domain="firm0.com")
    assert enrich(Lead.objects.filter(crm_id="same-0"), find={"email"}).tally.to_search.total() == 1


def test_a_word_for_nothing_gives_way_to_what_comes_from_elsewhere(make_leads, sandbox, post):
    """As it does to our own results."""
    make_leads(1, email="n/a")
    post(_of_lead_0(sandbox))
    assert Lead.objects.get().email == "ann0.somebody@firm0.com"


def _of_lead_0(sandbox):
    body = {"fullname": "Ann0 Somebody", "company_domain": "firm0.com", "custom": {"crm_id": "lead-0"}}
    return single(launch_elsewhere(sandbox, "/email/find/single", body))


def test_a_verification_of_ours_is_known_by_its_address_however_it_is_written(make_leads, sandbox, post, enrow):
    """Its answer was lost, its event comes by the dashboard's URL and names no lead: it waits for the signed one."""
    enrow(WEBHOOK_ORIGIN="https://crm.example.com")
    make_leads(1, email="Ann@Firm.com")
    enrich(Lead.objects.all(), verify=True)
    SearchJob.objects.update(state="unconfirmed", sent_at=ago(minutes=3))
    enrow_id = launch_elsewhere(sandbox, "/email/verify/single", {"email": "Ann@Firm.com"})
    event = post(payload("webhooks/verification_finished") | {"id": enrow_id})
    assert (event.state, "no answer yet" in event.last_error) == ("failed", True)
