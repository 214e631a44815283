"""Searching from the admin: nothing is spent before a person has seen what it costs and confirmed."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.test import Client

from enrow_webhooks.sandbox import people
from leads.admin import EnrichmentAdminMixin
from leads.credits import budget
from leads.enrichment import enrich
from leads.models import EnrichmentRun, Home, Lead, LeadSearch, SearchJob
from leads.outbox.tally import Counts
from tests.conftest import finish
from tests.leads.admin_pages import HOSTILE, list_page, login, row_page, run_action, said, text

pytestmark = pytest.mark.django_db(transaction=True)


def confirm(client, action, rows, *, max_credits="1000", **more):
    return run_action(client, action, rows, model=Lead, confirm="Confirm", max_credits=max_credits, **more)


def nothing_happened(sandbox) -> bool:
    return not (SearchJob.objects.exists() or LeadSearch.objects.exists() or sandbox.ledger.spent)


@pytest.mark.parametrize(("action", "cost"), [("find_email", "3"), ("find_phone", "120"), ("verify_email", "0.75")])
def test_the_page_shows_the_worst_case_and_spends_nothing(admin_client, sandbox, make_leads, action, cost):
    """Each kind says what it would cost at most, in how many POSTs, and what the account has; no row is written."""
    leads = make_leads(3)
    if action == "verify_email":
        for lead in leads:
            lead.email = f"{lead.crm_id}@firm.com"
            lead.save()
    page = run_action(admin_client, action, leads)

    assert (page.context["counts"].searched, page.context["posts"], page.context["bill"].worst_case) == (
        3,
        1,
        Decimal(cost),
    )
    assert page.context["form"]["max_credits"].value() == (Decimal(cost) if Decimal(cost) <= 100 else None)
    assert page.context["balance"] == sandbox.ledger.balance
    assert "Nothing has been spent yet." in text(page)
    assert nothing_happened(sandbox)


def test_shared_reused_and_skipped_are_counted_and_explained(admin_client, sandbox, make_leads):
    """Who is not bought is counted by reason, with the lead, a sentence and a way to it."""
    make_leads(1, "bought")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    make_leads(2, "twin", firstname="Zoe", company_domain="twin.com")
    make_leads(1, "again", firstname="Ann0", company_domain="firm0.com")
    (nameless,) = make_leads(1, HOSTILE, firstname="", lastname="")

    page = run_action(admin_client, "find_email", Lead.objects.all())

    shown = text(page)
    assert page.context["counts"] == Counts(searched=1, shared=1, reused=1, skipped=2)
    assert page.context["bill"].worst_case == 1
    skipped = {label: count for label, count, _ in page.context["skips"]}
    assert skipped == {"already has it": 1, "an input is missing": 1}
    assert "It has no name: fill firstname and lastname, or fullname." in shown
    assert f"/lead/{nameless.pk}/change/" in shown
    assert HOSTILE not in shown


def test_examples_are_bounded(admin_client, sandbox, make_leads):
    """Sixty leads without a name are counted; ten are shown."""
    make_leads(60, firstname="", lastname="")
    page = run_action(admin_client, "find_email", Lead.objects.all()[:1], select_across="1")
    ((_, count, examples),) = page.context["skips"]
    assert (count, len(examples)) == (60, 10)
    assert "There is nothing to search." in text(page)


def test_confirming_searches_and_leads_to_the_run(admin_client, sandbox, make_leads):
    """After Confirm the jobs are queued in the user's name; the page of the run has a message that leads to them."""
    page = confirm(admin_client, "find_email", make_leads(3))

    job = SearchJob.objects.get()
    assert page.redirect_chain == [(row_page(EnrichmentRun.objects.get()), 302)]
    assert "0 of 3 searches are done." in text(page)
    assert (job.requested, job.requested_by, job.state) == (3, "admin", "queued")
    assert "Find e-mail, 3 asked for: 3 queued; 3 credits reserved." in said(page)
    assert list_page(SearchJob, run=job.run) in said(page)
    finish(sandbox)
    assert Lead.objects.first().email == people.find_email("Ann0 Somebody", "firm0.com")


def test_confirming_twice_buys_once(admin_client, sandbox, make_leads):
    """A double click, or Confirm again after going back, costs nothing more: before and after the result."""
    leads = make_leads(3)
    confirm(admin_client, "find_email", leads)
    again = confirm(admin_client, "find_email", leads)
    assert "3 asked for: 3 skipped; 0 credits reserved." in said(again)
    finish(sandbox)
    confirm(admin_client, "find_email", leads)
    finish(sandbox)
    assert SearchJob.objects.count() == 1
    assert max(sandbox.ledger.purchases.values()) == 1


def test_buying_again_shows_its_cost_first(admin_client, sandbox, make_leads):
    """Ticking the box buys nothing: the page comes again with the new worst case, and only then Confirm spends."""
    leads = make_leads(2, lastname="Nobody")
    confirm(admin_client, "find_email", leads)
    finish(sandbox)
    page = run_action(admin_client, "find_email", leads)
    assert (page.context["counts"].reused, page.context["bill"].worst_case) == (0, 0)
    assert "Skipped: asked lately, and nothing is new" in text(page)
    assert 'name="force"' in text(page)

    ticked = confirm(admin_client, "find_email", leads, force="on")
    assert (ticked.context["counts"].searched, ticked.context["again"], ticked.context["counts"].reused) == (2, 2, 0)
    assert ticked.context["bill"].worst_case == 2
    assert ticked.context["form"]["max_credits"].value() == 2
    assert "Nothing has been spent yet." in text(ticked)
    assert 'name="shown_force"' in text(ticked)
    assert SearchJob.objects.count() == 1

    confirm(admin_client, "find_email", leads, force="on", shown_force="1", max_credits="2")
    finish(sandbox)
    assert set(sandbox.ledger.purchases.values()) == {2}


@pytest.mark.parametrize(("above", "prefilled"), [(119, None), (120, Decimal(120))])
def test_a_large_amount_is_typed_by_the_person(admin_client, sandbox, make_leads, enrow, above, prefilled):
    """The field is empty and required, with the worst case and its part of the balance beside it and in the table."""
    sandbox.ledger.set_balance(Decimal(121))
    enrow(CONFIRM_ABOVE_CREDITS=above)
    leads = make_leads(3)

    page = run_action(admin_client, "find_phone", leads)

    assert page.context["form"]["max_credits"].value() == prefilled
    assert re.search(r'name="max_credits"[^>]* required', text(page))
    assert text(page).count("120 credits, 99 % of what the account has (121)") == 2
    empty = confirm(admin_client, "find_phone", leads, max_credits="")
    assert "Write how many credits may be spent." in text(empty)
    assert "The worst case: 120 credits" in text(empty)
    assert nothing_happened(sandbox)
    confirm(admin_client, "find_phone", leads, max_credits="80")
    assert SearchJob.objects.credits() == 80


def test_taking_the_box_back_shows_the_page_without_it(admin_client, sandbox, make_leads):
    """Whatever was shown is what is done, in both directions."""
    leads = make_leads(1, lastname="Nobody")
    confirm(admin_client, "find_email", leads)
    finish(sandbox)
    page = confirm(admin_client, "find_email", leads, shown_force="1")
    assert (page.context["counts"].searched, page.context["bill"].worst_case) == (0, 0)
    assert 'name="shown_force"' not in text(page)


def test_the_box_stays_ticked_when_the_cap_is_wrong(admin_client, sandbox, make_leads):
    """A typing error does not turn one purchase into another."""
    leads = make_leads(1, lastname="Nobody")
    confirm(admin_client, "find_email", leads)
    finish(sandbox)
    page = confirm(admin_client, "find_email", leads, force="on", shown_force="1", max_credits="lots")
    assert "Write the credits as a number" in text(page)
    assert page.context["bill"].worst_case == 1
    assert 'name="shown_force"' in text(page)
    assert "checked" in str(page.context["form"]["force"])


def test_nothing_bought_lately_offers_no_box(admin_client, sandbox, make_leads):
    """A choice that changes nothing is not offered."""
    assert 'name="force"' not in text(run_action(admin_client, "find_email", make_leads(2)))


def test_what_others_buy_is_linked(admin_client, sandbox, make_leads):
    """When every lead shares a search that is under way, the message leads to that search."""
    make_leads(1, "first", firstname="Zoe", company_domain="twin.com")
    theirs = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    page = confirm(admin_client, "find_email", make_leads(1, "second", firstname="Zoe", company_domain="twin.com"))
    assert "1 asked for: 1 shared; 0 credits reserved." in said(page)
    assert list_page(SearchJob, id__in=theirs.pk) in said(page)


def test_all_pages_are_searched_with_the_filters_kept(admin_client, sandbox, make_leads):
    """ "Select all" means all that the list shows under its filters, on the other pages too, and nothing else."""
    make_leads(60, "inside")
    make_leads(5, "outside", phone="+15705551234", phone_status="found")
    filtered = list_page(Lead, phone_status__exact="")
    ticked = Lead.objects.filter(phone="")[:1]

    page = run_action(admin_client, "find_email", ticked, page=filtered, select_across="1")
    assert (page.context["selected"], page.context["counts"].searched) == (60, 60)
    assert f'href="{filtered}"' in text(page)
    assert 'name="select_across" value="1"' in text(page)

    run_action(admin_client, "find_email", ticked, page=filtered, select_across="1", confirm="1", max_credits="60")
    assert LeadSearch.objects.filter(crm_id__startswith="inside").count() == 60
    assert not LeadSearch.objects.filter(crm_id__startswith="outside").exists()


def test_only_the_ticked_leads_are_searched(admin_client, sandbox, make_leads):
    """Without "select all" the others are left alone."""
    confirm(admin_client, "find_email", make_leads(5)[:2])
    assert LeadSearch.objects.count() == 2


def test_leads_that_appear_after_the_page_was_shown_do_not_raise_the_cost(admin_client, sandbox, make_leads):
    """The cap starts at the worst case that was shown, so an import in between cannot make the run dearer."""
    first = make_leads(2)
    page = run_action(admin_client, "find_email", first[:1], select_across="1")
    make_leads(10, "imported")
    cap = page.context["form"]["max_credits"].value()
    confirm(admin_client, "find_email", first[:1], select_across="1", max_credits=str(cap))
    assert SearchJob.objects.credits() == 2


def test_a_lower_cap_searches_fewer(admin_client, sandbox, make_leads):
    """What does not fit under the cap is left out and said."""
    page = confirm(admin_client, "find_phone", make_leads(3), max_credits="80")
    assert "3 asked for: 2 queued, 1 skipped; 80 credits reserved." in said(page)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Write how many credits may be spent."),
        ("lots", "Write the credits as a number, like 12.5."),
        ("NaN", "Write the credits as a number, like 12.5."),
        ("-1", "Credits must be zero or more."),
        ("1.234", "2 decimal places"),
        ("1e99", "digits"),
    ],
)
def test_a_bad_cap_is_a_sentence_and_spends_nothing(admin_client, sandbox, make_leads, typed, sentence):
    """The page comes back with what is wrong, and the selection is not lost."""
    leads = make_leads(2)
    page = confirm(admin_client, "find_email", leads, max_credits=typed)
    assert sentence in text(page)
    assert all(f'name="_selected_action" value="{lead.pk}"' in text(page) for lead in leads)
    assert nothing_happened(sandbox)


def is_off(page) -> bool:
    """Tell whether Confirm cannot be pressed."""
    return re.search(r'name="confirm"[^>]*>', text(page))[0].endswith(" disabled>")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"API_KEY": ""}, "Enrow does not accept our key or our plan."),
        ({"API_KEY": "wrong"}, "Enrow does not accept our key or our plan."),
        ({"BASE_URL": "http://127.0.0.1:9"}, "Enrow does not answer."),
    ],
)
def test_while_nothing_can_be_sent_the_page_says_so_and_confirm_is_off(
    admin_client, sandbox, enrow, make_leads, change, sentence
):
    """A missing or wrong key or a dead Enrow, in words for who can only tell somebody."""
    sandbox.configure(keys={"sandbox-key"})
    leads = make_leads(2)
    assert not is_off(run_action(admin_client, "find_email", leads))
    enrow(**change)
    page = run_action(admin_client, "find_email", leads)
    assert f"Nothing can be sent: {sentence}" in text(page)
    assert is_off(page)
    assert page.context["bill"].worst_case == 2


def test_a_balance_that_is_only_not_told_stops_nobody(admin_client, sandbox, make_leads, monkeypatch):
    """Enrow answers, but in words of its own: 402 is the limit then."""
    monkeypatch.setattr(budget, "look", lambda: (None, budget.Trouble.NONE))
    page = run_action(admin_client, "find_email", make_leads(2))
    assert page.context["balance"] is None
    assert not is_off(page)


def test_a_copy_of_the_database_sends_nothing_and_says_so(admin_client, sandbox, make_leads):
    """Before somebody waits for results."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"phone"})
    Home.objects.update(database="another")
    page = run_action(admin_client, "find_email", Lead.objects.all())
    assert "Nothing can be sent from this copy of the database." in text(page)
    assert is_off(page)


def test_what_the_balance_does_not_cover_is_said(admin_client, sandbox, make_leads):
    """The person learns before confirming who cannot be paid for."""
    sandbox.ledger.set_balance(Decimal(1))
    page = run_action(admin_client, "find_email", make_leads(2))
    assert (page.context["balance"], page.context["bill"].worst_case) == (1, 1)
    assert "The balance of the Enrow account does not cover it; buy credits." in text(page)


def test_too_many_leads_are_sent_to_the_command(admin_client, sandbox, make_leads, monkeypatch):
    """A selection that would outlast the request is refused with the name of the command that can do it."""
    monkeypatch.setattr(EnrichmentAdminMixin, "max_enriched", 2)
    page = confirm(admin_client, "find_email", make_leads(3))
    assert "search at most 2 here, or use manage.py enrich_leads" in said(page)
    assert nothing_happened(sandbox)


@pytest.mark.parametrize("action", ["find_email", "verify_email", "find_phone"])
def test_who_may_not_spend_cannot_search(sandbox, make_leads, action):
    """The action is not offered, and posting it all the same does nothing."""
    client, leads = login("view_lead", "change_lead", "delete_lead"), make_leads(2)
    assert f'value="{action}"' not in text(client.get(list_page(Lead)))
    confirm(client, action, leads)
    assert nothing_happened(sandbox)


@pytest.mark.parametrize("codename", ["view_lead", "change_lead"])
def test_who_may_spend_searches_the_leads_that_they_see(sandbox, make_leads, codename):
    """Both permissions are asked for; the job carries the name."""
    confirm(login(codename, "spend_credits"), "find_email", make_leads(2))
    assert SearchJob.objects.get().requested_by == "ann"


def test_a_stranger_and_a_forged_form_are_refused(sandbox, make_leads, admin_user):
    """Without a login there is the login page, without the token 403."""
    leads = make_leads(1)
    assert "Log in" in text(confirm(Client(), "find_email", leads))
    forger = Client(enforce_csrf_checks=True)
    forger.force_login(admin_user)
    assert confirm(forger, "find_email", leads).status_code == 403
    assert nothing_happened(sandbox)


def test_a_lead_that_its_table_refuses_is_said_on_the_page(admin_client, one_email, sandbox):
    """The reused result is refused: no 500, but a sentence; the search job names the lead."""
    lead = one_email()
    done = confirm(admin_client, "find_email", [lead])
    assert "Not written, because their table refuses it: 1. The search jobs say why." in said(done)
    Lead.objects.filter(crm_id="taken-0").delete()
    assert "refuses" not in said(confirm(admin_client, "find_email", [lead]))
    lead.refresh_from_db()
    assert lead.email_status == "valid"
