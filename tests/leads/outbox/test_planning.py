"""Planning: who is searched, who shares a purchase, who is skipped; at constant cost, and never twice."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.client.values import Kind
from leads import home
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.outbox.batches import Order
from leads.outbox.planning import plan
from leads.outbox.tally import Tally
from leads.skips import Reason
from tests.conftest import finish

pytestmark = pytest.mark.django_db


def queries_of(call):
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)


def test_a_chunk_costs_the_same_number_of_queries_at_any_size(make_leads):
    """Planning and queueing 2,000 leads takes exactly the queries that 20 take."""
    home.settle()
    make_leads(20, prefix="few")
    few = queries_of(lambda: enrich(Lead.objects.filter(crm_id__startswith="few"), find={"email", "phone"}))
    make_leads(2000, prefix="many", company_domain="many.com")
    Lead.objects.filter(crm_id__startswith="many").update(linkedin_url="", company_name="Many")
    many = queries_of(lambda: enrich(Lead.objects.filter(crm_id__startswith="many"), find={"email", "phone"}))
    assert many == few
    assert LeadSearch.objects.count() == 4040


def test_pages_stream_by_primary_key(make_leads, enrow):
    """A queryset larger than a page becomes several full jobs, each lead in exactly one of them."""
    make_leads(25)
    enrow(BATCH_SIZE=10)
    enrich(Lead.objects.order_by("-crm_id"), find={"email"})
    assert sorted(SearchJob.objects.values_list("requested", flat=True)) == [5, 10, 10]
    assert LeadSearch.objects.values("crm_id").distinct().count() == 25
    positions = LeadSearch.objects.filter(job__requested=10).values_list("position", flat=True)
    assert sorted(positions) == sorted([*range(10), *range(10)])


def test_a_job_goes_out_before_the_last_page_is_read(make_leads, enrow):
    """Batches are yielded as soon as they are full."""
    make_leads(30)
    enrow(BATCH_SIZE=10)
    batches = plan(Lead.objects.all(), Order(kinds=(Kind.FIND_EMAIL,)), Tally())
    with CaptureQueriesContext(connection) as captured:
        assert len(next(batches)) == 10
    assert sum('FROM "leads_lead"' in query["sql"] for query in captured) == 1


def test_an_address_that_is_searched_anew_is_not_verified_beside_it(make_leads, sandbox):
    """The verdict on the old address would make the paid result stale; who cannot be searched is verified."""
    make_leads(1, email="old@firm0.com")
    make_leads(1, prefix="bad", email="kept@x.com", company_domain="no domain")
    run = enrich(Lead.objects.all(), find={"email"}, verify=True, overwrite=True)
    finish(sandbox)
    assert run.tally.to_search == {Kind.FIND_EMAIL: 1, Kind.VERIFY_EMAIL: 1}
    sentences = [skip.sentence for skip in run.tally.examples if skip.crm_id == "lead-0"]
    assert sentences == ["Its e-mail is searched anew in this run, and comes verified."]
    assert Lead.objects.get(crm_id="lead-0").email == "ann0.somebody@firm0.com"
    assert Lead.objects.get(crm_id="bad-0").email == "kept@x.com"


def test_a_slice_is_read_once(make_leads, enrow):
    """Leads that are enriched meanwhile do not let others into ``[:4]``."""
    make_leads(10)
    enrow(BATCH_SIZE=2)
    order = Order(kinds=(Kind.FIND_EMAIL,))
    batches = plan(Lead.objects.filter(email="")[:4], order, Tally())
    seen = [row.crm_id for batch in batches for row in _enriched(batch)]
    assert seen == ["lead-0", "lead-1", "lead-2", "lead-3"]


def test_a_post_leaves_while_the_next_page_is_still_to_be_read(make_leads, enrow, sandbox):
    """A worker that looks between two pages finds the first batch committed, due, and sends it."""
    make_leads(30)
    enrow(BATCH_SIZE=10)
    posted = []

    def work_between_pages(execute, text, params, many, context):
        if '"leads_lead"."id" > ' in text and not posted:
            posted.append(submission.submit_next())
        return execute(text, params, many, context)

    with connection.execute_wrapper(work_between_pages):
        enrich(Lead.objects.all(), find={"email"})
    assert posted == [True]
    assert len(sandbox.jobs) == 1
    assert SearchJob.objects.queued().count() == 2


def _enriched(batch):
    rows = list(batch.purchases.values())
    Lead.objects.filter(crm_id__in=[row.crm_id for row in rows]).update(email="a@b.com")
    return rows


def test_wide_rows_are_never_loaded_whole(make_leads):
    """Planning reads the columns that it judges, not the lead."""
    make_leads(1)
    with CaptureQueriesContext(connection) as captured:
        list(plan(Lead.objects.all(), Order(kinds=(Kind.FIND_EMAIL,)), Tally()))
    assert "created_at" not in captured[0]["sql"]


def test_max_credits_bounds_the_worst_case(make_leads):
    """The run stops before the lead that would pass the cap; phones cost 40, e-mails 1."""
    make_leads(5)
    run = enrich(Lead.objects.all(), find={"phone"}, max_credits=100)
    assert run.tally.to_search[Kind.FIND_PHONE] == 2
    assert run.tally.worst_case == 80
    assert run.tally.skipped[Kind.FIND_PHONE, Reason.OVER_CAP] == 3
    assert "max_credits=100" in run.tally.examples[0].sentence
    assert SearchJob.objects.get().credits_reserved == 80


def test_company_names_are_looked_up_in_the_country_of_the_lead(make_leads, sandbox):
    """country_code stands on the whole POST, so each country gets a job; a domain needs none."""
    make_leads(2, prefix="fr", company_domain="", company_name="Boulangerie", country_code="fr")
    make_leads(2, prefix="us", company_domain="", company_name="Bakery")
    enrich(Lead.objects.all(), find={"email"})
    assert sorted(SearchJob.objects.values_list("country_code", flat=True)) == ["", "FR"]
    finish(sandbox)
    assert set(Lead.objects.values_list("email_status", flat=True)) == {"valid"}


@pytest.mark.postgres
def test_planning_asks_for_each_lead_by_index(make_leads, sandbox):
    """PostgreSQL never answers for a page, or a POST, by reading all searches or all leads; statistics or none."""
    make_leads(6000, prefix="old")
    enrich(Lead.objects.all(), find={"email"})
    for statistics in ("", "ANALYZE"):
        connection.cursor().execute(statistics or "SELECT 1")
        prefix = f"new{statistics}"
        make_leads(3000, prefix=prefix, company_domain=f"{prefix}.com")
        with CaptureQueriesContext(connection) as planning:
            enrich(Lead.objects.all(), find={"email"})
        with CaptureQueriesContext(connection) as sending:
            assert submission.submit_next()
        assert _plans(planning, "hashed SubPlan") == []
        assert _plans(planning, "Seq Scan on leads_leadsearch") == []
        # Of these few searches PostgreSQL may read all for a job that holds a third of them.
        assert _plans(sending, "Seq Scan on leads_lead ") == []


def _plans(statements, words):
    """Return the plans of captured statements, as PostgreSQL makes them now, that hold these words."""
    plans = []
    with connection.cursor() as cursor:
        for query in statements:
            if query["sql"].lstrip().startswith(("SELECT", "WITH", "INSERT")):
                cursor.execute(f"EXPLAIN {query['sql']}")
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
    return [plan for plan in plans if words in plan]


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_a_planner_that_is_slow_to_commit_holds_nobody_up(make_leads, sandbox):
    """While one planner's searches are not committed yet, another plans other leads and a worker sends them."""
    make_leads(3, prefix="slow")
    make_leads(3, prefix="fast", company_domain="fast.com")
    inserted, go_on, failures = threading.Event(), threading.Event(), []

    def stay_open(execute, text, params, many, context):
        answer = execute(text, params, many, context)
        if "RETURNING position" in text:
            inserted.set()
            go_on.wait(60)
        return answer

    def plan_slowly():
        try:
            with connection.execute_wrapper(stay_open):
                enrich(Lead.objects.filter(crm_id__startswith="slow"), find={"email"})
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    slow = threading.Thread(target=plan_slowly)
    slow.start()
    try:
        assert inserted.wait(60)
        with connection.cursor() as cursor:
            # A statement that waits for a lock fails instead.
            cursor.execute("SET lock_timeout = '2s'")
        run = enrich(Lead.objects.filter(crm_id__startswith="fast"), find={"email"})
        assert submission.submit_next()
        assert not submission.submit_next(), "the job of the slow planner is nobody's yet"
    finally:
        go_on.set()
        slow.join()
    assert (failures, run.jobs().get().state, len(sandbox.jobs)) == ([], "running", 1)
    assert submission.submit_next()


def test_a_search_of_another_kind_does_not_stand_in_the_way(make_leads):
    """The e-mail is under way: the phone may be searched all the same."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"email"})
    tally = enrich(Lead.objects.all(), find={"email", "phone"}).tally
    assert (tally.to_search, tally.skipped) == ({Kind.FIND_PHONE: 1}, {(Kind.FIND_EMAIL, Reason.IN_FLIGHT): 1})


@pytest.mark.parametrize(("overwrite", "bought"), [(False, Kind.VERIFY_EMAIL), (True, Kind.FIND_EMAIL)])
def test_an_address_is_verified_unless_the_run_replaces_it(make_leads, overwrite, bought):
    """To find and verify in one run: an address that stays is verified, one that is searched anew is not."""
    make_leads(1, email="ann@firm.com")
    tally = enrich(Lead.objects.all(), find={"email"}, verify=True, overwrite=overwrite).tally
    assert +tally.to_search == {bought: 1}


def test_only_who_was_bought_before_counts_as_bought_again(make_leads, sandbox):
    """What force costs beyond the rest is told by itself."""
    make_leads(1, prefix="old")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    make_leads(2, prefix="new", company_domain="new.com")
    tally = enrich(Lead.objects.all(), find={"email"}, force=True, overwrite=True).tally
    assert (tally.to_search[Kind.FIND_EMAIL], tally.again[Kind.FIND_EMAIL]) == (3, 1)
