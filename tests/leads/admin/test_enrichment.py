"""The actions that search: one per kind, for those who may spend, up to a number of leads."""

from __future__ import annotations

import re
import uuid

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.client.values import Kind
from leads.admin import EnrichmentAdminMixin, LeadAdmin
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from tests.conftest import finish
from tests.crm.lead_mapping import ContactMapping
from tests.crm.models import Company, Contact
from tests.leads.admin_pages import fields_of, list_page, login, row_page, run_action, said, text

pytestmark = pytest.mark.django_db


def test_every_kind_has_an_action_named_like_it(admin_client, make_leads):
    """In the words of the table of kinds."""
    make_leads(1)
    page = text(admin_client.get(list_page(Lead)))
    names = {Kind.FIND_EMAIL: "Find e-mail", Kind.VERIFY_EMAIL: "Verify e-mail", Kind.FIND_PHONE: "Find phone"}
    assert set(names) == set(Kind)
    assert all(f'<option value="{kind}">{name}</option>' in page for kind, name in names.items())


def test_a_host_may_ask_for_more_than_the_change_permission(rf, admin_user):
    """Who may spend is one method to override; the actions go with it."""

    class Strict(EnrichmentAdminMixin, admin.ModelAdmin):
        def has_enrich_permission(self, request):
            return False

    request = rf.get("/")
    request.user = admin_user
    assert not set(Kind) & set(Strict(Lead, admin.site).get_actions(request))
    assert set(Kind) <= set(LeadAdmin(Lead, admin.site).get_actions(request))


def test_the_page_may_lower_how_many_leads_are_searched_at_once(admin_client, sandbox, make_leads, monkeypatch):
    """The action hands the page's own number on, and names the command that has no limit."""
    monkeypatch.setattr(LeadAdmin, "max_enriched", 1)
    page = run_action(admin_client, "find_email", make_leads(2))
    assert "at most 1 here" in said(page)
    assert not SearchJob.objects.exists()


def test_who_may_only_view_leads_is_offered_no_search(make_leads):
    """The change permission is what it takes by default."""
    make_leads(1)
    assert 'value="find_email"' not in text(login("view_lead", "delete_lead").get(list_page(Lead)))


def known(count=1):
    firm = Company.objects.create(title="Firm", website="firm.com")
    for number in range(count):
        Contact.objects.create(given_name=f"Ann{count}x{number}", family_name="Somebody", employer=firm)
    enrich(Contact.objects.all(), find={"email"})


def test_the_page_of_a_mapped_model_shows_what_is_known(admin_client, sandbox):
    """A column, a part of the form with the history, and the actions, at a constant number of queries."""
    counts = []
    for count in (1, 20):
        known(count)
        finish(sandbox)
        with CaptureQueriesContext(connection) as captured:
            page = text(admin_client.get(list_page(Contact)))
        counts.append(len(captured))
        assert page.count("e-mail valid") == Contact.objects.count()
        assert 'value="find_phone"' in page
    assert counts[0] == counts[1]
    form = text(admin_client.get(row_page(Contact.objects.first())))
    assert "e-mail valid" in form
    assert "find e-mail" in form


def test_the_column_says_who_is_being_searched(admin_client, sandbox):
    """Beside what is known already, as the filter has it, on the list and on the form."""
    known()
    assert "e-mail being searched" in text(admin_client.get(row_page(Contact.objects.get())))
    finish(sandbox)
    enrich(Contact.objects.all(), find={"phone"})
    assert "e-mail valid, phone being searched" in text(admin_client.get(row_page(Contact.objects.get())))
    finish(sandbox)
    assert "being searched" not in text(admin_client.get(row_page(Contact.objects.get())))


def test_a_form_that_was_open_while_a_result_came_loses_nothing(admin_client, sandbox):
    """What the person edits is saved, with the value that came meanwhile."""
    known()
    contact = Contact.objects.get()
    form = fields_of(admin_client.get(row_page(contact)))
    finish(sandbox)
    assert admin_client.post(row_page(contact), form | {"family_name": "Other"}).status_code == 302
    contact.refresh_from_db()
    assert (contact.family_name, contact.work_email) == ("Other", "ann1x0.somebody@firm.com")


def test_a_value_that_a_person_types_wins(admin_client, sandbox):
    """And the status that was about the old one no longer counts."""
    known()
    finish(sandbox)
    contact = Contact.objects.get()
    form = fields_of(admin_client.get(row_page(contact)))
    assert admin_client.post(row_page(contact), form | {"work_email": "typed@firm.com"}).status_code == 302
    assert Contact.objects.get().work_email == "typed@firm.com"
    assert "e-mail valid" not in text(admin_client.get(list_page(Contact)))


def test_an_action_searches_only_whom_the_user_may_see(admin_client, sandbox, monkeypatch):
    """visible_to() of the mapping narrows the selection."""
    monkeypatch.setattr(ContactMapping, "visible_to", lambda self, user, queryset: queryset.none())
    known()
    SearchJob.objects.all().delete()
    page = text(run_action(admin_client, "find_phone", list(Contact.objects.all())))
    assert "Confirm" not in page or "0 leads" in page
    assert not SearchJob.objects.exists()


def history(client, lead):
    """Return who asked, and what it cost, of each search on the form of a lead, the latest first."""
    cells = [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in text(client.get(row_page(lead))).split("<tr>")]
    return [tuple(row[-2:]) for row in cells if len(row) == 9]


def test_the_history_says_who_asked_and_what_it_cost(admin_client, sandbox):
    """As the search jobs have it: reserved, then settled; of a batch each its share, of what was not bought nothing."""
    firm = Company.objects.create(title="Firm", website="firm.com")
    ann, bob, cid, twin = (
        Contact.objects.create(given_name=name, family_name="Somebody", employer=firm)
        for name in ("Ann", "Bob", "Cid", "Ann")
    )
    enrich(Contact.objects.filter(pk=ann.pk), find={"email"}, requested_by="<b>ann")
    enrich(Contact.objects.filter(pk__in=[bob.pk, cid.pk]), find={"phone"}, requested_by="boss")
    assert history(admin_client, ann) == [("&lt;b&gt;ann", "at most 1.00")]
    assert history(admin_client, bob) == history(admin_client, cid) == [("boss", "at most 40.00")]
    finish(sandbox)
    assert history(admin_client, ann) == [("&lt;b&gt;ann", "1.00")]
    for lead in (bob, cid):
        lead.refresh_from_db()
        assert history(admin_client, lead) == [("boss", "40.00" if lead.mobile else "0.00")]
    Contact.objects.filter(pk=ann.pk).update(work_email=None)
    enrich(Contact.objects.filter(pk=twin.pk), find={"email"}, requested_by="eve")
    assert history(admin_client, twin) == [("eve", "none: shared or reused")]


def test_of_a_result_that_a_person_gave_to_a_lead_no_cost_is_told(admin_client):
    """It was kept aside: which of the job's credits went for it, nobody knows."""
    job = SearchJob.objects.create(run=uuid.uuid4(), kind="find_email", requested=2, credits_cost=2, requested_by="ann")
    contact = Contact.objects.create(given_name="Ann")
    LeadSearch.objects.create(job=job, model="crm.contact", crm_id=f"contact-{contact.pk}", kind="find_email")
    assert history(admin_client, contact) == [("ann", "")]
