"""Lists, pages, doctor and sweep read a big table by its indexes, and no more of it than they show."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection

from benchmarks import pages, plans, rows
from enrow_webhooks.admin import BigTableAdmin
from enrow_webhooks.bounded_counts import AtLeast, BoundedPaginator, count
from enrow_webhooks.models import WebhookEvent
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying
from tests.leads.admin_pages import MODELS, fill, list_page, run_action, said, text
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


def test_a_count_stops(django_assert_num_queries):
    """Up to the bound a count is exact; beyond it, it says so, and the database stopped there."""
    fill(5)
    with django_assert_num_queries(3) as queries:
        assert [str(count(Lead.objects.all(), most=most)) for most in (6, 5, 4)] == ["5", "5", "≥4"]
    assert all("LIMIT" in query["sql"] for query in queries)


def test_a_count_that_stopped_is_written_so():
    """A person sees that there are more; arithmetic goes on with the number."""
    stopped = AtLeast(10_000)
    assert (str(stopped), f"{stopped:,}", stopped - 1) == ("≥10000", "≥10,000", 9999)


@pytest.mark.parametrize("model", MODELS)
def test_a_list_ends_where_its_count_ends(admin_client, monkeypatch, model):
    """No page lies deeper than the bound, and the list says that there are more rows."""
    monkeypatch.setattr(BoundedPaginator, "most", 60)
    fill(70)
    page = admin_client.get(list_page(model))
    assert "≥60" in text(page)
    assert page.context["cl"].paginator.num_pages == 2
    assert admin_client.get(list_page(model, p=2)).status_code == 200
    assert admin_client.get(list_page(model, p=3)).status_code == 302, "a page beyond the bound"


def test_a_list_says_thousands_as_the_site_does(admin_client, monkeypatch, settings):
    """With separators for thousands the bound is still readable."""
    settings.USE_THOUSAND_SEPARATOR = True
    monkeypatch.setattr(BoundedPaginator, "most", 1000)
    Lead.objects.bulk_create(Lead(crm_id=str(number)) for number in range(1001))
    assert "≥1,000 leads" in text(admin_client.get(list_page(Lead)))


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
    """The same for notices."""
    monkeypatch.setattr(BoundedPaginator, "most", 60)
    fill(75)
    page = run_action(admin_client, "replay", WebhookEvent.objects.all()[:1], select_across="1", confirm="1")
    assert "75 will be processed again." in said(page)


def test_searches_are_filtered_further_once_the_list_is_short(admin_client):
    """The whole table offers the rare outcomes; one job's or lead's list everything, a job's as it was sent."""
    fill(3)
    job, crm_id = SearchJob.objects.first(), Lead.objects.first().crm_id

    def filters(**lookups) -> list[str]:
        return [spec.title for spec in admin_client.get(list_page(LeadSearch, **lookups)).context["cl"].filter_specs]

    assert filters() == ["outcome"]
    assert filters(job=job.pk) == filters(crm_id=crm_id) == ["kind", "outcome", "effect"]
    shown = admin_client.get(list_page(LeadSearch, job=job.pk)).context["cl"].result_list
    assert [search.position for search in shown] == [0, 1, 2]


@pytest.mark.parametrize(("outcome", "found"), [("error", 9), ("pending", 0), ("cancelled", 0)])
def test_rare_outcomes_are_found_in_the_whole_table(admin_client, outcome, found):
    """What a person looks for can be listed without naming a job."""
    fill(3)
    assert admin_client.get(list_page(LeadSearch, outcome=outcome)).context["cl"].result_count == found


@pytest.mark.postgres
def test_the_indexes_of_searches_are_as_many_as_needed():
    """Every row of the biggest table is written with each of them: one more is a decision, not a habit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'leads_leadsearch'")
        assert cursor.fetchone() == (7,)
