"""What each lead cost, on the page of its job, of its run and of itself."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.admin.searches import cost
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from tests.leads.admin_pages import row_page, text

pytestmark = pytest.mark.django_db


def searches(*outcomes, kind="find_email", reserved=0, spent=None, found=None, run=None) -> list[LeadSearch]:
    """Searches of one job with these outcomes."""
    job = SearchJob.objects.create(
        run=run or uuid.uuid4(),
        kind=kind,
        state="finished",
        requested=len(outcomes),
        found=outcomes.count("found") if found is None else found,
        credits_reserved=reserved,
        credits_cost=spent,
    )
    return LeadSearch.objects.bulk_create(
        LeadSearch(job=job, crm_id=f"{job.pk}-{at}", kind=kind, position=at, outcome=outcome, value="x")
        for at, outcome in enumerate(outcomes)
    )


@pytest.mark.parametrize(
    ("given", "costs"),
    [
        ({"outcomes": ["found"], "reserved": 1, "spent": 1}, ["1.00"]),
        ({"outcomes": ["found", "not_found"], "reserved": 2, "spent": 1}, ["1.00", "0.00"]),
        ({"outcomes": ["found", "not_found"], "kind": "verify_email", "reserved": "0.5", "spent": "0.5"}, ["0.25"] * 2),
        ({"outcomes": ["pending", "pending"], "reserved": 80, "kind": "find_phone"}, ["at most 40.00"] * 2),
        # Enrow took another amount than the price of what was found: of one lead nobody knows.
        ({"outcomes": ["found", "unusable"], "reserved": 2, "spent": 2}, ["2.00 for 2 searches"] * 2),
    ],
)
def test_each_search_has_its_share(given, costs):
    """As far as it is known; else the cost of the whole job is said."""
    outcomes = given.pop("outcomes")
    rows = searches(*outcomes, **given)
    for row in rows:
        row.job.refresh_from_db()
    assert [cost(row) for row in rows] == costs


def test_the_pages_of_a_job_and_a_run_show_it(admin_client):
    """With a link to what is behind it."""
    run = EnrichmentRun.objects.create(model="leads.lead", kinds="find_phone", state="finished")
    rows = searches("found", "not_found", kind="find_phone", reserved=80, spent=40, run=run.pk)
    for page in (row_page(rows[0].job), row_page(run)):
        shown = text(admin_client.get(page))
        assert "<td>40.00</td>" in shown
        assert "<td>0.00</td>" in shown


def test_the_page_of_a_run_costs_the_same_however_many_jobs_it_has(admin_client):
    """Its first leads, from as few jobs as have so many."""
    run = EnrichmentRun.objects.create(model="leads.lead", kinds="find_email", state="finished")
    searches("found", reserved=1, spent=1, run=run.pk)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            admin_client.get(row_page(run))
        return len(asked)

    queries()  # what is remembered from here on
    few = queries()
    for _ in range(30):
        searches("found", "not_found", reserved=2, spent=1, run=run.pk)
    assert queries() == few
    assert text(admin_client.get(row_page(run))).count("<td>found</td>") <= 20
