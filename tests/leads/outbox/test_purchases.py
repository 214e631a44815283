"""One person is bought once, however many ask."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connections, transaction

from enrow_webhooks.client.values import Kind
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.skips import Reason
from tests.conftest import finish

pytestmark = pytest.mark.django_db


def test_the_same_person_under_two_crm_ids_is_bought_once(make_leads, sandbox):
    """Other case, spaces and URL form are the same person: one purchase, both leads get the result."""
    make_leads(1, prefix="a", firstname="Zoë", lastname="Somebody", company_domain="acme.com")
    make_leads(1, prefix="b", firstname=" ZOË", lastname="somebody ", company_domain="https://www.ACME.com/team")
    run = enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    assert (run.tally.to_search[Kind.FIND_EMAIL], run.tally.shared[Kind.FIND_EMAIL]) == (1, 1)
    assert set(Lead.objects.values_list("email", flat=True)) == {"zoe.somebody@acme.com"}
    assert sandbox.ledger.spent == 1


def test_a_person_that_another_run_is_buying_is_shared(make_leads, sandbox):
    """A second run joins the first one's purchase instead of buying it again, and waits for it."""
    make_leads(1, prefix="a", firstname="Zoë", company_domain="acme.com")
    first = enrich(Lead.objects.all(), find={"email"})
    make_leads(1, prefix="b", firstname="Zoë", company_domain="acme.com")
    second = enrich(Lead.objects.filter(crm_id="b-0"), find={"email"})
    assert second.tally.shared[Kind.FIND_EMAIL] == 1
    assert not second.progress().is_over
    finish(sandbox)
    assert second.progress().is_over
    assert first.jobs().get() == second.jobs().get()
    assert Lead.objects.get(crm_id="b-0").email == "zoe.somebody@acme.com"
    assert sandbox.ledger.spent == 1


@pytest.mark.parametrize(("lastname", "status"), [("Somebody", "valid"), ("Nobody", "not_found")])
def test_a_person_bought_lately_is_not_bought_again(make_leads, sandbox, lastname, status):
    """What was found, or not found, some days ago is written to a new lead at once and for nothing."""
    make_leads(1, prefix="a", firstname="Zoë", lastname=lastname, company_domain="acme.com")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    spent = sandbox.ledger.spent
    make_leads(1, prefix="b", firstname="Zoë", lastname=lastname, company_domain="acme.com")
    run = enrich(Lead.objects.filter(crm_id="b-0"), find={"email"})
    finish(sandbox)
    assert (run.reused, run.tally.worst_case, sandbox.ledger.spent) == (1, 0, spent)
    assert run.progress().is_over
    assert Lead.objects.get(crm_id="b-0").email_status == status


def test_what_was_bought_long_ago_is_bought_again(make_leads, sandbox, enrow):
    """REUSE_FOUND_DAYS and REUSE_NOT_FOUND_DAYS bound the reuse."""
    make_leads(1, prefix="a", firstname="Zoë", company_domain="acme.com")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    make_leads(1, prefix="b", firstname="Zoë", company_domain="acme.com")
    enrow(REUSE_FOUND_DAYS=0)
    assert enrich(Lead.objects.filter(crm_id="b-0"), find={"email"}).tally.to_search[Kind.FIND_EMAIL] == 1


def test_a_search_in_flight_is_not_started_again(make_leads):
    """A second call skips leads that are under way and says so."""
    make_leads(2)
    enrich(Lead.objects.all(), find={"email"})
    again = enrich(Lead.objects.all(), find={"email"})
    assert again.tally.skipped == {(Kind.FIND_EMAIL, Reason.IN_FLIGHT): 2}
    assert SearchJob.objects.count() == 1


def test_the_database_itself_refuses_a_second_pending_search(make_leads):
    """One pending search per lead and kind is a unique index, not a check."""
    make_leads(1)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    with pytest.raises(IntegrityError), transaction.atomic():
        LeadSearch.objects.create(job=job, crm_id="lead-0", kind="find_email")


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_planners_that_race_buy_each_person_once(make_leads):
    """Eight threads plan the same persons, in other orders and under other crm_ids, at the same moment."""
    make_leads(60, prefix="a")
    Lead.objects.bulk_create(
        Lead(crm_id=f"b-{number}", firstname=f"Ann{number}", lastname="Somebody", company_domain=f"firm{number}.com")
        for number in reversed(range(60))
    )
    barrier, failures = threading.Barrier(8), []

    def race():
        barrier.wait()
        try:
            enrich(Lead.objects.all(), find={"email"})
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert LeadSearch.objects.filter(position__isnull=False).count() == 60
    assert LeadSearch.objects.count() == 120
    assert sum(SearchJob.objects.values_list("requested", flat=True)) == 60
