"""Every admin page of the two apps: it answers, it costs the same however many rows there are, and it escapes."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.models import WebhookEvent
from leads import home
from leads.models import Lead, LeadSearch, SearchJob
from tests.leads.admin_pages import HOSTILE, MODELS, fill, list_page, login, row_page, text

pytestmark = pytest.mark.django_db

FILTERS = [
    (Lead, {"email_status__exact": "valid"}),
    (Lead, {"email_status__exact": ""}),
    (Lead, {"email_status__exact": "", "phone_status__exact": "found"}),
    (Lead, {"q": "row"}),
    (Lead, {"crm_id": "row-1"}),
    (Lead, {"o": "-6.1"}),
    (SearchJob, {"state__exact": "held", "kind__exact": "find_phone"}),
    (SearchJob, {"run": "00000000-0000-0000-0000-000000000001"}),
    (SearchJob, {"q": "00000000-0000-0000-0000-000000000001"}),
    (SearchJob, {"q": " row-1 "}),
    (SearchJob, {"q": "   "}),
    (SearchJob, {"q": "% ' \" <"}),
    (LeadSearch, {"job": "00000000-0000-0000-0000-000000000001"}),
    (LeadSearch, {"kind__exact": "find_email", "outcome__exact": "error", "effect__exact": ""}),
    (LeadSearch, {"q": "row-1"}),
    (WebhookEvent, {"state__exact": "dead", "event": "single_search_finished"}),
    (WebhookEvent, {"q": "row-1"}),
    (WebhookEvent, {"reference": "row-1"}),
]


@pytest.mark.parametrize("count", [0, 1, 60])
@pytest.mark.parametrize("model", MODELS)
def test_every_list_answers(admin_client, model, count):
    """A list opens when it is empty, has one row, or more rows than a page."""
    fill(count)
    page = admin_client.get(list_page(model))
    assert page.status_code == 200
    assert page.context["cl"].result_count == model.objects.count()


@pytest.mark.parametrize(("model", "lookups"), FILTERS)
def test_every_filter_and_search_answers(admin_client, model, lookups):
    """Filters and searches open with rows, whatever is typed, and are not refused."""
    fill(3)
    page = admin_client.get(list_page(model, **lookups))
    assert page.status_code == 200, "a refused lookup redirects"


@pytest.mark.parametrize(
    ("model", "term", "found"),
    [
        (Lead, "row", 3),
        (Lead, "other", 0),
        (Lead, "boss@firm.com", 1),
        (Lead, "firm.com", 1),
        (SearchJob, "row-1", 1),
        (SearchJob, "00000000-0000-0000-0000-000000000001", 3),
        (SearchJob, "row", 0),
        (WebhookEvent, "row-2", 1),
    ],
)
def test_search_finds_by_the_indexed_columns(admin_client, model, term, found):
    """A lead is found by the beginning of its crm_id, its address or its domain; a job and an event by whole ids."""
    fill(3)
    Lead.objects.create(crm_id="boss", email="boss@firm.com", company_domain="firm.com")
    assert admin_client.get(list_page(model, q=term)).context["cl"].result_count == found


def queries_of(client, url) -> int:
    """Return how many queries a page costs once Django has cached its content types."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        text(client.get(url))
    return len(queries)


@pytest.mark.parametrize("model", MODELS)
def test_a_list_costs_the_same_for_one_row_and_for_sixty(admin_client, model):
    """Session, user, count and rows, where the rows are at home, the newest runs: no list asks once per row."""
    with CaptureQueriesContext(connection) as asked:
        home.look()
    expected = 4 + len(asked) * (model in {Lead, SearchJob}) + (model is Lead)
    fill(1)
    one = queries_of(admin_client, list_page(model))
    fill(60, name="more")
    assert queries_of(admin_client, list_page(model)) == one == expected


@pytest.mark.parametrize(("model", "most"), [(Lead, 10), (SearchJob, 8), (LeadSearch, 3), (WebhookEvent, 4)])
def test_a_page_costs_the_same_however_much_history_it_shows(admin_client, model, most):
    """Session, user, row and a query or two per table inside the page: never one per row of it."""
    fill(1)
    poor = model.objects.get()
    one = queries_of(admin_client, row_page(poor))
    fill(60, name="more")
    rich = model.objects.exclude(pk=poor.pk).order_by("pk").first()
    # PostgreSQL is told to read the lead by its key.
    expected = most + (model is Lead and connection.vendor == "postgresql")
    assert queries_of(admin_client, row_page(rich)) == one == expected


@pytest.mark.parametrize("model", MODELS)
def test_hostile_texts_are_escaped_everywhere(admin_client, model):
    """What a person, a file or Enrow wrote is shown as text, never run."""
    fill(2)
    for url in (list_page(model), row_page(model.objects.first())):
        shown = text(admin_client.get(url))
        assert HOSTILE not in shown
        assert "&lt;script&gt;" in shown


def test_pages_lead_to_each_other(admin_client):
    """Lead, search, job, run and event are one click apart, and each link opens."""
    fill(2)
    search = LeadSearch.objects.first()
    lead, job = Lead.objects.get(crm_id=search.crm_id), search.job
    event = WebhookEvent.objects.exclude(reference="").get()
    signed = SearchJob.objects.get(pk=event.reference)
    unsigned = WebhookEvent.objects.get(reference="")
    links = [
        (row_page(lead), row_page(job)),
        (row_page(lead), list_page(LeadSearch, crm_id=lead.crm_id)),
        (row_page(job), row_page(lead)),
        (row_page(job), list_page(LeadSearch, job=job.pk)),
        (row_page(job), list_page(SearchJob, run=job.run)),
        (row_page(search), row_page(job)),
        (row_page(search), list_page(Lead, crm_id=lead.crm_id)),
        (row_page(event), row_page(signed)),
        (row_page(signed), row_page(event)),
        (row_page(SearchJob.objects.get(enrow_id=unsigned.enrow_id)), row_page(unsigned)),
        (row_page(unsigned), list_page(SearchJob, enrow_id=unsigned.enrow_id)),
        (list_page(LeadSearch), row_page(job)),
        (list_page(WebhookEvent), row_page(signed)),
    ]
    for start, end in links:
        assert f'href="{end}"' in text(admin_client.get(start)), f"{start} -> {end}"
        text(admin_client.get(end))


@pytest.mark.parametrize("model", MODELS)
def test_who_may_only_view_sees_everything_and_can_do_nothing(model):
    """With view permissions every page opens; there is no action, no button, and a POST changes nothing."""
    fill(2)
    client = login("view_lead", "view_searchjob", "view_leadsearch", "view_webhookevent")
    row = model.objects.first()
    listed, shown = text(client.get(list_page(model))), text(client.get(row_page(row)))
    assert 'name="action"' not in listed
    assert 'name="_save"' not in shown
    assert client.post(row_page(row), {"state": "queued", "email": "x@y.com"}).status_code == 403


@pytest.mark.parametrize("model", [SearchJob, LeadSearch, WebhookEvent])
def test_nobody_edits_adds_or_deletes_history(admin_client, model):
    """Not even a superuser rewrites what happened."""
    fill(1)
    row = model.objects.get()
    assert admin_client.post(row_page(row), {"state": "queued"}).status_code == 403
    assert admin_client.post(row_page(row).replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403
    assert admin_client.get(list_page(model) + "add/").status_code == 403
    assert model.objects.count() == 1
