"""Forgetting in the admin: confirmed first, and only by who may."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.admin.values import NOT_SHOWN
from leads.enrichment import enrich
from leads.erasing import NotForgotten
from leads.mapping import registry
from leads.models import BatchedLead, Lead, LeadEnrichment, LeadSearch
from leads.results import applying
from tests.conftest import work
from tests.crm.models import Company, Contact
from tests.leads.admin_pages import confirm_forgetting, fields_of, list_page, login, row_page, run_action, said, text
from tests.leads.answers import VIA, done, found
from tests.leads.traces import assert_forgotten

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_action_confirms_first(admin_client, site, pair):
    """The page says what there is; only its button deletes."""
    first, _ = pair
    enrich(Lead.objects.filter(pk=first.pk), find={"email"})
    work(site)
    page = run_action(admin_client, "forget", [first])
    assert "cannot be undone" in text(page)
    assert Lead.objects.count() == 2
    page = confirm_forgetting(admin_client, [first])
    assert "Forgot 1 leads, 1 lead searches and 1 bodies" in said(page)
    assert_forgotten(first)


@pytest.mark.parametrize("mode", ["delete", "blank"])
def test_the_page_says_what_is_deleted_and_what_is_blanked(admin_client, pair, monkeypatch, mode):
    """As the mapping says; a row that stays is there afterwards, without its values."""
    first, _ = pair
    Lead.objects.update(email="ann@firm.com")
    monkeypatch.setattr(registry.of(Lead), "on_forget", mode)
    page = text(run_action(admin_client, "forget", [first]))
    assert ("<li>1 leads</li>" in page) == (mode == "delete")
    assert ("<li>1 leads: E-mail, E-mail status, " in page) == (mode == "blank")
    confirm_forgetting(admin_client, [first])
    assert Lead.objects.filter(crm_id=first.crm_id, email="").exists() == (mode == "blank")
    assert Lead.objects.filter(email="ann@firm.com").count() == 1


def test_who_cannot_be_forgotten_is_told_in_a_sentence(admin_client, pair, monkeypatch):
    """Nothing is said to be forgotten."""

    def refuse(keys):
        raise NotForgotten("No.")

    monkeypatch.setattr(registry.of(Lead), "forget", refuse)
    page = confirm_forgetting(admin_client, [pair[0]])
    assert said(page) == "No."
    assert Lead.objects.count() == 2


def test_the_log_of_the_admin_forgets_the_name(admin_client, admin_user, running):
    """Who decided what about others stays; that somebody forgot somebody is written down, without a name."""
    job = running(2)
    applying.apply(job.pk, done(found("who", "who@x.com")), via=VIA)
    aside = LeadSearch.objects.filter(effect="aside")
    run_action(admin_client, "give", aside, confirm="1", crm_id="lead-1")
    lead, other = Lead.objects.get(crm_id="lead-1"), Lead.objects.get(crm_id="lead-0")
    for row in (lead, other):
        admin_client.post(row_page(row), fields_of(admin_client.get(row_page(row))) | {"company_name": "New"})
    assert LogEntry.objects.filter(object_repr__contains="lead-1").count() == 2
    assert "Given to lead lead-1." in {entry.change_message for entry in LogEntry.objects.all()}
    confirm_forgetting(admin_client, [lead])
    told = [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.filter(user=admin_user)]
    assert "lead-1" not in str(told)
    assert "lead-0" in str(told)
    assert "leads Forgot 1 leads and 2 lead searches." in told


@pytest.mark.parametrize(("codename", "left"), [("delete_lead", 2), ("forget_lead", 1)])
def test_who_may_forget_is_a_permission_of_its_own(pair, codename, left):
    """Deleting rows is another one: it leaves traces."""
    client = login("view_lead", codename)
    confirm_forgetting(client, [pair[0]])
    assert Lead.objects.count() == left


def test_the_page_names_whom(admin_client, pair):
    """By name, company and CRM id, with what is known of them."""
    first, second = pair
    Lead.objects.filter(pk=first.pk).update(email="ann@firm.com", phone="+33612345678")
    page = text(run_action(admin_client, "forget", [first]))
    words = (f"{first.display_name()} of {first.company_domain} ({first.crm_id})", "ann@firm.com", "+33612345678")
    assert all(word in page for word in words)
    assert f'href="{row_page(first)}"' in page
    assert second.crm_id not in page


def test_values_are_shown_to_who_may_see_them(pair):
    """The others read who it is, and no address or number."""
    Lead.objects.update(email="ann@firm.com", phone="+33612345678")
    page = text(run_action(login("view_lead", "forget_lead"), "forget", [pair[0]]))
    assert pair[0].crm_id in page
    assert "ann@firm.com" not in page
    assert "+33612345678" not in page
    assert str(NOT_SHOWN) in page


def test_the_page_lists_every_table(admin_client, pair):
    """What is known beside a host's table, places in runs, and names in the log, too; then nothing of it is left."""
    firm = Company.objects.create(title="Firm", website="firm.com")
    contact = Contact.objects.create(given_name="Ann", family_name="Somebody", employer=firm)
    key = str(contact.pk)
    LeadEnrichment.objects.create(model="crm.contact", key=key, email_status="not_found")
    BatchedLead.objects.create(model="crm.contact", key=key, kinds="find_email", daily_credits=1)
    traces = run_action(admin_client, "forget", [contact]).context["traces"]
    assert (traces.leads, traces.known, traces.waiting) == (1, 1, 1)
    confirm_forgetting(admin_client, [contact])
    assert not LeadEnrichment.objects.exists()
    assert not BatchedLead.objects.exists()
    lead = pair[0]
    admin_client.post(row_page(lead), fields_of(admin_client.get(row_page(lead))) | {"company_name": "New"})
    assert run_action(admin_client, "forget", [lead]).context["traces"].log_entries == 1


@pytest.mark.parametrize("typed", ["", "1", "3", "-2", "two", "2.5"])
def test_the_number_of_several_is_typed(admin_client, pair, typed):
    """What is not their number forgets nobody and says so; one alone needs none."""
    page = run_action(admin_client, "forget", pair)
    assert "Type how many leads these are" in text(page)
    who = page.context["form"].initial["who"]
    again = run_action(admin_client, "forget", pair, confirm="1", who=who, number=typed)
    assert again.context["form"].errors
    assert Lead.objects.count() == 2
    assert "Type how many" not in text(run_action(admin_client, "forget", pair[:1]))


def test_the_typed_number_forgets(admin_client, pair):
    """All that were shown."""
    who = run_action(admin_client, "forget", pair).context["form"].initial["who"]
    assert "Forgot 2 leads" in said(run_action(admin_client, "forget", pair, confirm="1", who=who, number="2"))
    assert not Lead.objects.exists()


def test_only_who_was_shown_is_forgotten(admin_client, pair, make_leads):
    """Somebody came into the filtered list meanwhile, and somebody left it: the page is shown again."""
    Lead.objects.filter(pk__in=[lead.pk for lead in pair]).update(email_status="failed")
    (late,) = make_leads(1, prefix="late")
    page = list_page(Lead, email_status__exact="failed")
    shown = run_action(admin_client, "forget", pair, page=page, select_across="1")
    who = shown.context["form"].initial["who"]
    Lead.objects.filter(pk=pair[0].pk).update(email_status="")
    Lead.objects.filter(pk=late.pk).update(email_status="failed")
    fields = {"page": page, "select_across": "1", "confirm": "1", "number": "2"}
    again = run_action(admin_client, "forget", pair, who=who, **fields)
    assert "Other leads are selected by now" in text(again)
    assert Lead.objects.count() == 3
    who = fields_of(again)["who"]
    run_action(admin_client, "forget", pair, who=who, **fields)
    assert Lead.objects.get().pk == pair[0].pk


def test_the_page_costs_the_same_for_one_and_for_many(admin_client, make_leads):
    """It names the first twenty, and counts the others."""
    costs = []
    for number in (2, 40):
        leads = make_leads(number, prefix=f"of{number}")
        run_action(admin_client, "forget", leads)
        with CaptureQueriesContext(connection) as captured:
            page = text(run_action(admin_client, "forget", leads))
        costs.append(len(captured))
    assert costs[0] == costs[1]
    assert "and 20 more" in page
