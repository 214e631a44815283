"""How the inbox and the jobs do: the status page, the health function, heartbeat and retention."""

from __future__ import annotations

import pytest
from django.db import connection

from leads import health
from leads.enrichment import enrich
from leads.models import Lead
from leads.upkeep.sweep import sweep
from tests.conftest import work
from tests.leads.admin_pages import fill
from tests.leads.problems import PROBLEMS

pytestmark = pytest.mark.django_db(transaction=True)


# Health.


def test_a_healthy_site_has_no_problems(site, make_leads):
    """After a run that went well the list is empty."""
    make_leads(2)
    enrich(Lead.objects.all(), find={"email"})
    work(site)
    sweep()
    assert health.problems() == []


@pytest.mark.parametrize("words", PROBLEMS)
def test_each_problem_is_one_sentence(words):
    """What needs a person is said; the rest stays silent."""
    PROBLEMS[words]()
    (sentence,) = health.problems()
    assert words in sentence


def test_health_without_a_database_is_a_sentence():
    """A health check must answer, most of all when something is broken."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE enrow_webhooks_webhookevent RENAME TO away")
    try:
        (sentence,) = health.problems()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO enrow_webhooks_webhookevent")
    assert sentence.startswith("The database does not answer")


def test_health_costs_a_few_queries_however_many_rows(django_assert_max_num_queries):
    """A load balancer asks every few seconds."""
    fill(60)
    with django_assert_max_num_queries(12):
        health.problems()
