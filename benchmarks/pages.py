"""Every page and every query that reads big tables.

What an admin offers is asked from the admin, so that a new filter, search field or column to sort by is looked at too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enrow_webhooks.inbox import processing, retention
from enrow_webhooks.models import WebhookEvent
from leads import health
from leads.credits import budget, reconciliation
from leads.enrichment import Run, Tally
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import waiting
from leads.runs import batching, controlling, planning
from leads.upkeep import doctor, polling

_PREFIX = 6
# What no row has, what few texts begin with, what all begin with, and several words.
_ODD = ("nobody-has-this", "a", "an", "ann some", "nobody some", "firm", "@firm1.com", "https://www.firm1.com/x", "%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Something to look at, by its name."""

    name: str
    open: Callable[[], object]


def pages(client: Client) -> Iterator[Page]:
    """Yield all pages and queries."""
    for model in (Lead, SearchJob, LeadSearch, WebhookEvent):
        for lookups in ({}, *_links(model)):
            yield from _list(client, model, lookups)
        yield from _details(client, model)
    for name in ("enrow_webhooks_status", "leads_searchjob_credits"):
        yield _page(client, f"page {name}", reverse(f"admin:{name}"))
    yield from _queries()


def _page(client: Client, name: str, url: str) -> Page:
    def look() -> None:
        answer = client.get(url)
        if answer.status_code != 200:
            raise AssertionError(f"{url} answers {answer.status_code}")

    return Page(name=name, open=look)


def _links(model: type[Model]) -> list[dict[str, object]]:
    """Return the lookups by which other pages lead to a list."""
    job = SearchJob.objects.order_by("-requested").first()
    if job is None:
        return []
    search = LeadSearch.objects.filter(job=job).first()
    crm_id = search.crm_id if search else ""
    links: dict[type[Model], list[dict[str, object]]] = {
        Lead: [{"crm_id": crm_id}],
        SearchJob: [{"run": job.run}, {"requested_by": job.requested_by}, {"enrow_id": job.enrow_id}],
        LeadSearch: [{"job": job.pk}, {"crm_id": crm_id}],
        WebhookEvent: [{"state__exact": "dead"}],
    }
    return links[model]


def _list(client: Client, model: type[Model], lookups: dict[str, object]) -> Iterator[Page]:
    """Yield a list: its first and last page, each choice of each filter, each order, each search."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    title = " ".join([model._meta.model_name or "", *lookups])

    def page(name: str, query: str = "") -> Page:
        return _page(client, f"list {title}: {name}", f"{address}?{query or urlencode(lookups)}")

    yield page("first page")
    shown: ChangeList = client.get(f"{address}?{urlencode(lookups)}").context_data["cl"]
    yield page("last page", urlencode(lookups | {"p": shown.paginator.num_pages}))
    for spec in shown.filter_specs:
        for choice in spec.choices(shown):
            if query := str(choice["query_string"]).lstrip("?"):
                yield page(f"{spec.title} {choice['display']}", query)
    for index, column in enumerate(shown.list_display):
        if shown.get_ordering_field(column) and (shown.sortable_by is None or column in shown.sortable_by):
            yield page(f"by {column}", urlencode(lookups | {"o": index}))
            yield page(f"by {column}, descending", urlencode(lookups | {"o": -index}))
    for term in () if lookups else _terms(model):
        yield page(f"search {term}", urlencode({"q": term}))


def _terms(model: type[Model]) -> Iterator[str]:
    """Yield what can be searched, as one row has it, and what no row has."""
    page: Any = admin.site.get_model_admin(model)
    *_, row = model._default_manager.order_by("pk")[:10]
    if page.search_fields:
        yield from _ODD
        yield str(row.pk)
    for name in page.search_fields:
        column, _, lookup = name.lstrip("^=@").partition("__")
        if value := str(getattr(row, column)):
            yield value[:_PREFIX] if lookup.endswith("startswith") else value


def _details(client: Client, model: type[Model]) -> Iterator[Page]:
    rows = model._default_manager.order_by("pk")
    picked = {"first": rows.first(), "last": rows.last()}
    if model is SearchJob:
        picked["biggest"] = SearchJob.objects.order_by("-requested").first()
    for name, row in picked.items():
        if row is not None:
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
            yield _page(client, f"page {model._meta.model_name}: {name}", url)


def _queries() -> Iterator[Page]:
    run = SearchJob.objects.values_list("run", flat=True).first()
    calls: dict[str, Callable[[], object]] = {
        "doctor": lambda: list(doctor.row_findings()),
        "doctor: credits": lambda: list(doctor.sum_findings()),
        "health": health.problems,
        "sweep: events": lambda: processing.drain(limit=5),
        "sweep: look at jobs": polling.check_next,
        "sweep: write results": waiting.write_waiting,
        "sweep: runs": controlling.look_after,
        "sweep: plan": planning.plan_next,
        "sweep: leads that came one by one": batching.gather,
        "sweep: retention overdue": retention.overdue,
        "sweep: prune": lambda: retention.prune(older_than=dt.timedelta(days=60), batch=500),
        "planner: what may be spent": lambda: budget.allowance(_balance()),
        "credits that no job explains": lambda: reconciliation.reconcile(_balance(), days=30),
        "run: progress": lambda: run and Run(id=run, tally=Tally()).progress(),
    }
    for name, call in calls.items():
        yield Page(name=name, open=call)


def _balance() -> budget.Balance:
    """Return a balance that was asked for a week ago: jobs that were sent since then are not in it."""
    return budget.Balance(credits=Decimal(1000), asked_at=timezone.now() - dt.timedelta(days=7))
