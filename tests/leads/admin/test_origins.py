"""The form of a lead says of each value since when, from which run, who asked, what it cost; two ways out."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from leads.mapping import registry
from leads.models import EnrichmentRun, Lead, LeadSearch, SearchJob
from tests.crm.models import Contact
from tests.leads.admin_pages import login, row_page, said, text

pytestmark = pytest.mark.django_db

OLD, BAD = "old@firm.com", "bad@firm.com"
VIEWER = ("view_lead", "change_lead", "view_found_values")


def searched(row, *, before=OLD) -> LeadSearch:
    """A search of a run of Bob's that wrote a bad address onto a lead."""
    mapping = registry.mapped(type(row))
    run = EnrichmentRun.objects.create(model=mapping.label, kinds="find_email", requested_by="bob")
    job = SearchJob.objects.create(
        run=run.pk,
        kind="find_email",
        state="finished",
        requested=1,
        found=1,
        credits_reserved=1,
        credits_cost=1,
        requested_by="bob",
    )
    return LeadSearch.objects.create(
        job=job,
        model=mapping.label,
        crm_id=mapping.crm_id(mapping.key_of(row)),
        kind="find_email",
        position=0,
        outcome="found",
        effect="written",
        value=BAD,
        value_before=before,
    )


@pytest.fixture
def lead():
    return Lead.objects.create(
        crm_id="lead-1",
        firstname="Ann",
        lastname="Lee",
        company_domain="firm.com",
        email=BAD,
        email_status="valid",
        email_checked_at=timezone.now(),
    )


@pytest.fixture
def contact():
    return Contact.objects.create(given_name="Ann", family_name="Lee", work_email=BAD)


def links(page) -> dict[str, str]:
    found = re.findall(r'<a href="([^"]+)" class="enrow-(replace|put-back)">', text(page))
    return {name: unescape(url) for url, name in found}


def back_page(row, search) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_put_back"
    return reverse(name, args=[row.pk, search.pk])


@pytest.mark.parametrize("which", ["lead", "contact"])
def test_the_form_says_where_a_value_comes_from(admin_client, request, which):
    """The run, who asked, what it cost; for our own leads and for a mapped model."""
    row = request.getfixturevalue(which)
    search = searched(row)
    page = admin_client.get(row_page(row))
    assert row_page(EnrichmentRun.objects.get()) in text(page)
    assert "<td>bob</td>" in text(page)
    assert "<td>1.00</td>" in text(page)
    assert set(links(page)) == {"replace", "put-back"}
    assert links(page)["put-back"] == back_page(row, search)


@pytest.mark.parametrize("which", ["lead", "contact"])
def test_a_person_puts_the_old_value_back(admin_client, request, which):
    """After a page with both; the log has the CRM id and no value."""
    row = request.getfixturevalue(which)
    search = searched(row)
    page = admin_client.get(back_page(row, search))
    assert BAD in text(page)
    assert OLD in text(page)
    done = admin_client.post(back_page(row, search), {"confirm": "1"}, follow=True)
    assert done.redirect_chain == [(row_page(row), 302)]
    assert "The old value is back." in said(done)
    row.refresh_from_db()
    assert (row.email if which == "lead" else row.work_email) == OLD
    entry = LogEntry.objects.get()
    assert entry.object_repr == f"find e-mail for {search.crm_id}"
    assert not {OLD, BAD} & {entry.change_message, entry.object_repr}
    assert "put-back" not in links(admin_client.get(row_page(row)))


def test_a_value_that_was_typed_meanwhile_stays_and_is_told(admin_client, lead):
    """On both pages, also where the second was open when it was typed."""
    search = searched(lead)
    Lead.objects.update(email="typed@firm.com")
    assert "put-back" not in links(admin_client.get(row_page(lead)))
    for answer in (
        admin_client.get(back_page(lead, search), follow=True),
        admin_client.post(back_page(lead, search), follow=True),
    ):
        assert "another value by now" in said(answer)
    assert Lead.objects.get().email == "typed@firm.com"
    assert not LogEntry.objects.exists()


def test_another_leads_search_is_none_of_this_page(admin_client, lead):
    """Nobody's value is put back through the page of somebody whom one may see."""
    other = Lead.objects.create(crm_id="lead-2", email=BAD)
    search = searched(other)
    assert "another value by now" in said(admin_client.post(back_page(lead, search), follow=True))
    assert set(Lead.objects.values_list("email", flat=True)) == {BAD}


@pytest.mark.parametrize("missing", ["change_lead", "view_found_values"])
def test_who_may_not_change_the_lead_or_see_values_gets_neither_link_nor_page(lead, missing):
    """It changes the lead, and its page shows what was found."""
    search = searched(lead)
    client = login(*({*VIEWER} - {missing}))
    assert "put-back" not in links(client.get(row_page(lead)))
    assert client.get(back_page(lead, search)).status_code == 403
    assert client.post(back_page(lead, search)).status_code == 403
    assert Lead.objects.get().email == BAD


def test_who_may_needs_no_credits(lead):
    """To undo is free; to replace asks for the permission to spend."""
    search = searched(lead)
    client = login(*VIEWER)
    assert set(links(client.get(row_page(lead)))) == {"put-back"}
    client.post(back_page(lead, search))
    assert Lead.objects.get().email == OLD
    replace = reverse("admin:leads_lead_replace", args=[lead.pk, "find_email"])
    assert client.get(replace).status_code == 403


def test_who_is_hidden_is_hidden(contact, monkeypatch):
    """Where the mapping hides the lead, nothing is told of its values and nothing is done."""
    search = searched(contact)
    mapping = type(registry.mapped(Contact))
    monkeypatch.setattr(mapping, "visible_to", lambda _self, _user, queryset: queryset.none())
    client = login("view_contact", "change_contact", "view_found_values", "spend_credits")
    assert "bob" not in text(client.get(row_page(contact)))
    assert client.post(back_page(contact, search)).status_code == 403


def test_a_bad_address_is_replaced_after_a_page_with_its_price(admin_client, sandbox, lead):
    """Bought again though it was bought lately, and what is found will overwrite; the address stays until then."""
    searched(lead)
    page = admin_client.get(row_page(lead))
    assert "Replace (1 credit)" in text(page)
    assert "Replace (40" not in text(page), "there is no phone to replace"
    url = links(page)["replace"]
    shown = admin_client.get(url)
    assert "replaces what the lead has" in text(shown)
    assert (shown.context["counts"].searched, "force" in shown.context["form"].fields) == (1, False)
    sent = {"confirm": "1", "max_credits": "1", "shown_force": "1"}
    assert admin_client.post(url, sent, follow=True).redirect_chain == [(row_page(lead), 302)]
    job = SearchJob.objects.get(state="queued")
    assert (job.overwrite, job.searches.get().value_before) == (True, BAD)
    assert Lead.objects.get().email == BAD


def test_a_refusal_of_the_table_is_told(admin_client, contact):
    """In a sentence, without a value."""
    Contact.objects.create(given_name="Bob", work_email=OLD)
    done = admin_client.post(back_page(contact, searched(contact)), follow=True)
    assert "Nothing was put back. Its table refuses it" in said(done)
    assert OLD not in said(done)


def test_a_lead_that_is_gone(admin_client, lead):
    """404, as its form."""
    search = searched(lead)
    url = back_page(lead, search)
    lead.delete()
    assert admin_client.get(url).status_code == 404
