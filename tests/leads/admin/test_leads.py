"""Leads edited by a person, while enrichment may write them too."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from enrow_webhooks.sandbox import people
from leads.admin import EnrichmentAdminMixin, LeadAdmin
from leads.enrichment import enrich
from leads.models import Lead
from tests.conftest import finish
from tests.crm.models import Company
from tests.leads.admin_pages import fields_of, list_page, row_page, said, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lead(db):
    return Lead.objects.create(
        crm_id="known",
        firstname="Ann",
        lastname="Somebody",
        company_domain="firm.com",
        email="ann@firm.com",
        email_status="valid",
        email_checked_at=timezone.now(),
        phone="+15705551234",
        phone_country="US",
        phone_status="found",
        phone_checked_at=timezone.now(),
    )


def test_each_value_is_listed_with_its_status_and_found_by_it(admin_client, lead):
    """Whatever the kinds of search bring stands in the list, and a filter narrows it to one status."""
    page = text(admin_client.get(list_page(Lead)))
    assert all(words in page for words in ("ann@firm.com", "valid", "+15705551234", "found"))
    for name in ("email_status", "phone_status"):
        assert f"?{name}__exact=failed" in page
        assert "ann@firm.com" not in text(admin_client.get(f"{list_page(Lead)}?{name}__exact=failed"))


def edit(client, lead, **changes):
    page = client.get(row_page(lead))
    response = client.post(row_page(lead), fields_of(page) | changes)
    assert response.status_code == 302, response.context["errors"]
    lead.refresh_from_db()


def test_a_new_email_has_never_been_tried(admin_client, lead):
    """The old verdict was about the old address; the phone keeps its own."""
    edit(admin_client, lead, email="new@firm.com")
    assert (lead.email, lead.email_status, lead.email_checked_at) == ("new@firm.com", "", None)
    assert (lead.phone, lead.phone_status, lead.phone_country) == ("+15705551234", "found", "US")


def test_a_new_phone_has_never_been_tried(admin_client, lead):
    """Neither verdict nor country of the old number stays; the e-mail keeps its own."""
    edit(admin_client, lead, phone="+33123456789")
    assert (lead.phone, lead.phone_status, lead.phone_checked_at, lead.phone_country) == ("+33123456789", "", None, "")
    assert lead.email_status == "valid"


def test_a_new_phone_keeps_the_country_typed_with_it(admin_client, lead):
    """A person who gives number and country is believed."""
    edit(admin_client, lead, phone="+33123456789", phone_country="FR")
    assert (lead.phone_status, lead.phone_country) == ("", "FR")


def test_editing_something_else_keeps_the_verdicts(admin_client, lead):
    """A corrected name does not throw away what was paid for."""
    edit(admin_client, lead, firstname="Anna")
    assert (lead.firstname, lead.email_status, lead.phone_status) == ("Anna", "valid", "found")
    assert lead.email_checked_at


def test_verdicts_and_crm_id_cannot_be_posted(admin_client, lead):
    """Statuses come from Enrow, and the crm_id is how results find the lead."""
    edit(admin_client, lead, crm_id="other", email_status="invalid", phone_status="not_found")
    assert (lead.crm_id, lead.email_status, lead.phone_status) == ("known", "valid", "found")


def test_a_result_that_arrives_while_the_page_is_open_is_kept(admin_client, make_leads, sandbox):
    """A person saves a page that was opened before the result came: the result stays, and so does the edit."""
    (lead,) = make_leads(1)
    opened = fields_of(admin_client.get(row_page(lead)))
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)

    assert admin_client.post(row_page(lead), opened | {"company_name": "Firm"}).status_code == 302

    lead.refresh_from_db()
    assert lead.company_name == "Firm"
    assert (lead.email, lead.email_status) == (people.find_email("Ann0 Somebody", "firm0.com"), "valid")


def test_an_edit_wins_over_a_result_that_arrives_while_the_page_is_open(admin_client, make_leads, sandbox):
    """A person who types an address means it, even when Enrow found another one meanwhile."""
    (lead,) = make_leads(1)
    opened = fields_of(admin_client.get(row_page(lead)))
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)

    admin_client.post(row_page(lead), opened | {"email": "typed@firm.com"})

    lead.refresh_from_db()
    assert (lead.email, lead.email_status, lead.email_checked_at) == ("typed@firm.com", "", None)


def test_a_lead_is_added_with_and_without_a_crm_id(admin_client):
    """A blank crm_id is generated; a given one is kept."""
    page = admin_client.get(list_page(Lead) + "add/")
    for crm_id in ("", "mine"):
        response = admin_client.post(list_page(Lead) + "add/", fields_of(page) | {"crm_id": crm_id, "lastname": "Doe"})
        assert response.status_code == 302, response.context["errors"]
    made_up, mine = Lead.objects.order_by("pk")
    assert len(made_up.crm_id) == 32
    assert mine.crm_id == "mine"


def test_a_taken_crm_id_is_refused_with_a_sentence(admin_client, lead):
    """Two leads cannot have one crm_id."""
    page = admin_client.get(list_page(Lead) + "add/")
    response = admin_client.post(list_page(Lead) + "add/", fields_of(page) | {"crm_id": "known"})
    assert "already exists" in text(response)


def test_a_host_brings_its_own_admin(rf, admin_user, lead):
    """A project's ModelAdmin gets everything from the mixin beside its own, and may ask for more than may change."""

    class HostAdmin(EnrichmentAdminMixin, admin.ModelAdmin):
        actions = ("greet",)
        list_display = ("crm_id",)

        def greet(self, request, queryset):
            """Be polite."""

        def has_enrich_permission(self, request):
            return False

    request = rf.get("/")
    request.user = admin_user
    page = HostAdmin(Lead, admin.AdminSite())
    assert set(page.get_actions(request)) == {"delete_selected", "greet", "forget"}
    assert page.get_list_display(request) == ("crm_id", "enrichment")
    assert "None." in page.enrichment_history(lead)
    assert page.get_actions(rf.get("/?_popup=1")) == {}
    assert isinstance(admin.site.get_model_admin(Lead), LeadAdmin)


def test_a_model_that_is_not_mapped_is_said_by_a_check(rf):
    """With the lines to write."""

    class CompanyAdmin(EnrichmentAdminMixin, admin.ModelAdmin):
        pass

    [error] = CompanyAdmin(Company, admin.AdminSite()).check()
    assert (error.id, "@register(Company)" in error.hint) == ("enrow.E131", True)


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ({"company_domain": "firm.com"}, "https://www.Firm.com/about"),
        ({"company_domain": "https://www.firm.com/"}, "firm.com"),
        ({"company_domain": "firm.com"}, "FIRM.com"),
        ({"email": "ann@x.com"}, " ANN@x.com "),
    ],
)
def test_the_search_finds_either_spelling(admin_client, stored, typed):
    """An imported domain is bare, an older one may be a URL; a person pastes what the browser shows."""
    Lead.objects.create(crm_id="wanted", **stored)
    Lead.objects.create(crm_id="another", company_domain="other.com", email="bob@x.com")
    page = admin_client.get(reverse("admin:leads_lead_changelist"), {"q": typed})
    assert [lead.crm_id for lead in page.context["cl"].queryset] == ["wanted"]


def test_an_empty_lead_is_not_added(admin_client):
    """A CRM id and a country tell nobody; a lead that is there may be emptied."""
    url = f"{list_page(Lead)}add/"
    blank = fields_of(admin_client.get(url))
    for typed in ({}, {"crm_id": "mine"}, {"country_code": "FR", "firstname": "  "}):
        assert "Type at least a name" in text(admin_client.post(url, blank | typed))
    assert not Lead.objects.exists()
    assert admin_client.post(url, blank | {"email": "jane@acme.com", "crm_id": "one"}).status_code == 302
    edit(admin_client, Lead.objects.get(), email="")


def test_messages_call_a_lead_by_name(admin_client):
    """The log, which keeps no names, has the CRM id."""
    url = f"{list_page(Lead)}add/"
    typed = {"crm_id": "one", "firstname": "Jane", "lastname": "Doe", "company_domain": "acme.com"}
    page = admin_client.post(url, fields_of(admin_client.get(url)) | typed, follow=True)
    assert "Jane Doe of acme.com (one)" in said(page)
    lead = Lead.objects.get()
    changed = fields_of(admin_client.get(row_page(lead))) | {"lastname": "Roe"}
    page = admin_client.post(row_page(lead), changed, follow=True)
    assert "Jane Roe of acme.com (one)" in said(page)
    assert {entry.object_repr for entry in LogEntry.objects.all()} == {"one"}
    assert str(lead) == "one"
