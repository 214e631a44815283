"""Lists, pages, doctor and sweep read a big table by its indexes, and no more of it than they show."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial

import pytest
from django.contrib import admin
from django.db import connection
from django.utils import timezone

from benchmarks import pages, plans, rows
from enrow_webhooks.admin import BigTableAdmin
from enrow_webhooks.bounded_counts import BoundedPaginator
from enrow_webhooks.client.values import Kind
from enrow_webhooks.models import WebhookEvent
from leads import forgetting, persons, reading, statuses
from leads.kinds import KINDS
from leads.mapping import registry
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import planning
from leads.results import applying
from leads.upkeep import leftovers
from tests.crm.lead_mapping import CandidateMapping
from tests.crm.models import Candidate, Contact, Person
from tests.leads import big_mapped
from tests.leads.admin_pages import MODELS, fill, run_action, said
from tests.leads.answers import VIA, done, found

pytestmark = pytest.mark.django_db

# Leads of each of a host's tables; how many of them are asked for at once; what may be expected to be read for those.
LEADS, SOME, MOST = 200_000, 200, 5000
# Statements that the look at plans must find, or it proves nothing.
FOUND = {
    "a column without an index": lambda: list(Lead.objects.filter(linkedin_url="Nobody")),
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


def looks_at(model, keys):
    """Return what is done with the leads of a mapped model that may grow with its table, by name."""
    mapping, kinds = registry.of(model), (Kind.FIND_EMAIL, Kind.VERIFY_EMAIL)
    facts, pks = KINDS[Kind.FIND_EMAIL], sorted(model.objects.values_list("pk", flat=True))
    crm_ids = [mapping.crm_id(key) for key in keys]
    middle, texts = model.objects.filter(pk__gt=pks[len(pks) // 2]), [str(key) for key in keys]
    leads = model.objects.order_by("-pk")
    run, yesterday = SearchJob.objects.get(searches__crm_id=crm_ids[0]).run, timezone.now() - dt.timedelta(days=1)
    small = SearchJob.objects.create(run=uuid.uuid4(), kind="find_phone", state="finished", requested=len(crm_ids))
    LeadSearch.objects.bulk_create(
        LeadSearch(job=small, model=mapping.label, crm_id=crm_id, kind=small.kind, outcome="not_found", position=place)
        for place, crm_id in enumerate(crm_ids)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_leadsearch")
    looks = {
        "the first page": lambda: next(planning.pages(mapping, model.objects.all(), kinds, SOME)),
        "a page in the middle": lambda: next(planning.pages(mapping, middle, kinds, SOME)),
        "by keys": lambda: reading.candidates([(mapping.label, crm_id) for crm_id in crm_ids]),
        "who may be searched": lambda: reading.candidates([(mapping.label, one) for one in crm_ids], eligible=True),
        "what is known": lambda: reading.enrichments(mapping, crm_ids),
        "who is gone": lambda: leftovers._there(mapping, texts),
        "their searches": lambda: list(persons.searches(crm_ids)),
        "traces": lambda: forgetting.traces(crm_ids[:100]),
        "checked": lambda: list(statuses.checked(mapping, facts, leads, "gte", yesterday)[:50]),
        "of a big run": lambda: list(statuses.in_run(mapping, leads, run)[:50]),
        "of a small run": lambda: list(statuses.in_run(mapping, leads, small.run)[:50]),
        "being searched": lambda: list(statuses.searching(mapping, facts, leads)[:50]),
    }
    for status in ("valid", "not_found", "failed", "invalid", ""):
        looks[f"filter {status!r}"] = lambda status=status: list(statuses.having(mapping, facts, leads, status)[:50])
    return looks


def idle(model):
    """Return the keys of some leads, drawn by lot, of whom no search is under way."""
    mapping = registry.of(model)
    busy = set(LeadSearch.objects.pending().filter(model=mapping.label).values_list("crm_id", flat=True))
    drawn = model.objects.order_by("?").values_list(mapping.crm_id_field, flat=True)[: SOME + len(busy)]
    return [key for key in drawn if mapping.crm_id(key) not in busy][:SOME]


def written(model, keys):
    """Apply results of these leads."""
    mapping = registry.of(model)
    job = SearchJob.objects.create(
        run=uuid.uuid4(), kind="find_email", state="running", enrow_id=f"enrow-{mapping.label}", requested=len(keys)
    )
    names = [mapping.crm_id(key) for key in keys]
    asked = {"job": job, "model": mapping.label, "kind": "find_email"}
    LeadSearch.objects.bulk_create(
        LeadSearch(**asked, crm_id=name, position=place, fingerprint=uuid.uuid4()) for place, name in enumerate(names)
    )
    applying.apply(job.pk, done(*(found(name, f"{name}@firm.com") for name in names)), via=VIA)
    assert LeadSearch.objects.filter(job=job, outcome="found").count() == len(keys)


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_tables_of_a_host_are_looked_up(monkeypatch):
    """Numbers, UUIDs and texts as keys, inputs over a relation and in a subquery; PostgreSQL is free to choose."""
    monkeypatch.setattr(CandidateMapping, "email_status", "")
    monkeypatch.setattr(statuses, "_FEW", 1000)
    monkeypatch.setattr(statuses, "_FEW_OF_RUN", 1000)
    big_mapped.fill(LEADS)
    sizes = plans.sizes_of(*big_mapped.TABLES)
    wrong = {}
    for model in (Contact, Candidate, Person):
        keys = idle(model)
        looks = looks_at(model, keys) | {"results": partial(written, model, keys)}
        for name, look in looks.items():
            planned = [plans.explain(statement) for statement in plans.recorded(look)]
            problems = [problem for plan in planned if plan for problem in plans.problems(plan, sizes, most=MOST)]
            assert any(planned), f"{name} asks for nothing"
            wrong |= {f"{model.__name__}: {name}": problems} if problems else {}
    assert wrong == {}


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
