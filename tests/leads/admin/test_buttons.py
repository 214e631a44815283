"""The buttons on the form of one lead: the page of the action for this lead alone, for whom the action is offered."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib import admin
from django.template import engines
from django.urls import reverse

from leads.models import Lead, LeadSearch, SearchJob
from tests.conftest import finish
from tests.crm.admin import ContactAdmin
from tests.crm.models import Candidate, Company, Contact
from tests.leads.admin_pages import login, row_page, said, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def contacts():
    firm = Company.objects.create(title="Firm", website="firm.com")
    return [
        Contact.objects.create(given_name=f"Ann{number}", family_name="Somebody", employer=firm) for number in range(2)
    ]


def buttons(page) -> dict[str, str]:
    """Return the addresses of the buttons by their words."""
    return {
        words: unescape(url) for url, words in re.findall(r'<a href="([^"]+)" class="enrichlink">([^<]+)', text(page))
    }


def enrich_page(lead, kind="find_email"):
    return reverse(f"admin:{lead._meta.app_label}_{lead._meta.model_name}_enrich", args=[lead.pk, kind])


def test_each_kind_has_a_button_that_leads_to_its_page(admin_client, sandbox, contacts):
    """Nothing is spent by opening it; once confirmed, this lead is searched and no other, and the form is back."""
    first, _second = contacts
    found = buttons(admin_client.get(row_page(first)))
    assert found == {
        "Find e-mail (1 credit)": enrich_page(first),
        "Verify e-mail (0.25 credits)": enrich_page(first, "verify_email"),
        "Find phone (40 credits)": enrich_page(first, "find_phone"),
    }
    page = admin_client.get(found["Find e-mail (1 credit)"])
    assert (page.context["selected"], page.context["counts"].searched) == (1, 1)
    assert f'href="{row_page(first)}"' in text(page)
    assert not SearchJob.objects.exists()
    done = admin_client.post(found["Find e-mail (1 credit)"], {"confirm": "Confirm", "max_credits": "1"}, follow=True)
    assert done.redirect_chain == [(row_page(first), 302)]
    assert "1 queued" in said(done)
    assert LeadSearch.objects.get().crm_id == f"contact-{first.pk}"
    finish(sandbox)
    assert "e-mail valid" in text(admin_client.get(row_page(first)))


def test_ids_that_are_sent_along_add_nobody(admin_client, sandbox, contacts):
    """The lead is that of the address."""
    first, second = contacts
    sent = {"confirm": "1", "max_credits": "9", "_selected_action": [first.pk, second.pk], "select_across": "1"}
    admin_client.post(enrich_page(first), sent)
    assert LeadSearch.objects.get().crm_id == f"contact-{first.pk}"


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_not_offered_the_action_gets_neither_button_nor_page(sandbox, contacts, monkeypatch, method):
    """By permission, by the project's own rule, or because the page has no such action."""
    data = {"confirm": "1", "max_credits": "9"}
    viewer = login("view_contact")
    assert buttons(viewer.get(row_page(contacts[0]))) == {}
    assert getattr(viewer, method)(enrich_page(contacts[0]), data).status_code == 403
    monkeypatch.setattr(ContactAdmin, "has_enrich_permission", lambda page, request: True)
    assert len(buttons(viewer.get(row_page(contacts[0])))) == 3
    assert getattr(viewer, method)(enrich_page(contacts[0], "forget"), data).status_code == 403
    assert getattr(viewer, method)(enrich_page(contacts[0], "delete_selected"), data).status_code == 403
    monkeypatch.setattr(ContactAdmin, "has_view_permission", lambda page, request, obj=None: obj is None)
    monkeypatch.setattr(ContactAdmin, "has_change_permission", lambda page, request, obj=None: obj is None)
    assert getattr(viewer, method)(enrich_page(contacts[0]), data).status_code == 403
    assert not SearchJob.objects.exists()


def test_a_page_without_actions_has_no_buttons(admin_client, contacts, monkeypatch):
    """And its forms are as they were."""
    monkeypatch.setattr(admin.site.get_model_admin(Contact), "actions", None)
    page = admin_client.get(row_page(contacts[0]))
    assert buttons(page) == {}
    assert "admin/leads/enrich_buttons.html" not in {template.name for template in page.templates}


def test_nobody_who_is_not_there_is_searched(admin_client):
    """A key that no lead has, and one that is none; keys of any shape find their lead."""
    candidate = Candidate.objects.create(name="Ann Somebody", company="Firm")
    assert admin_client.get(enrich_page(candidate)).status_code == 200
    candidate.pk = "00000000-0000-0000-0000-000000000000"
    assert admin_client.get(enrich_page(candidate)).status_code == 404
    candidate.pk = "none"
    assert admin_client.get(enrich_page(candidate)).status_code == 404


def test_leads_of_our_own_have_them_too(admin_client, make_leads):
    """The page of leads.Lead is one of a mapped model; a form that adds one has none."""
    (lead,) = make_leads(1)
    assert len(buttons(admin_client.get(row_page(lead)))) == 3
    assert buttons(admin_client.get(reverse("admin:leads_lead_add"))) == {}
    assert Lead.objects.count() == 1


def test_the_projects_own_template_stays(admin_client, contacts, monkeypatch, settings, tmp_path):
    """Ours extends it, whichever it is: what it shows is still there."""
    block = "{% block object-tools-items %}<li>Own tool</li>{{ block.super }}{% endblock %}"
    own = "{% extends 'admin/change_form.html' %}" + block
    (tmp_path / "own.html").write_text(own, encoding="utf-8")
    templates = [settings.TEMPLATES[0] | {"DIRS": [str(tmp_path)]}]
    settings.TEMPLATES = templates
    monkeypatch.setattr(ContactAdmin, "change_form_template", "own.html")
    page = admin_client.get(row_page(contacts[0]))
    assert engines["django"].engine.dirs == [str(tmp_path)]
    assert "Own tool" in text(page)
    assert "History" in text(page)
    assert len(buttons(page)) == 3


def test_the_way_back_leads_to_the_list_as_it_was(admin_client, sandbox, contacts):
    """Django keeps the filters of the list in the addresses of its forms."""
    kept = "?_changelist_filters=enrow_email%3Dunchecked"
    url = buttons(admin_client.get(row_page(contacts[0]) + kept))["Find e-mail (1 credit)"]
    assert url.endswith(kept)
    done = admin_client.post(url, {"confirm": "1", "max_credits": "9"})
    assert done.url == row_page(contacts[0]) + kept
