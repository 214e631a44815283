"""Whom a person may see: nothing of a lead that the mapping hides is shown, bought or forgotten, whatever is asked."""

from __future__ import annotations

import uuid

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.client.values import Kind
from leads.enrichment import enrich
from leads.mapping import LeadMapping
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from tests.conftest import finish
from tests.crm.admin import ContactAdmin
from tests.crm.lead_mapping import ContactMapping
from tests.crm.models import Company, Contact
from tests.leads.admin.test_buttons import buttons, enrich_page
from tests.leads.admin_pages import confirm_forgetting, list_page, login, row_page, run_action, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(sandbox, monkeypatch):
    """Somebody whom the user "ann" may see, and somebody who is hidden; both were searched."""
    firm = Company.objects.create(title="Firm", website="firm.com")
    for name in ("Shown", "Hidden"):
        Contact.objects.create(given_name=name, family_name="Somebody", employer=firm)
    enrich(Contact.objects.all(), find={"email"}, requested_by="boss")
    finish(sandbox)

    def visible_to(mapping, user, queryset):
        return queryset if user.is_superuser else queryset.exclude(given_name="Hidden")

    monkeypatch.setattr(ContactMapping, "visible_to", visible_to)
    return Contact.objects.get(given_name="Shown"), Contact.objects.get(given_name="Hidden")


@pytest.fixture
def ann(people):
    return login("view_contact", "change_contact", "spend_credits", "forget_lead")


def test_the_list_shows_nothing_of_what_is_known(people, ann, admin_client):
    """The row is the project's to show; the column is blank, and no filter tells."""
    assert text(ann.get(list_page(Contact))).count("e-mail valid") == 1
    assert text(admin_client.get(list_page(Contact))).count("e-mail valid") == 2
    for choice in ("valid", "unchecked", "searching"):
        found = ann.get(list_page(Contact, enrow_email=choice)).context["cl"].result_list
        assert people[1] not in set(found)
    assert people[1] in set(admin_client.get(list_page(Contact, enrow_email="valid")).context["cl"].result_list)


@pytest.mark.parametrize(
    "own", [{}, {"readonly_fields": ("enrichment", "enrichment_history"), "shows_enrichment": False}]
)
def test_the_form_shows_no_history(people, ann, admin_client, monkeypatch, own):
    """Also where the page itself names our fields."""
    for name, value in own.items():
        monkeypatch.setattr(ContactAdmin, name, value)
    shown, hidden = people
    assert "find e-mail" in text(ann.get(row_page(shown)))
    assert "find e-mail" in text(admin_client.get(row_page(hidden)))
    page = text(ann.get(row_page(hidden)))
    assert "find e-mail" not in page
    assert "e-mail valid" not in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_form_has_no_button_and_the_page_behind_it_buys_nothing(people, ann, method):
    """A typed address opens no page either."""
    shown, hidden = people
    assert len(buttons(ann.get(row_page(shown)))) == 3
    assert buttons(ann.get(row_page(hidden))) == {}
    answer = getattr(ann, method)(enrich_page(hidden, "find_phone"), {"confirm": "1", "max_credits": "100"})
    assert answer.status_code == 403
    assert LeadSearch.objects.filter(kind=Kind.FIND_PHONE).count() == 0


@pytest.mark.parametrize("ids", ["chosen", "across"])
def test_actions_leave_out_who_is_hidden(people, ann, ids):
    """On the page before it is confirmed, and by ids that were put into the form afterwards."""
    across = {"select_across": "1"} if ids == "across" else {}
    page = run_action(ann, "find_phone", people, **across)
    assert page.context["selected"] == 1
    run_action(ann, "find_phone", people, confirm="1", max_credits="100", **across)
    assert LeadSearch.objects.get(kind=Kind.FIND_PHONE).crm_id == f"contact-{people[0].pk}"


@pytest.mark.parametrize("ids", ["chosen", "across"])
def test_nobody_forgets_who_is_hidden(people, ann, ids):
    """The page counts only the others, and ids that were put into the form afterwards change nothing."""
    across = {"select_across": "1"} if ids == "across" else {}
    page = run_action(ann, "forget", people, **across)
    assert (page.context["traces"].leads, page.context["traces"].searches) == (1, 1)
    confirm_forgetting(ann, people, **across)
    confirm_forgetting(ann, people[1:], **across)
    for contact in people:
        contact.refresh_from_db()
    assert [contact.work_email for contact in people] == [None, "hidden.somebody@firm.com"]
    assert LeadSearch.objects.filter(crm_id=f"contact-{people[1].pk}").count() == 1


def test_forgetting_nobody_says_so(people, ann):
    """No page that counts zeros."""
    page = run_action(ann, "forget", people[1:])
    assert "may not" in " ".join(map(str, page.context["messages"]))


def test_searches_of_who_is_hidden_are_in_no_list_and_on_no_page(people, admin_client):
    """Who may see searches and jobs sees those of their own leads, also with a typed address."""
    shown, hidden = (LeadSearch.objects.get(crm_id=f"contact-{contact.pk}") for contact in people)
    operator = login("view_leadsearch", "view_searchjob", "view_found_values")
    for lookups in ({}, {"crm_id": hidden.crm_id}, {"job": str(hidden.job_id)}, {"q": hidden.crm_id}):
        assert hidden not in set(operator.get(list_page(LeadSearch, **lookups)).context["cl"].result_list)
        assert hidden in set(admin_client.get(list_page(LeadSearch, **lookups)).context["cl"].result_list)
    assert shown in set(operator.get(list_page(LeadSearch)).context["cl"].result_list)
    assert operator.get(row_page(shown)).status_code == 200
    assert operator.get(row_page(hidden)).status_code == 302
    assert shown.value in text(operator.get(row_page(shown.job)))
    assert hidden.value not in text(operator.get(row_page(shown.job)))
    assert hidden.value in text(admin_client.get(row_page(shown.job)))


def test_no_result_is_given_to_who_is_hidden(people):
    """As if there were no such lead; the id is typed by the person."""
    shown, hidden = people
    aside = LeadSearch.objects.create(
        job=SearchJob.objects.get(),
        crm_id="nobody",
        kind="find_email",
        outcome="found",
        effect="aside",
        value="a@firm.com",
    )
    SearchJob.objects.update(kept_aside=1)
    rights = ("view_leadsearch", "change_leadsearch", "view_contact", "spend_credits", "view_found_values")
    operator = login(*rights)
    page = run_action(operator, "give", [aside], confirm="1", crm_id=f"contact-{hidden.pk}")
    assert "There is no lead with this CRM id." in text(page)
    page = run_action(operator, "give", [aside], confirm="1", crm_id=f"contact-{shown.pk}")
    assert f"Given to lead Shown Somebody of firm.com (contact-{shown.pk})" in " ".join(
        map(str, page.context["messages"])
    )


def cost(client, url):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_it_costs_one_query_for_all_rows_of_a_list(people, ann, monkeypatch):
    """And none where the mapping hides nobody."""
    few = cost(ann, list_page(Contact))
    Contact.objects.bulk_create(Contact(given_name=f"More{number}") for number in range(20))
    assert cost(ann, list_page(Contact)) == few
    monkeypatch.setattr(ContactMapping, "visible_to", LeadMapping.visible_to)
    assert cost(ann, list_page(Contact)) == few - 1


def test_of_whom_nobody_has_looked_at_nothing_is_told(people, monkeypatch):
    """A page of the project's own may call what we show, without a request that says who asks."""
    page, shown = ContactAdmin(Contact, admin.site), people[0]
    assert (page.enrichment(shown), page.enrichment_history(shown)) == ("", "")
    monkeypatch.setattr(ContactMapping, "visible_to", LeadMapping.visible_to)
    shown = Contact.objects.get(pk=shown.pk)
    assert page.enrichment(shown) == "e-mail valid"
    assert "find e-mail" in page.enrichment_history(shown)


@pytest.mark.parametrize("action", ["resume", "resend", "retry"])
def test_a_job_with_somebody_who_is_hidden_is_left_alone(people, sandbox, action):
    """Nobody sends or searches again for whom they may not see; a job of their own leads they do."""
    operator = login("change_searchjob", "view_contact", "spend_credits")
    mixed, own = SearchJob.objects.get(), SearchJob.objects.create(run=uuid.uuid4(), kind="find_email", requested=1)
    state, outcome = {
        "resume": ("held", "pending"),
        "resend": ("unconfirmed", "pending"),
        "retry": ("failed", "error"),
    }[action]
    Contact.objects.update(work_email=None)
    LeadSearch.objects.update(outcome=outcome, effect="", fingerprint=None)
    LeadSearch.objects.filter(crm_id=f"contact-{people[0].pk}").exclude(job=own).update(kind="find_phone")
    LeadSearch.objects.create(
        job=own, model="crm.contact", crm_id=f"contact-{people[0].pk}", kind="find_email", position=0, outcome=outcome
    )
    SearchJob.objects.update(state=state, written_at="2026-01-01T00:00Z")
    before = SearchJob.objects.count()
    page = run_action(operator, action, [mixed], model=SearchJob, confirm="1", max_credits="9")
    assert "they have leads that you may not search" in " ".join(map(str, page.context["messages"]))
    mixed.refresh_from_db()
    assert (mixed.state, SearchJob.objects.count()) == (state, before)
    run_action(operator, action, [own], model=SearchJob, confirm="1", max_credits="9")
    own.refresh_from_db()
    assert own.state != state or SearchJob.objects.count() > before


def test_a_run_is_resumed_by_who_asked_where_somebody_is_hidden(people):
    """Which leads are in it, it does not say."""
    operator = login("change_enrichmentrun", "view_contact", "spend_credits")
    for name in ("boss", "ann"):
        EnrichmentRun.objects.update(state="paused", requested_by=name)
        run_action(operator, "resume", EnrichmentRun.objects.all())
        assert EnrichmentRun.objects.get().state == ("running" if name == "ann" else "paused")
