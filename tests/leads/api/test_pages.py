"""Pages by cursor: page 1,000 costs what page 1 costs."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.request import Request

from benchmarks import plans
from leads.api import pages
from leads.api.views.jobs import JobListView
from leads.api.views.leads import LeadListView
from leads.api.views.runs import RunListView, RunSearchesView
from leads.models import EnrichmentRun, Lead, LeadSearch, SearchJob
from leads.rights import visible_jobs
from tests.leads.api.client import user

pytestmark = pytest.mark.django_db
PAGE = 10


@pytest.fixture
def boss():
    return User.objects.create_superuser("boss")


def page_of(boss, view, query, **names):
    """Return the answer to a request for a page, and the statements of it."""
    request = RequestFactory().get("/", query)
    request.user = request._force_auth_user = boss
    request._dont_enforce_csrf_checks = True
    found = []
    statements = plans.recorded(lambda: found.append(view.as_view()(request, **names)))
    assert found[0].status_code == 200, found[0].data
    return json.loads(found[0].render().content), statements


def cursor(*said):
    return pages.address(Request(RequestFactory().get("/")), said).partition("cursor=")[2].replace("%3D", "=")


@pytest.fixture
def many(boss):
    """Ten thousand leads, jobs of one moment and searches of one run: a thousand pages of each."""
    now = timezone.now()
    leads = Lead.objects.bulk_create(Lead(crm_id=f"lead-{number:05}", firstname="Ann") for number in range(10_000))
    run = EnrichmentRun.objects.create(model="leads.lead", kinds="find_email", requested_by="boss", via="api")
    jobs = SearchJob.objects.bulk_create(
        SearchJob(
            run=run.pk if number < 4 else uuid.uuid4(),
            kind="find_email",
            requested_by="boss",
            created_at=now - dt.timedelta(seconds=number // 50),
        )
        for number in range(10_000)
    )
    LeadSearch.objects.bulk_create(
        LeadSearch(job=jobs[number // 2500], model="leads.lead", crm_id=lead.crm_id, kind="find_email", outcome="found")
        for number, lead in enumerate(leads)
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as executing:
            executing.execute("ANALYZE")
    return leads, run, jobs


def far(leads, run):
    """Return each list, with the place where its page 1,000 begins."""
    middle = visible_jobs(User(is_superuser=True)).order_by("-created_at", "-pk")[9_989]
    searches = LeadSearch.objects.order_by("job_id", "pk")[9_989]
    return {
        "leads": (LeadListView, {"model": "leads.lead"}, [leads[9_989].pk]),
        "jobs": (JobListView, {}, [middle.created_at.isoformat(), middle.pk]),
        "searches": (RunSearchesView, {"pk": run.pk}, [searches.job_id, searches.pk]),
    }


def test_the_last_page_costs_as_many_queries_as_the_first(boss, many):
    """And shows what comes behind the place, and nothing behind the end."""
    leads, run, _jobs = many
    for name, (view, names, place) in far(leads, run).items():
        first, first_cost = page_of(boss, view, {"limit": PAGE}, **names)
        last, last_cost = page_of(boss, view, {"limit": PAGE, "cursor": cursor(*place)}, **names)
        assert len(first["results"]) == len(last["results"]) == PAGE, name
        assert first["next"]
        assert last["next"] is None
        assert len(last_cost) <= len(first_cost), name


@pytest.mark.postgres
def test_no_page_reads_more_than_it_shows(boss, many):
    """PostgreSQL finds its beginning by an index; of a run's searches it reads at most a whole job."""
    leads, run, _jobs = many
    sizes = plans.sizes_of(Lead, SearchJob, LeadSearch)
    with connection.cursor() as executing:
        executing.execute("SET LOCAL enable_seqscan = off")
    for name, (view, names, place) in far(leads, run).items():
        for query in ({"limit": PAGE}, {"limit": PAGE, "cursor": cursor(*place)}):
            _told, statements = page_of(boss, view, query, **names)
            planned = [plan for plan in map(plans.explain, statements) if plan]
            most = 3000 if name == "searches" else 300
            assert [problem for plan in planned for problem in plans.problems(plan, sizes, most=most)] == [], name


@pytest.mark.postgres
def test_the_own_jobs_of_a_user_are_found_by_their_index(many):
    """Also by who may see no others': each is looked up with its run; PostgreSQL expects to try some, of 15,000."""
    clerk = user("clerk", "spend_credits")
    runs = EnrichmentRun.objects.bulk_create(
        EnrichmentRun(model="leads.lead", kinds="find_email", requested_by="clerk", via="api") for _ in range(100)
    )
    SearchJob.objects.bulk_create(
        SearchJob(run=runs[number % 100].pk, kind="find_email", requested_by="clerk") for number in range(5000)
    )
    sizes = plans.sizes_of(EnrichmentRun, SearchJob)
    with connection.cursor() as executing:
        executing.execute("ANALYZE")
        executing.execute("SET LOCAL enable_seqscan = off")
    for view in (JobListView, RunListView):
        told, statements = page_of(clerk, view, {"limit": PAGE})
        assert len(told["results"]) == PAGE
        planned = [plan for plan in map(plans.explain, statements) if plan]
        assert [problem for plan in planned for problem in plans.problems(plan, sizes, most=5000)] == []


def test_a_page_that_begins_nowhere_is_told(boss, many):
    """A cursor of another list, a lead that no key is of."""
    for view, names in ((LeadListView, {"model": "leads.lead"}), (RunSearchesView, {"pk": many[1].pk})):
        for said in ([], ["x"], ["x", "y"], [uuid.uuid4()], [uuid.uuid4(), -1], [uuid.uuid4(), 2**70]):
            request = RequestFactory().get("/", {"cursor": cursor(*said)})
            request._force_auth_user = boss
            assert view.as_view()(request, **names).status_code == 400
