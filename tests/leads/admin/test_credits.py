"""The page "Credits": sums, limit, balance and reconciliation, at a cost that does not grow."""

from __future__ import annotations

import csv
import datetime as dt
import uuid

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.enrichment import enrich
from leads.models import AccountReading, Lead, SearchJob
from tests.conftest import finish
from tests.leads.admin_pages import HOSTILE, fill, list_page, login, text

pytestmark = pytest.mark.django_db

PAGE = "/admin/leads/searchjob/credits/"
RUN = uuid.UUID(int=7)


def rows(page, number) -> list[tuple]:
    """Return one table of the page: name, spent, open, released."""
    return [(name, line.spent, line.reserved, line.released) for line, name, _ in page.context["tables"][number][2]]


def test_the_list_of_jobs_leads_to_it(admin_client):
    """One click from the search jobs, and the link opens."""
    assert reverse("admin:leads_searchjob_credits") == PAGE
    assert f'href="{PAGE}"' in text(admin_client.get(list_page(SearchJob)))
    text(admin_client.get(PAGE))


def test_the_sums_are_those_of_the_jobs(admin_client, sandbox, make_leads):
    """Today and the last 30 days, per day, user and run; older jobs are not counted."""
    make_leads(2)
    make_leads(1, "miss", lastname="Nobody")
    first = enrich(Lead.objects.all(), find={"email"}, requested_by="ann")
    finish(sandbox)
    second = enrich(Lead.objects.filter(crm_id="lead-0"), find={"phone"}, requested_by="bob")
    SearchJob.objects.filter(run=second.id).update(created_at=timezone.now() - dt.timedelta(days=3))
    SearchJob.objects.create(
        run=first.id,
        kind="find_email",
        requested_by="old",
        credits_reserved=7,
        created_at=timezone.now() - dt.timedelta(days=31),
    )

    page = admin_client.get(PAGE)

    today_users, today_runs, days, users, _kinds, runs = (rows(page, number) for number in range(6))
    assert today_users == [("ann", 2, 0, 1)]
    assert today_runs == [(str(first.id)[:8], 2, 0, 1)]
    three_days_ago = timezone.localdate() - dt.timedelta(days=3)
    assert days == [(str(timezone.localdate()), 2, 0, 1), (str(three_days_ago), 0, 40, 0)]
    assert users == [("bob", 0, 40, 0), ("ann", 2, 0, 1)]
    assert [name for name, *_ in runs] == [str(second.id)[:8], str(first.id)[:8]]
    assert list_page(SearchJob, run=first.id) in text(page)
    assert list_page(SearchJob, requested_by="ann") in text(page)


def test_what_is_left_of_the_day_and_of_the_account(admin_client, sandbox, make_leads, enrow):
    """Spent and reserved count against the limit; without one none is shown."""
    make_leads(3)
    enrich(Lead.objects.filter(crm_id="lead-0"), find={"email"})
    finish(sandbox)
    enrich(Lead.objects.filter(crm_id="lead-1"), find={"phone"})
    assert admin_client.get(PAGE).context["left"] is None
    enrow(DAILY_CREDIT_LIMIT=100)
    page = admin_client.get(PAGE)
    assert (page.context["left"], page.context["balance"].credits) == (59, sandbox.ledger.balance)
    assert "100, of which 59.00 are left" in text(page)
    enrow(DAILY_CREDIT_LIMIT=5)
    assert admin_client.get(PAGE).context["left"] == 0


def test_the_reconciliation_is_shown_and_judged(admin_client, sandbox):
    """What left the account beside our jobs, and whether that needs a person."""
    AccountReading.objects.create(credits=100_030, taken_at=timezone.now() - dt.timedelta(days=2))
    page = admin_client.get(PAGE)
    assert (page.context["reconciliation"].moved, page.context["reconciliation"].unexplained) == (30, 30)
    assert "UNEXPLAINED_CREDITS" not in text(page)
    AccountReading.objects.update(credits=100_041)
    assert 'More than ENROW["UNEXPLAINED_CREDITS"]=40' in text(admin_client.get(PAGE))


def test_without_enrow_the_sums_are_shown_all_the_same(admin_client, make_leads, enrow):
    """The books are ours."""
    make_leads(1)
    enrow(BASE_URL="http://127.0.0.1:9")
    enrich(Lead.objects.all(), find={"email"}, requested_by="ann")
    AccountReading.objects.create(credits=1)
    page = admin_client.get(PAGE)
    assert "Enrow did not tell" in text(page)
    assert rows(page, 0) == [("ann", 0, 1, 0)]


def test_enrow_is_asked_once_for_a_page(admin_client, sandbox):
    """Balance and reconciliation share the answer."""
    AccountReading.objects.create(credits=100_000)
    admin_client.get(PAGE)
    assert sandbox.requests == {"GET /account/info 200": 1}


def test_the_page_costs_the_same_for_one_job_and_for_many(admin_client, sandbox):
    """Session, user, eight sums, three for the reconciliation: however many jobs, users and runs there are."""
    AccountReading.objects.create(credits=100_000)
    counts = []
    for number in (1, 60):
        fill(number, name=f"n{number}")
        for pk in SearchJob.objects.values_list("pk", flat=True):
            SearchJob.objects.filter(pk=pk).update(run=pk, requested_by=str(pk))
        with CaptureQueriesContext(connection) as queries:
            text(admin_client.get(PAGE))
        counts.append(len(queries))
    assert counts == [13, 13]


def test_hostile_names_are_escaped(admin_client, sandbox):
    """Whatever a host passes as requested_by."""
    fill(2)
    shown = text(admin_client.get(PAGE))
    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(
    ("codename", "status"), [("view_searchjob", 200), ("change_searchjob", 200), ("view_lead", 403)]
)
def test_only_who_may_see_jobs_sees_it(sandbox, codename, status):
    """The permission is the list's own."""
    assert login(codename).get(PAGE).status_code == status


def test_a_stranger_is_sent_to_the_login(sandbox):
    """Nothing is shown, and Enrow is not asked."""
    User.objects.create_user("customer", password="secret")
    client = Client()
    client.login(username="customer", password="secret")
    for visitor in (Client(), client):
        assert "/admin/login/" in visitor.get(PAGE)["Location"]
    assert sandbox.requests == {}


def test_each_sees_their_own_limit_of_the_day_and_by_whom_others_are_used(admin_client, sandbox, make_leads, enrow):
    """Only what was asked for in the admin counts, spent and reserved; without a limit nothing is said."""
    make_leads(4)
    for number, (user, via) in enumerate([("admin", "admin"), ("admin", "command"), ("bob", "admin")]):
        enrich(Lead.objects.filter(crm_id=f"lead-{number}"), find={"email"}, requested_by=user, via=via)
    finish(sandbox)
    enrich(Lead.objects.filter(crm_id="lead-3"), find={"phone"}, requested_by="admin", via="admin")
    page = admin_client.get(PAGE)
    assert page.context["own"] is None
    assert "Your limit" not in text(page)
    enrow(USER_DAILY_CREDIT_LIMIT=100)
    page = admin_client.get(PAGE)
    assert "100, of which 59.00 are left: 1.00 are spent, 40.00 reserved" in text(page)
    assert "Today, of the limit for each user" in text(page)
    assert rows(page, 0) == [("admin", 1, 40, 0), ("bob", 1, 0, 0)]
    assert rows(page, 1) == [("admin", 2, 40, 0), ("bob", 1, 0, 0)]
    enrow(USER_DAILY_CREDIT_LIMIT=5)
    assert "5, of which 0.00 are left" in text(admin_client.get(PAGE))


def test_who_asked_for_nothing_has_all_of_their_limit(sandbox, make_leads, enrow):
    """A salesperson who may see the jobs."""
    make_leads(1)
    enrow(USER_DAILY_CREDIT_LIMIT=7)
    enrich(Lead.objects.all(), find={"email"}, requested_by="bob", via="admin")
    page = login("view_searchjob").get(PAGE)
    assert "7, of which 7.00 are left: 0.00 are spent, 0.00 reserved" in text(page)


def test_the_sums_per_kind(admin_client, sandbox):
    """By the words of the admin, and each leads to its jobs."""
    SearchJob.objects.create(run=RUN, kind="find_phone", requested=1, credits_reserved=40)
    page = admin_client.get(PAGE)
    assert ("find phone", 0, 40, 0) in [row for number in range(7) for row in rows(page, number)]
    assert list_page(SearchJob, kind__exact="find_phone") in text(page)
    assert admin_client.get(list_page(SearchJob, kind__exact="find_phone")).status_code == 200


def test_the_sums_as_a_file(admin_client, sandbox, django_assert_max_num_queries):
    """Streamed: a statement for each sum, however many runs there are; no cell is a formula."""
    for number in range(60):
        SearchJob.objects.create(
            run=uuid.UUID(int=number), kind="find_email", requested=1, credits_reserved=1, requested_by="=1+1"
        )
    with django_assert_max_num_queries(9):
        answer = admin_client.get(f"{PAGE}csv/")
        assert answer.streaming
        lines = list(csv.DictReader(answer.getvalue().decode().splitlines()))
    assert "attachment" in answer["Content-Disposition"]
    assert [line["name"] for line in lines if line["sum"] == "user"] == ["'=1+1"]
    assert sum(line["sum"] == "run" for line in lines) == 60
    assert {float(line["reserved"]) for line in lines if line["sum"] in {"day", "kind"}} == {60}


def test_the_file_is_for_who_sees_the_page(sandbox):
    """As the page is."""
    assert login("view_lead").get(f"{PAGE}csv/").status_code == 403
