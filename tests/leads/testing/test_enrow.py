"""What a test can tell Enrow, and ask it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import call_command

from enrow_webhooks.models import WebhookEvent
from leads.enrichment import enrich, enrich_batched, enrich_later
from leads.management import choosing
from leads.mapping import registry
from leads.models import LeadEnrichment, LeadSearch, SearchJob
from tests.crm.models import Company, Contact

State = SearchJob.State
PROFILE = "https://www.linkedin.com/in/ann-lee/"


def job():
    return SearchJob.objects.get()


def test_who_is_known_is_found(enrow, contact, contacts):
    """The way there and back through the host's own view: bought once, paid, written; by webhook, not by polling."""
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com", phone="+33 1 99 00 12 34")

    run = enrich(contacts, find={"email", "phone"})
    enrow.run_all()

    contact.refresh_from_db()
    assert (contact.work_email, contact.mobile) == ("ann@acme.com", "+33199001234")
    assert LeadEnrichment.objects.get().phone_country == "FR"
    assert {(one.kind, one.crm_id) for one in enrow.bought} == {
        ("find_email", f"contact-{contact.pk}"),
        ("find_phone", f"contact-{contact.pk}"),
    }
    assert enrow.bought[0].inputs["company_domain"] == "acme.com"
    assert enrow.spent == 41
    assert set(SearchJob.objects.values_list("result_via", flat=True)) == {"webhook"}
    assert run.progress().state == "finished"


def test_nobody_else_is_known(enrow, contact, contacts):
    """The sandbox's lots would find two of three; a test finds whom it names. A miss is bought, and costs nothing."""
    people = [
        Contact(given_name=f"Eve{number}", family_name="Stone", employer=contact.employer) for number in range(20)
    ]
    Contact.objects.bulk_create(people)
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")

    enrich(contacts, find={"email", "phone"})
    enrow.run_all()

    assert list(contacts.exclude(work_email=None).values_list("work_email", flat=True)) == ["ann@acme.com"]
    assert not contacts.exclude(mobile="").exists()
    assert (len(enrow.bought), enrow.spent) == (42, 1)


def test_special_words_keep_their_meaning(enrow, contact, contacts):
    """Ann Somebody is found in a test, too, and her address is valid."""
    contacts.update(family_name="Somebody")
    enrich(contacts, find={"email", "phone"})
    enrow.run_all()
    contact.refresh_from_db()
    assert (contact.work_email, bool(contact.mobile)) == ("ann.somebody@acme.com", True)
    enrich(contacts, verify=True, force=True)
    enrow.run_all()
    assert LeadEnrichment.objects.get().email_status == "valid"


@pytest.mark.parametrize(
    ("told", "company"),
    [
        (("Ann Lee", "Acme"), {"title": "Acme", "website": ""}),
        (("Ann Lee", "Müller & Söhne"), {"title": "Müller & Söhne", "website": ""}),
        (("ann  LEE", "https://www.acme.com/"), {}),
        (("Dr. Ann Lee, PhD", "acme.com"), {}),
    ],
    ids=["by name", "by a name with accents", "as somebody types it", "with titles"],
)
def test_a_person_is_known_however_they_are_written(enrow, contact, contacts, told, company):
    """By the company's domain or name, in any case, with titles."""
    Company.objects.update(**company)
    enrow.knows(*told, email="ann@acme.com")
    enrich(contacts, find={"email"})
    enrow.run_all()
    contact.refresh_from_db()
    assert contact.work_email == "ann@acme.com"


def test_a_script_without_latin_letters_names_people_apart(enrow, contact, contacts):
    """Two Chinese names are two persons."""
    contacts.update(given_name="李", family_name="雷")
    enrow.knows("李 雷", "acme.com", email="li@acme.com")
    enrow.knows("韩 梅梅", "acme.com", email="han@acme.com")
    enrich(contacts, find={"email"})
    enrow.run_all()
    contact.refresh_from_db()
    assert contact.work_email == "li@acme.com"


def test_a_profile_wins_over_the_name(enrow, contact, contacts):
    """Of a lead with a LinkedIn profile the phone is searched by that alone, as Enrow does it."""
    contacts.update(linkedin=PROFILE)
    enrow.knows("Ann Lee", "acme.com", phone="+33199001234")
    enrich(contacts, find={"phone"})
    enrow.run_all()
    contact.refresh_from_db()
    assert contact.mobile == ""

    enrow.knows(linkedin_url=PROFILE, phone="+442079460000")
    enrich(contacts, find={"phone"}, force=True)
    enrow.run_all()
    contact.refresh_from_db()
    assert contact.mobile == "+442079460000"


def test_what_is_told_later_is_added(enrow, contact, contacts):
    """A phone that is told later does not take the e-mail away; an empty e-mail does."""
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    enrow.knows("Ann Lee", "acme.com", phone="+33199001234")
    enrich(contacts, find={"email", "phone"})
    enrow.run_all()
    contact.refresh_from_db()
    assert (contact.work_email, contact.mobile) == ("ann@acme.com", "+33199001234")

    contacts.update(work_email=None)
    enrow.knows("Ann Lee", "acme.com", email="", phone="")
    enrich(contacts, find={"email"}, force=True)
    enrow.run_all()
    assert contacts.get().work_email is None


def test_addresses_verify_as_they_were_told(enrow, contact, contacts):
    """Valid when it was told or belongs to somebody who is known, else invalid; alone and in a batch."""
    enrow.verifies("Old@acme.com", valid=True)
    enrow.verifies("gone@acme.com", valid=False)
    enrow.knows("Eve Stone", "acme.com", email="eve@acme.com")
    addresses = {
        "old@acme.com": "valid",
        "gone@acme.com": "invalid",
        "eve@acme.com": "valid",
        "who@acme.com": "invalid",
    }
    for number, address in enumerate(addresses):
        Contact.objects.create(given_name=f"P{number}", work_email=address)

    enrich(contacts.filter(work_email="gone@acme.com"), verify=True)
    enrich(contacts, verify=True)
    enrow.run_all()

    said = LeadEnrichment.objects.values_list("email", "email_status")
    assert dict(said) == addresses
    assert {one.inputs["email"] for one in enrow.bought} == set(addresses)
    assert enrow.spent == 1


def test_out_of_credits(enrow, contact, contacts):
    """With no credits nothing is bought, and a search that was planned before is held until there are some."""
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    run = enrich(contacts, find={"email"})
    enrow.balance = 0
    enrow.run_all()
    assert (job().state, enrow.bought, enrow.spent) == (State.HELD, [], 0)

    enrow.balance = Decimal("2.5")
    enrow.run_all()
    assert (enrow.balance, run.progress().found) == (Decimal("1.5"), 1)

    enrow.balance = 0
    assert enrich(contacts, find={"phone"}).tally.worst_case == 0


def test_who_fails_is_refused_alone(enrow, contact, contacts):
    """One of a batch, one alone, and an address; each is told in its lead search."""
    Contact.objects.create(given_name="Eve", family_name="Stone", employer=contact.employer, work_email="eve@acme.com")
    bob = Contact.objects.create(given_name="Bob", family_name="Ray", employer=contact.employer)
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    enrow.fails("Bob Ray", "acme.com")
    enrow.fails(email="eve@acme.com")
    enrich(contacts, find={"email"})
    enrich(contacts.filter(pk=bob.pk), find={"phone"})
    enrich(contacts.filter(work_email="eve@acme.com"), verify=True)
    enrow.run_all()

    contact.refresh_from_db()
    assert contact.work_email == "ann@acme.com"
    errors = LeadSearch.objects.filter(outcome="error").values_list("crm_id", "job__kind")
    assert set(errors) == {
        (f"contact-{bob.pk}", "find_email"),
        (f"contact-{bob.pk}", "find_phone"),
        (f"contact-{bob.pk - 1}", "verify_email"),
    }
    assert [one.crm_id for one in enrow.bought] == [f"contact-{contact.pk}"]


def test_who_failed_may_be_known_again(enrow, contact, contacts):
    """What is told last counts."""
    enrow.fails("Ann Lee", "acme.com")
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    enrich(contacts, find={"email"})
    enrow.run_all()
    assert contacts.get().work_email == "ann@acme.com"


def test_enrow_is_down(enrow, contact, contacts):
    """Nothing is lost: searches stay queued, and go when it is up again."""
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    enrow.is_down()
    enrich(contacts, find={"email"})
    enrow.run_all()
    assert (job().state, enrow.bought) == (State.QUEUED, [])

    enrow.is_well()
    enrow.run_all()
    assert contacts.get().work_email == "ann@acme.com"
    assert len(enrow.bought) == 1


def test_enrow_is_slow(enrow, contact, contacts):
    """A search that was sent runs until Enrow is well."""
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    enrow.is_slow()
    enrich(contacts, find={"email"})
    enrow.run_all()
    enrow.run_all()
    assert (job().state, enrow.spent, contacts.get().work_email) == (State.RUNNING, 1, None)

    enrow.is_well()
    enrow.run_all()
    assert contacts.get().work_email == "ann@acme.com"


def test_enrow_loses_answers(enrow, contact, contacts):
    """A search whose answer and event are lost is unconfirmed, and is never sent again by itself."""
    enrow.loses_answers()
    enrich(contacts, find={"email"})
    enrow.run_all()
    enrow.is_well()
    enrow.run_all()
    assert (job().state, len(enrow.bought)) == (State.UNCONFIRMED, 1)


@pytest.mark.enrow(chaos="drop", delay=3.0)
def test_well_is_as_it_was_at_the_beginning(enrow):
    """What the marker says comes back; one state takes the place of another."""
    enrow.is_slow()
    enrow.is_down()
    assert (not enrow.is_slow_now, enrow.sandbox.settings.delay) == (True, 3.0)
    enrow.is_well()
    assert (set(enrow.sandbox.settings.chaos), enrow.sandbox.settings.delay) == ({"drop"}, 3.0)


def test_an_event_from_elsewhere(enrow, contact, contacts):
    """It comes by the dashboard's URL, is confirmed by GET and written; it is nobody's purchase of ours."""
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    found = enrow.event(
        "single_search_finished", crm_id=f"contact-{contact.pk}", fullname="Ann Lee", company_domain="acme.com"
    )
    stored = WebhookEvent.objects.get()
    assert (stored.enrow_id, stored.reference) == (found, "")
    enrow.run_all()
    assert contacts.get().work_email == "ann@acme.com"
    assert (enrow.bought, enrow.spent, enrow.balance) == ([], 0, 999)


def test_every_event_can_come(enrow, contact):
    """All six, with the words of their search."""
    for name, payload in {
        "single_search_finished": {"fullname": "Ann Lee", "company_name": "Acme"},
        "bulk_search_finished": {"searches": [{"fullname": "Ann Lee", "company_domain": "acme.com"}]},
        "verification_finished": {"email": "ann@acme.com"},
        "bulk_verification_finished": {"verifications": ["ann@acme.com"]},
        "single_phone_search_finished": {"linkedin_url": PROFILE},
        "bulk_phone_search_finished": {"searches": [{"linkedin_url": PROFILE}]},
    }.items():
        enrow.event(name, **payload)
    assert WebhookEvent.objects.values("event").distinct().count() == 6
    enrow.run_all()
    assert not WebhookEvent.objects.exclude(state__in=["processed", "ignored"]).exists()


@pytest.mark.parametrize("way", ["later", "batched", "command"])
def test_every_way_to_ask_is_worked_off(enrow, contact, contacts, way, monkeypatch):
    """Stored selections, leads that come one by one, and the command: planned, sent and written without a worker."""
    monkeypatch.setattr(choosing, "registry", registry)
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    if way == "later":
        enrich_later(contacts, find={"email"}, max_credits=5)
    elif way == "batched":
        enrich_batched(contact, find={"email"}, daily_credits=5)
    else:
        call_command("enrich_leads", "--model", "crm.Contact", "--find", "email", "--max-credits", "5", verbosity=0)
    enrow.run_all()
    assert contacts.get().work_email == "ann@acme.com"
    assert enrow.spent == 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda enrow: enrow.knows(email="ann@acme.com"), "Say who"),
        (lambda enrow: enrow.knows("Ann Lee", email="ann@acme.com"), "Say who"),
        (lambda enrow: enrow.fails(), "Say who"),
        (lambda enrow: enrow.knows("Ann Lee", "acme.com", phone="12"), "international form"),
        (lambda enrow: enrow.event("single_search_done"), "It has: single_search_finished, bulk_"),
        (lambda enrow: enrow.event("single_search_finished", fullname="Ann Lee"), "company_domain and company_name"),
    ],
    ids=["nobody", "no company", "nobody fails", "no phone", "no event", "no search"],
)
def test_what_cannot_be_is_refused_with_a_sentence(enrow, call, said):
    """A slip in a test is told at once."""
    with pytest.raises(ValueError, match=said):
        call(enrow)


def test_without_a_url_no_event_comes(enrow, settings):
    """A project that polls has none."""
    settings.ENROW = {**settings.ENROW, "WEBHOOK_ORIGIN": ""}
    with pytest.raises(ValueError, match="WEBHOOK_ORIGIN"):
        enrow.event("verification_finished", email="ann@acme.com")
