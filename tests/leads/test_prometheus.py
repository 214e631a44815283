"""The numbers as Prometheus reads them."""

from __future__ import annotations

import pytest
from django.urls import path
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from leads.enrichment import enrich
from leads.models import Lead
from leads.prometheus import EnrowCollector, metrics_view

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
urlpatterns = [path("metrics/enrow/", metrics_view)]


def samples(text):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_reads_the_numbers(client, enrow, make_leads):
    """With the token; what is not known is left out."""
    enrow(METRICS_TOKEN="secret")
    make_leads(2)
    enrich(Lead.objects.all(), find={"email"})
    answer = client.get("/metrics/enrow/", headers={"Authorization": "Bearer secret"})
    told = samples(answer.content.decode())
    assert answer["Content-Type"].startswith("text/plain")
    assert told["enrow_jobs", "queued"] == 1
    assert told["enrow_credits_reserved_today",] == 2
    assert ("enrow_credits_balance",) not in told
    assert "lead-0" not in answer.content.decode()


@pytest.mark.parametrize("token", ["", "secret"])
@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Bearer other", "secret", "Bearer sécret"])
def test_nobody_else_does(client, enrow, token, given):
    """There is no page without the token, and none at all where no token is set."""
    enrow(METRICS_TOKEN=token)
    assert client.get("/metrics/enrow/", headers={"Authorization": given} if given else {}).status_code == 404


def test_a_project_adds_them_to_its_own_page(make_leads):
    """Registering asks no database: the tables may not be there yet."""
    registry = CollectorRegistry(auto_describe=True)
    registry.register(EnrowCollector())
    assert {family.name for family in registry.collect()} >= {"enrow_jobs", "enrow_due_seconds", "enrow_jobs_finished"}
