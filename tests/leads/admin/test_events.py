"""Events in the admin, with their jobs; and the status page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.models import WebhookEvent
from leads.models import AccountReading
from tests.leads.admin_pages import fill, list_page, login, text
from tests.leads.problems import PROBLEMS, event

pytestmark = pytest.mark.django_db(transaction=True)

STATUS = "/admin/enrow_webhooks/webhookevent/status/"


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
    assert f"{len(PROBLEMS)} things need a person" in page
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
