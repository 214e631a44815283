"""How the inbox and the jobs do: the status page, the health function, heartbeat and retention."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrow_webhooks.inbox import retention
from enrow_webhooks.models import Heartbeat, Rejection, WebhookEvent
from leads import health
from leads.enrichment import enrich
from leads.models import AccountReading, Lead, SearchJob
from leads.tasks import sweep_jobs
from leads.upkeep.doctor import result_findings, sweep_findings
from leads.upkeep.sweep import SWEEP, sweep
from tests.commands import run
from tests.conftest import work
from tests.leads.admin_pages import fill, list_page, login, text

pytestmark = pytest.mark.django_db(transaction=True)

STATUS = "/admin/enrow_webhooks/webhookevent/status/"


def ago(**span):
    return timezone.now() - dt.timedelta(**span)


def event(**fields):
    number = WebhookEvent.objects.count()
    return WebhookEvent.objects.create(**{"event": "x", "enrow_id": f"{number}", "payload": "{}"} | fields)


def job(**fields):
    usual = {
        "run": "00000000-0000-0000-0000-000000000000",
        "kind": "find_email",
        "next_check_at": timezone.now() + dt.timedelta(hours=1),
    }
    return SearchJob.objects.create(**usual | fields)


# Health.


def test_a_healthy_site_has_no_problems(site, make_leads):
    """After a run that went well the list is empty."""
    make_leads(2)
    enrich(Lead.objects.all(), find={"email"})
    work(site)
    sweep()
    assert health.problems() == []


PROBLEMS = {
    "are dead": lambda: event(state="dead"),
    "waits for a worker": lambda: event(next_attempt_at=ago(hours=1)),
    "are still kept": lambda: event(state="processed", processed_at=ago(days=40)),
    "too large": lambda: Rejection.objects.create(hour=ago(hours=1), reason="too_large", count=1, last_at=ago(hours=1)),
    "is overdue": lambda: job(state="running", enrow_id="x", next_check_at=ago(hours=1)),
    "did not reach the leads": lambda: job(state="finished", finished_at=ago(hours=1)),
    "The last sweep was": lambda: Heartbeat.objects.create(name=SWEEP, at=ago(days=2)),
}


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
    with django_assert_max_num_queries(10):
        health.problems()


# Heartbeat and retention.


@pytest.mark.parametrize("act", [sweep, sweep_jobs, lambda: run("enrow_sweep")])
def test_every_way_to_sweep_leaves_its_heartbeat(sandbox, act):
    """By command, by task, by call; the doctor says when it was."""
    act()
    assert Heartbeat.objects.get(name=SWEEP).at > ago(seconds=10)
    assert "The last sweep was" in "".join(finding.sentence for finding in sweep_findings())


def test_a_heartbeat_is_written_at_most_once_in_its_time():
    """Many workers do not fight over the row."""
    span = dt.timedelta(seconds=5)
    claims = [Heartbeat.objects.claim("x", every=span) for _ in range(3)]
    Heartbeat.objects.update(at=ago(seconds=6))
    claims += [Heartbeat.objects.claim("x", every=span) for _ in range(2)]
    assert claims == [True, False, False, True, False]


def test_the_sweep_prunes_once_an_hour_without_beat(sandbox, enrow):
    """Bodies go after PAYLOAD_DAYS, whoever sweeps; the rows stay."""
    enrow(PAYLOAD_DAYS=30)
    old = event(state="processed", processed_at=ago(days=31))
    new = event(state="processed", processed_at=ago(days=29))
    sweep()
    assert list(WebhookEvent.objects.order_by("pk").values_list("pk", "payload")) == [(old.pk, ""), (new.pk, "{}")]
    WebhookEvent.objects.update(processed_at=ago(days=31))
    sweep()
    assert WebhookEvent.objects.get(pk=new.pk).payload
    Heartbeat.objects.filter(name=retention.PRUNE).update(at=ago(hours=2))
    sweep()
    assert not WebhookEvent.objects.exclude(payload="").exists()


@pytest.mark.parametrize(("days", "late"), [(29, False), (31, False), (33, True)])
def test_the_doctor_says_when_nobody_prunes(enrow, days, late):
    """Two days of grace; a body that is gone already is not missed."""
    enrow(PAYLOAD_DAYS=30)
    event(state="processed", processed_at=ago(days=400), payload="")
    event(state="processed", processed_at=ago(days=days))
    assert bool(retention.overdue()) is late


# The status page.


def test_the_status_page_shows_everything(admin_client):
    """Oldest waiting, states, dead ones with links, rejections, overdue jobs, last event and sweep, balance."""
    for make in PROBLEMS.values():
        make()
    dead = event(state="dead", last_error="The body is not JSON.")
    AccountReading.objects.create(credits=1234)
    page = text(admin_client.get(STATUS))
    for words in [*PROBLEMS, "The last came", "2 dead", "The balance was 1234", "The body is not JSON."]:
        assert words in page, words
    assert f'href="/admin/enrow_webhooks/webhookevent/{dead.pk}/change/"' in page
    assert "7 things need a person" in page
    assert STATUS in text(admin_client.get(list_page(WebhookEvent)))


def test_the_status_page_is_calm_when_all_is_well(admin_client):
    """An empty site needs nobody."""
    assert "Nothing needs a person" in text(admin_client.get(STATUS))


def test_the_status_page_costs_the_same_however_many_rows(admin_client):
    """Constant queries, and no question to Enrow: nothing listens where the tests' settings point."""

    def cost(count, name):
        fill(count, name)
        admin_client.get(STATUS)
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(STATUS).status_code == 200
        return len(queries)

    assert cost(3, "few") == cost(60, "many")


@pytest.mark.parametrize(("codename", "status"), [("view_webhookevent", 200), ("view_lead", 403)])
def test_the_status_page_is_for_who_may_view_events(codename, status):
    """Staff with the view permission; read-only."""
    assert login(codename).get(STATUS).status_code == status


def test_a_visitor_is_sent_to_the_login(client):
    """As everywhere in the admin."""
    assert client.get(STATUS).status_code == 302


def test_results_have_one_finding():
    """All is well, or what is not."""
    assert [finding.level for finding in result_findings()] == ["ok"]
