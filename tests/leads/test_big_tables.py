"""Lists, pages, doctor and sweep read a big table by its indexes, and no more of it than they show."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection

from benchmarks import pages, plans, rows
from enrow_webhooks.admin import BigTableAdmin
from enrow_webhooks.bounded_counts import BoundedPaginator
from enrow_webhooks.models import WebhookEvent
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying
from tests.leads.admin_pages import MODELS, fill, run_action, said
from tests.leads.answers import VIA, done, found

pytestmark = pytest.mark.django_db

# Statements that the look at plans must find, or it proves nothing.
FOUND = {
    "a column without an index": lambda: list(Lead.objects.filter(company_name="Nobody")),
    "a count of everything": WebhookEvent.objects.count,
    "a deep page": lambda: list(Lead.objects.order_by("id")[25_000:25_050]),
    "an order without an index": lambda: list(LeadSearch.objects.order_by("value")[:50]),
    "a search for a part": lambda: list(Lead.objects.filter(email__contains="nobody")[:50]),
    "a sum over everything": SearchJob.objects.credits,
}


@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_nothing_reads_a_big_table_from_end_to_end(admin_client):
    """Every list with every filter, search and order it offers, every page, doctor, health and sweep use indexes."""
    rows.fill(rows.Size(leads=30_000, searches=60_000, events=30_000))
    sizes = plans.sizes_of_big()
    with connection.cursor() as cursor:
        # So few rows PostgreSQL may rather read whole. What matters is that there is another way: what has none still
        # scans, or walks an index from end to end.
        cursor.execute("SET LOCAL enable_seqscan = off")

    def problems(look) -> list[str]:
        planned = [plans.explain(statement) for statement in plans.recorded(look)]
        return [problem for plan in planned if plan for problem in plans.problems(plan, sizes)]

    assert [name for name, look in FOUND.items() if not problems(look)] == []
    looked = {page.name: problems(page.open) for page in pages.pages(admin_client)}
    assert len(looked) > 100, "the admin's lists were not found"
    assert {name: found for name, found in looked.items() if found} == {}


@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_a_batch_looks_its_rows_up(running):
    """A thousand results are written by looking up, where PostgreSQL would rather read an index of 30,000 leads."""
    job = running(1000)
    rows.fill(rows.Size(leads=30_000, searches=60_000, events=30_000))
    sizes = plans.sizes_of_big()
    answer = done(*(found(f"lead-{number}") for number in range(1000)))
    written = plans.recorded(lambda: applying.apply(job.pk, answer, via=VIA))
    planned = [plans.explain(statement) for statement in written if "jsonb_array_elements" in statement.text]
    assert len(planned) == 2
    assert [problem for plan in planned for problem in plans.problems(plan, sizes, most=1000)] == []


@pytest.mark.parametrize("model", MODELS)
def test_every_list_of_a_big_table_is_bounded(model):
    """Each list stands on BigTableAdmin: pages and counts end, and nothing counts per filter."""
    page = admin.site.get_model_admin(model)
    assert isinstance(page, BigTableAdmin)
    assert page.paginator is BoundedPaginator
    assert page.show_facets is admin.ShowFacets.NEVER
    assert not page.date_hierarchy


def test_all_across_pages_is_all_and_the_page_says_how_many(admin_client, monkeypatch, sandbox):
    """The confirmation counts once, for real: what is bought is not what a list could show."""
    monkeypatch.setattr(BoundedPaginator, "most", 60)
    Lead.objects.bulk_create(
        Lead(crm_id=str(number), firstname=f"Ann{number}", lastname="B", company_domain="firm.com")
        for number in range(75)
    )
    page = run_action(admin_client, "find_email", Lead.objects.all()[:1], select_across="1")
    assert page.context["selected"] == 75
    run_action(admin_client, "find_email", Lead.objects.all()[:1], select_across="1", confirm="1", max_credits="100")
    assert LeadSearch.objects.count() == 75


def test_replaying_all_across_pages_replays_all(admin_client, monkeypatch):
    """The same for events."""
    monkeypatch.setattr(BoundedPaginator, "most", 60)
    fill(75)
    page = run_action(admin_client, "replay", WebhookEvent.objects.all()[:1], select_across="1", confirm="1")
    assert "75 will be processed again." in said(page)


@pytest.mark.postgres
def test_the_indexes_of_searches_are_as_many_as_needed():
    """Every row of the biggest table is written with each of them: one more is a decision, not a habit.

    The one on ``sent_as`` holds the few searches whose leads were merged.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'leads_leadsearch'")
        assert cursor.fetchone() == (8,)
