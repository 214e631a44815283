"""What a person may decide about a job, and only then."""

from __future__ import annotations

from decimal import Decimal

import pytest

from leads import decisions
from leads.enrichment import Run, enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from tests.conftest import finish, work

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ["queued", "held", "running", "unconfirmed", "finished"])
@pytest.mark.parametrize(
    ("decision", "allowed", "after"),
    [
        (decisions.cancel, {"queued", "held"}, "cancelled"),
        (decisions.give_up, {"unconfirmed"}, "expired"),
        (decisions.resend, {"unconfirmed"}, "expired"),
        (decisions.resume, {"held"}, "queued"),
    ],
)
def test_a_decision_is_taken_only_where_it_makes_sense(job_in, decision, allowed, after, state):
    """Anything else answers False and changes nothing."""
    job = job_in(state)
    assert decision(job.pk, by="ann") is (state in allowed)
    job.refresh_from_db()
    assert job.state == (after if state in allowed else state)
    assert ("ann" in job.last_error) is (state in allowed)


def test_cancelling_frees_the_leads_and_the_credits(job_in, sandbox):
    """Nothing was bought, nothing is reserved, and the leads can be searched again."""
    job = job_in("queued")
    decisions.cancel(job.pk, by="ann")
    assert SearchJob.objects.credits() == 0
    assert set(Lead.objects.values_list("email_status", flat=True)) == {""}
    assert set(LeadSearch.objects.values_list("outcome", flat=True)) == {"cancelled"}
    assert enrich(Lead.objects.all(), find={"email"}).progress().searched == 2


def test_sending_again_is_the_persons_risk(job_in, sandbox):
    """The first POST had been accepted: the person is billed twice, which is why nobody else decides it."""
    job = job_in("unconfirmed")
    decisions.resend(job.pk, by="ann")
    finish(sandbox)
    assert Lead.objects.filter(email_status="valid").count() == 2
    assert set(sandbox.ledger.purchases.values()) == {2}


def test_a_resumed_job_goes_on(job_in, sandbox):
    """By hand, without waiting for the sweep."""
    job = job_in("held")
    decisions.resume(job.pk, by="ann")
    work(sandbox)
    job.refresh_from_db()
    assert job.state == "running"


def test_a_job_of_a_paused_run_is_not_resumed(job_in):
    """Its run holds it; the answer says so instead of "resumed"."""
    job = job_in("queued")
    run = Run.get(job.run)
    assert run.pause(by="ann")
    assert not decisions.resume(job.pk, by="bob")
    job.refresh_from_db()
    assert (job.state, job.last_error) == ("held", "Paused by ann.")
    assert "paused" in decisions.RESUME.rule


def test_retrying_searches_only_what_failed(make_leads, sandbox):
    """Those who were found, or not found, are not bought again."""
    make_leads(2)
    make_leads(1, prefix="bad", company_domain="refused.example")
    run = enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    finish(sandbox)
    Lead.objects.filter(crm_id="bad-0").update(company_domain="fixed.com")
    (again,) = decisions.retry(run.jobs(), by="ann")
    finish(sandbox)
    assert list(LeadSearch.objects.filter(job__run=again.id).values_list("crm_id", "outcome")) == [("bad-0", "found")]
    assert set(sandbox.ledger.purchases.values()) == {1}
    assert decisions.retry(run.jobs().filter(kind="find_phone"), by="ann") == []


@pytest.mark.parametrize("typed", ["", "old@x.com", "new@x.com"])
def test_retrying_replaces_no_value_that_a_person_typed_since(make_leads, sandbox, typed):
    """The search was to overwrite what stood there then; nobody asked to replace another value."""
    make_leads(2, email="old@x.com")
    job = queue_one(overwrite=True)
    decisions.give_up(job.pk, by="ann")
    Lead.objects.filter(crm_id="lead-0").update(email=typed)
    (bill,) = {decisions.bill_of(decisions.foresee(SearchJob.objects.all())).worst_case}
    decisions.retry(SearchJob.objects.all(), by="ann")
    finish(sandbox)
    keeps = typed == "new@x.com"
    assert Lead.objects.get(crm_id="lead-0").email == ("new@x.com" if keeps else "ann0.somebody@firm0.com")
    assert Lead.objects.get(crm_id="lead-1").email == "ann1.somebody@firm1.com"
    assert bill == (1 if keeps else 2)


def queue_one(**asked) -> SearchJob:
    """Have a job whose answer was lost."""
    enrich(Lead.objects.all(), find={"email"}, **asked)
    SearchJob.objects.update(state="unconfirmed")
    return SearchJob.objects.get()


def test_retrying_never_costs_more_than_it_was_allowed(make_leads, sandbox):
    """One cap over the runs of all kinds; foreseeing writes nothing and says the same."""
    make_leads(3, company_domain="failed.example", linkedin_url="")
    run = enrich(Lead.objects.all(), find={"email", "phone"})
    finish(sandbox)
    assert SearchJob.objects.filter(state="failed").count() == 2
    Lead.objects.update(company_domain="fixed.com")
    before = SearchJob.objects.count()
    foreseen = decisions.foresee(run.jobs())
    assert [plan.tally.worst_case for plan in foreseen] == [3, 120]
    assert SearchJob.objects.count() == before
    emails, phones = decisions.retry(run.jobs(), by="ann", max_credits=Decimal(82))
    assert (emails.tally.worst_case, phones.tally.worst_case) == (3, 40)


@pytest.mark.parametrize(("balance", "limit", "most"), [(1000, None, 123), (41, None, 41), (1000, 42, 42), (3, 2, 2)])
def test_the_bill_of_a_retry_is_within_what_can_be_spent(make_leads, sandbox, enrow, balance, limit, most):
    """Each kind is planned as if the others cost nothing; together they reserve no more than balance and day allow."""
    make_leads(3, company_domain="failed.example", linkedin_url="")
    jobs = enrich(Lead.objects.all(), find={"email", "phone"}).jobs()
    finish(sandbox)
    Lead.objects.update(company_domain="fixed.com")
    sandbox.ledger.set_balance(Decimal(balance))
    enrow(DAILY_CREDIT_LIMIT=limit)
    bill = decisions.bill_of(decisions.foresee(jobs))
    assert (bill.worst_case, bill.balance) == (most, balance)
    assert decisions.bill_of([]).worst_case == 0


def test_sending_again_reserves_no_more_than_it_would_cost_today(job_in, enrow):
    """The bill counts the unconfirmed jobs at today's prices; who shares a purchase shares it again."""
    job = job_in("unconfirmed")
    job_in("held")
    enrow(PRICES={"find_email": 3})
    jobs = SearchJob.objects.all()
    assert decisions.bill_again(jobs).worst_case == 6
    assert (decisions.beyond(jobs, None), decisions.beyond(jobs, Decimal(6))) == ([], [])
    assert decisions.beyond(jobs, Decimal("5.75")) == [job.pk]
    # Somebody who shared the purchase is another person by now.
    Lead.objects.filter(crm_id="unconfirmed-1").update(firstname="Zoe")
    assert decisions.resend(job.pk, by="ann")
    assert jobs.queued().credits() == 6


def test_what_was_to_be_overwritten_is_retried_so(make_leads, sandbox):
    """A lead that has a value was searched because its person wanted a new one: that wish holds the second time."""
    make_leads(2, email="old@x.com", company_domain="failed.example")
    run = enrich(Lead.objects.all(), find={"email"}, overwrite=True)
    finish(sandbox)
    Lead.objects.update(company_domain="fixed.com")
    (again,) = decisions.retry(run.jobs(), by="ann")
    finish(sandbox)
    assert again.progress().found == 2
    assert not Lead.objects.filter(email="old@x.com").exists()


def test_a_result_that_fitted_nobody_is_no_failed_search(job_in):
    """It is kept aside as a row with an error, but nobody is to be searched again for it."""
    job = job_in("finished")
    LeadSearch.objects.create(job=job, crm_id="lead-0", kind=job.kind, outcome="error", effect="orphan")
    assert not decisions.failed(SearchJob.objects.all()).exists()


def test_sending_again_reserves_no_more_than_its_bill_said(make_leads, sandbox):
    """Two leads shared one search, and are two persons by now: one of them is searched, as the page said."""
    make_leads(1, prefix="unconfirmed", company_domain="unconfirmed.com")
    make_leads(1, prefix="twin", company_domain="unconfirmed.com")
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    sandbox.configure(chaos="lost-answer")
    assert submission.submit(job.pk)
    sandbox.configure(chaos="")
    Lead.objects.filter(crm_id__startswith="twin").update(lastname="Other")
    bill = decisions.bill_again(SearchJob.objects.filter(pk=job.pk)).worst_case
    assert decisions.resend(job.pk, by="ann")
    again = SearchJob.objects.exclude(pk=job.pk)
    assert bill == sum(again.values_list("credits_reserved", flat=True)) == 1
