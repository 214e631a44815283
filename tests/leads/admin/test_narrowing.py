"""Filters of the list of leads: checked since, and by run."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads import statuses
from leads.enrichment import enrich
from leads.models import EnrichmentRun, Lead, LeadEnrichment, LeadSearch
from tests.conftest import finish
from tests.crm.lead_mapping import ContactMapping
from tests.crm.models import Company, Contact
from tests.leads.admin_pages import list_page, login

pytestmark = pytest.mark.django_db


@pytest.fixture
def searched(sandbox, make_leads):
    """Two runs over leads, and one over a host's contacts; a lead and a contact that were never searched."""
    make_leads(1, prefix="first", firstname="Eve")
    make_leads(2, prefix="second")
    Lead.objects.create(crm_id="changed", firstname="Ann", lastname="Somebody", company_domain="firm9.com")
    firm = Company.objects.create(title="Firm", website="firm.com")
    for name in ("Ann", "Bob"):
        Contact.objects.create(given_name=name, family_name="Somebody", employer=firm)
    runs = [enrich(Lead.objects.filter(crm_id="first-0"), find={"email"}, requested_by="boss")]
    runs.append(enrich(Lead.objects.exclude(crm_id="first-0"), find={"email"}))
    Lead.objects.filter(crm_id="changed").update(company_domain="other.com")
    runs.append(enrich(Contact.objects.filter(given_name="Ann"), find={"email"}))
    finish(sandbox)
    make_leads(1, prefix="never")
    return runs


def shown(client, model=Lead, **lookups) -> set[str]:
    page = client.get(list_page(model, **lookups))
    assert page.status_code == 200
    return {str(lead.given_name if model is Contact else lead.crm_id) for lead in page.context["cl"].result_list}


def offered(client, title, model=Lead, **lookups) -> list[str]:
    changes = client.get(list_page(model, **lookups)).context["cl"]
    return [
        str(choice["display"])
        for spec in changes.filter_specs
        if spec.title == title
        for choice in spec.choices(changes)
    ]


@pytest.mark.parametrize("most", [100_000, 0])
def test_the_leads_of_a_run_are_listed(admin_client, searched, monkeypatch, most):
    """Of few searches and of many; of leads and of a mapped model. What is no run narrows nothing."""
    monkeypatch.setattr(statuses, "_FEW_OF_RUN", most)
    first, second, third = (str(run.id) for run in searched)
    assert shown(admin_client, enrow_run=first) == {"first-0"}
    assert shown(admin_client, enrow_run=second) == {"second-0", "second-1", "changed"}
    assert shown(admin_client, Contact, enrow_run=third) == {"Ann"}
    assert shown(admin_client, enrow_run=str(uuid.uuid4())) == set()
    assert len(shown(admin_client, enrow_run="no id")) == 5


def test_what_became_of_the_leads_in_a_run(admin_client, searched):
    """Found, nothing found, failed, changed meanwhile; offered once a run is chosen."""
    run = str(searched[1].id)
    LeadSearch.objects.filter(crm_id="second-1").update(outcome="error")
    assert offered(admin_client, "result in the run") == []
    assert offered(admin_client, "result in the run", enrow_run=run)[-1] == "the lead changed meanwhile"
    assert shown(admin_client, enrow_run=run, enrow_result="changed") == {"changed"}
    assert shown(admin_client, enrow_run=run, enrow_result="found") == {"second-0"}
    assert shown(admin_client, enrow_run=run, enrow_result="failed") == {"second-1", "changed"}
    assert shown(admin_client, enrow_run=run, enrow_result="not_found") == set()
    assert len(shown(admin_client, enrow_run=run, enrow_result="no choice")) == 3
    assert len(shown(admin_client, enrow_result="changed")) == 5


def test_the_newest_runs_of_such_leads_are_offered(admin_client, searched):
    """Told by when, what and who; an older one that is chosen stays chosen."""
    names = offered(admin_client, "run")
    assert len(names) == 3
    assert any("find e-mail · boss" in name for name in names)
    assert len(offered(admin_client, "run", Contact)) == 2
    old = uuid.uuid4()
    EnrichmentRun.objects.create(id=old, model="leads.lead", kinds="find_email", created_at="2020-01-01T00:00Z")
    EnrichmentRun.objects.bulk_create(EnrichmentRun(model="crm.contact", kinds="find_email") for _ in range(10))
    assert offered(admin_client, "run") == []
    assert offered(admin_client, "run", enrow_run=old)[-1] == str(old)[:8]


def test_who_may_not_see_runs_is_offered_none(searched):
    """And a typed address tells nothing."""
    client = login("view_lead")
    assert offered(client, "run") == []
    assert len(shown(client, enrow_run=str(searched[0].id))) == 5


def test_a_lead_that_is_hidden_is_in_no_run(searched, monkeypatch):
    """As with the other filters."""
    monkeypatch.setattr(
        ContactMapping, "visible_to", lambda mapping, user, queryset: queryset.exclude(given_name="Ann")
    )
    client = login("view_contact", "view_enrichmentrun")
    assert shown(client, Contact, enrow_run=str(searched[2].id)) == set()
    assert shown(client, Contact, enrow_email_checked="7") == set()


def test_checked_since(admin_client, searched):
    """By the lead's own column, and by what is kept beside a host's table while it counts."""
    now = timezone.now()
    Lead.objects.filter(crm_id="second-0").update(email_checked_at=now - dt.timedelta(days=3))
    assert shown(admin_client, enrow_email_checked="1") == {"first-0", "second-1"}
    assert shown(admin_client, enrow_email_checked="7") == {"first-0", "second-0", "second-1"}
    assert shown(admin_client, enrow_phone_checked="365") == set()
    assert len(shown(admin_client, enrow_email_checked="2")) == 5
    assert shown(admin_client, Contact, enrow_email_checked="1") == {"Ann"}
    LeadEnrichment.objects.update(email_checked_at=now - dt.timedelta(days=3))
    assert shown(admin_client, Contact, enrow_email_checked="1") == set()
    assert shown(admin_client, Contact, enrow_email_checked="7") == {"Ann"}
    Contact.objects.filter(given_name="Ann").update(work_email="typed@firm.com")
    assert shown(admin_client, Contact, enrow_email_checked="7") == set()


def test_the_filters_cost_the_same_however_many_leads(admin_client, searched, make_leads):
    """The newest runs are one query; the leads of a run are found by the statement that lists them."""
    lookups = {"enrow_run": str(searched[1].id), "enrow_result": "found", "enrow_email_checked": "7"}

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(admin_client, **lookups)
        return len(captured)

    few = cost()
    make_leads(50, prefix="more")
    search = LeadSearch.objects.get(crm_id="second-0")
    told = {"job_id": search.job_id, "model": "leads.lead", "kind": "find_phone", "outcome": "found"}
    LeadSearch.objects.bulk_create(LeadSearch(crm_id=f"more-{number}", **told) for number in range(50))
    Lead.objects.update(email_checked_at=timezone.now())
    assert cost() == few
    assert "more-1" in shown(admin_client, **lookups)
