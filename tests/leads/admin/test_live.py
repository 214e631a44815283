"""The page of a run: what moves is there without a reload, and who may decide does it there."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.enrichment import enrich, enrich_later
from leads.models import EnrichmentRun, Lead, SearchJob
from tests.leads.admin_pages import list_page, login, row_page, text

pytestmark = pytest.mark.django_db

STAFF = ("view_enrichmentrun", "change_enrichmentrun", "view_lead", "spend_credits")


@pytest.fixture
def run(make_leads):
    """Two leads that are searched, and one that has an address."""
    make_leads(2)
    make_leads(1, prefix="has", email="ann@firm.com")
    asked = enrich(Lead.objects.all(), find={"email"}, requested_by="ann", via="admin")
    return EnrichmentRun.objects.get(pk=asked.id)


def address(run, page="progress"):
    return reverse(f"admin:leads_enrichmentrun_{page}", args=[run.pk])


def seen(client, run) -> str:
    return text(client.get(address(run)))


def counts(page) -> dict[str, str]:
    return dict(re.findall(r'<th scope="row">([^<]+)</th><td>([^<]+)</td>', page))


def bar(page) -> tuple[int, int]:
    value, most = re.search(r'<progress max="(\d+)" value="(\d+)"', page).groups()
    return int(most), int(value)


def test_what_moves_is_a_part_of_the_page_that_answers_alone(admin_client, run):
    """The same words in both, so that a page that asks again shows what a reload would."""
    whole, part = text(admin_client.get(row_page(run))), seen(admin_client, run)
    assert part.strip() in whole
    assert "<html" not in part
    assert f'data-url="{address(run)}" data-open' in part
    assert all(f"leads/live.{kind}" in whole for kind in ("js", "css"))


def test_the_bar_and_the_counts_follow_the_work(admin_client, run):
    """Skipped leads are done at once; a search is when its result is written."""
    page = seen(admin_client, run)
    assert bar(page) == (1, 3)
    assert counts(page)["Skipped"] == "1"
    now = timezone.now()
    SearchJob.objects.update(state="finished", found=1, credits_cost=1, finished_at=now, written_at=now)
    page = seen(admin_client, run)
    assert bar(page) == (3, 3)
    assert "2 of 2 searches are done." in page
    assert (counts(page)["Of these found"], counts(page)["Credits spent"]) == ("1", "1")
    EnrichmentRun.objects.update(state="finished")
    assert "data-open" not in seen(admin_client, run), "an ended run asks no more"


def test_a_run_that_workers_plan_says_how_many_leads_it_looked_at(admin_client, make_leads):
    """Its bar begins at nothing, though nobody is counted yet."""
    make_leads(5)
    asked = enrich_later(Lead.objects.all(), find={"email"}, max_credits=None)
    page = seen(admin_client, EnrichmentRun.objects.get(pk=asked.id))
    assert "0 of 5 leads were looked at." in page
    assert bar(page) == (0, 5)


@pytest.mark.parametrize(
    ("changes", "said", "advice"),
    [
        ({"next_check_at": "2026-01-01T00:00Z"}, "waiting for a worker since", "no worker runs"),
        (
            {"next_check_at": "2999-01-01T00:00Z", "last_error": "Enrow could not be reached."},
            "Enrow could not be reached.",
            "It goes on by itself.",
        ),
        (
            {"state": "held", "last_error": "Enrow refuses the key."},
            "Enrow refuses the key.",
            "Tell your administrator",
        ),
        ({"state": "unconfirmed"}, "the answer to a POST was lost", "Open the search jobs"),
        ({"state": "running"}, "", ""),
    ],
)
def test_why_nothing_moves_is_said_with_what_a_person_can_do(admin_client, run, changes, said, advice):
    """The worker is dead, Enrow is down, the key is wrong, an answer was lost; or all is well."""
    SearchJob.objects.update(**changes)
    page = seen(admin_client, run)
    assert said in page
    assert advice in page
    assert ("Why nothing moves" in page) == bool(said)


def test_buttons_are_those_of_the_state_and_of_who_looks(run):
    """Who only looks has none; the page itself is for who may see runs."""
    client = login(*STAFF)
    assert re.findall(r'name="decide" value="(\w+)"', seen(client, run)) == ["pause", "cancel"]
    EnrichmentRun.objects.update(state="paused")
    assert re.findall(r'name="decide" value="(\w+)"', seen(client, run)) == ["resume", "cancel"]
    EnrichmentRun.objects.update(state="finished")
    assert "decide" not in re.findall(r'name="(\w+)"', seen(client, run))


def test_pressing_a_button_decides_and_comes_back(run):
    """As the action of the list does, and it is written down."""
    client = login(*STAFF)
    for decision, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        answer = client.post(address(run, "decide"), {"decide": decision}, follow=True)
        assert answer.redirect_chain == [(row_page(run), 302)]
        assert EnrichmentRun.objects.get().state == state
        assert LogEntry.objects.latest("pk").object_id == str(run.pk)


@pytest.mark.parametrize("decision", ["pause", "resume", "cancel", "delete_selected", "get_queryset", ""])
@pytest.mark.parametrize("codenames", [(), ("view_enrichmentrun",), ("spend_credits",)], ids="+".join)
def test_who_may_not_decide_gets_403_and_changes_nothing(run, codenames, decision):
    """By hand, too."""
    client = login(*codenames)
    assert client.post(address(run, "decide"), {"decide": decision}).status_code == 403
    assert EnrichmentRun.objects.get().state == "running"


@pytest.mark.parametrize("decision", ["delete_selected", "get_queryset", "_run", ""])
def test_only_decisions_are_taken(admin_client, run, decision):
    """A word that is no decision is refused, for a superuser as well; one in an address only leads to the page."""
    assert admin_client.post(address(run, "decide"), {"decide": decision}).status_code == 403
    assert admin_client.get(address(run, "decide"), {"decide": "cancel"}).status_code == 302
    assert EnrichmentRun.objects.get().state == "running"


def test_a_run_that_is_gone_and_one_that_is_not_shown(admin_client, run):
    """404 ends the questions of a page that is still open; so does the login page."""
    assert login("view_lead").get(address(run)).status_code == 403
    assert Client().get(address(run)).status_code == 302
    assert admin_client.get(address(run)).status_code == 200
    EnrichmentRun.objects.all().delete()
    assert admin_client.get(address(run)).status_code == 404


def test_one_look_costs_the_same_however_large_the_run_is(admin_client, make_leads):
    """A page that is open asks every two seconds."""
    numbers = []
    for count in (1, 40):
        make_leads(count, prefix=f"of-{count}")
        asked = enrich(Lead.objects.filter(crm_id__startswith=f"of-{count}-"), find={"email"})
        run = EnrichmentRun.objects.get(pk=asked.id)
        seen(admin_client, run)
        with CaptureQueriesContext(connection) as queries:
            seen(admin_client, run)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] <= 5, "session, user, the run and its jobs"


def test_lists_mark_the_rows_that_move(admin_client, run):
    """Only these are looked at again."""
    assert text(admin_client.get(list_page(EnrichmentRun))).count("data-open") == 1
    assert text(admin_client.get(list_page(SearchJob))).count("data-open") == 1
    EnrichmentRun.objects.update(state="finished")
    SearchJob.objects.update(state="finished", written_at=timezone.now())
    assert "data-open" not in text(admin_client.get(list_page(EnrichmentRun)))
    assert "data-open" not in text(admin_client.get(list_page(SearchJob)))


def test_what_is_typed_by_others_is_text(admin_client, run):
    """Enrow's words and a user's name run no script in a page that replaces its parts."""
    hostile = "<img src=x onerror=alert(1)>"
    SearchJob.objects.update(state="held", last_error=hostile)
    EnrichmentRun.objects.update(note=hostile, requested_by=hostile)
    for page in (seen(admin_client, run), text(admin_client.get(row_page(run)))):
        assert hostile not in page
        assert "&lt;img" in page
