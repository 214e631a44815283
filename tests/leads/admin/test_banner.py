"""A copy says so on its lists and pages, to people who would otherwise wait for results."""

from __future__ import annotations

import pytest

from leads import home
from leads.enrichment import enrich
from leads.models import Home, Lead, LeadSearch, SearchJob
from tests.leads.admin_pages import list_page, run_action, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def away(make_leads):
    """Rows of another place."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"phone"})
    Home.objects.update(database="another")


@pytest.mark.parametrize("model", [Lead, SearchJob])
def test_the_lists_say_it_in_a_copy_and_only_there(admin_client, away, model):
    """Once, in words for a salesperson."""
    page = said(admin_client.get(list_page(model)))
    assert page.count(home.QUESTION) == 1
    assert "Searches wait, and cost nothing" in page
    home.move_in()
    assert home.QUESTION not in said(admin_client.get(list_page(model)))


def test_the_page_before_a_search_says_it(admin_client, away, sandbox):
    """Before somebody spends; and once, not twice, on the list that comes after it."""
    assert said(run_action(admin_client, "find_email", Lead.objects.all())).count(home.QUESTION) == 1
    done = run_action(admin_client, "find_email", Lead.objects.all(), confirm="1", max_credits="1")
    assert said(done).count(home.QUESTION) == 1


def test_lists_without_searches_to_send_do_not(admin_client, away):
    """History is history."""
    assert home.QUESTION not in said(admin_client.get(list_page(LeadSearch)))


def test_the_status_page_names_the_state(admin_client, away):
    """As the doctor does."""
    assert home.QUESTION in admin_client.get("/admin/enrow_webhooks/webhookevent/status/").content.decode()
