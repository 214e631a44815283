"""The filters with what is known: offered where a query can tell, narrowing as the column says, by a bounded cost."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.admin import EnrichmentAdminMixin
from leads.admin.known import FILTERS
from leads.admin.narrowing import NARROWING
from leads.enrichment import enrich
from leads.models import LeadSearch
from tests.conftest import finish
from tests.crm.models import Candidate, Company, Contact, Person
from tests.leads.admin_pages import list_page, run_action, text

pytestmark = pytest.mark.django_db


def contacts(count, name="Somebody", start=0):
    firm = Company.objects.create(title="Firm", website="firm.com")
    Contact.objects.bulk_create(
        Contact(given_name=f"Ann{name}{number}", family_name=name, employer=firm)
        for number in range(start, start + count)
    )


def shown(client, **lookups):
    page = client.get(list_page(Contact, **lookups))
    assert page.status_code == 200, "a refused lookup redirects"
    return {contact.given_name for contact in page.context["cl"].result_list}


def choices(model, rf, user):
    request = rf.get("/")
    request.user = user
    page = type("Page", (EnrichmentAdminMixin, admin.ModelAdmin), {})(model, admin.site)
    specs = page.get_changelist_instance(request).filter_specs
    return {spec.parameter_name: [choice for choice, _label in spec.lookup_choices] for spec in specs}


def test_the_list_is_narrowed_by_what_is_known(admin_client, sandbox):
    """Found, not found, never tried, being searched; and by both values at once."""
    contacts(2)
    contacts(1, "Nobody")
    enrich(Contact.objects.exclude(given_name="AnnSomebody1"), find={"email"})
    assert shown(admin_client, enrow_email="searching") == {"AnnSomebody0", "AnnNobody0"}
    finish(sandbox)
    assert shown(admin_client, enrow_email="searching") == set()
    assert shown(admin_client, enrow_email="valid") == {"AnnSomebody0"}
    assert shown(admin_client, enrow_email="not_found") == {"AnnNobody0"}
    assert shown(admin_client, enrow_email="unchecked") == {"AnnSomebody1"}
    assert shown(admin_client, enrow_email="valid", enrow_phone="unchecked") == {"AnnSomebody0"}
    assert shown(admin_client, enrow_email="valid", enrow_phone="found") == set()
    Contact.objects.filter(given_name="AnnSomebody0").update(work_email="typed@firm.com")
    assert shown(admin_client, enrow_email="valid") == set()
    assert shown(admin_client, enrow_email="no choice") == shown(admin_client)


def test_choices_are_those_that_a_query_can_answer(rf, admin_user):
    """A value that is not mapped has no filter; an encrypted one says only who is being searched."""
    days = ["1", "7", "30", "365"]
    every = ["valid", "invalid", "not_found", "failed", "unchecked", "searching"]
    phone = ["found", "not_found", "failed", "unchecked", "searching"]
    assert choices(Contact, rf, admin_user) == {
        "enrow_email": every,
        "enrow_phone": phone,
        "enrow_email_checked": days,
        "enrow_phone_checked": days,
    }
    assert choices(Person, rf, admin_user) == {"enrow_email": every, "enrow_email_checked": days}
    assert choices(Candidate, rf, admin_user) == {
        "enrow_email": every,
        "enrow_phone": ["searching"],
        "enrow_email_checked": days,
    }


def test_a_page_keeps_its_own_filters_and_may_place_ours():
    """What it names itself is not added twice; who shows nothing gets none."""

    def filters(**fields):
        return type("Page", (EnrichmentAdminMixin, admin.ModelAdmin), fields)(Contact, admin.site).get_list_filter(None)

    assert filters(list_filter=("opted_out",)) == ("opted_out", *FILTERS, *NARROWING)
    assert filters(list_filter=[FILTERS[1], "opted_out"]) == (FILTERS[1], "opted_out", FILTERS[0], *NARROWING)
    assert filters(list_filter=("opted_out",), shows_enrichment=False) == ("opted_out",)


def test_counts_beside_the_choices_cost_one_query(admin_client, sandbox):
    """Django asks for all of them at once, however many rows there are; each is what its choice would show."""
    costs = []
    for count in (2, 20):
        contacts(count, start=count)
        enrich(Contact.objects.filter(work_email=None), find={"email"})
        finish(sandbox)
        with CaptureQueriesContext(connection) as captured:
            page = text(admin_client.get(list_page(Contact, _facets="True")))
        costs.append(len(captured))
        assert f"valid ({Contact.objects.count()})" in page
        assert "invalid (0)" in page
    assert costs[0] == costs[1]


def test_all_that_a_filter_shows_can_be_searched(admin_client, sandbox):
    """Across pages: the action takes what the list was narrowed to, and no more of it while it is planned."""
    contacts(3)
    enrich(Contact.objects.filter(given_name="AnnSomebody0"), find={"email"})
    finish(sandbox)
    page = list_page(Contact, enrow_email="unchecked")
    chosen = Contact.objects.filter(given_name="AnnSomebody1")
    shown = run_action(admin_client, "find_email", chosen, page=page, select_across="1")
    assert (shown.context["selected"], shown.context["counts"].searched) == (2, 2)
    run_action(admin_client, "find_email", chosen, page=page, select_across="1", confirm="1", max_credits="9")
    assert LeadSearch.objects.filter(outcome="pending").count() == 2
    page = list_page(Contact, enrow_email="searching")
    forgotten = run_action(admin_client, "forget", chosen, page=page, select_across="1")
    assert forgotten.context["traces"].leads == 2
