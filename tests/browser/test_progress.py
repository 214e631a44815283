"""A run is watched in a real browser: its page, and the lists, move without a reload."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session

from leads.enrichment import enrich
from leads.models import EnrichmentRun, Lead, SearchJob
from tests.conftest import work
from tests.leads.admin_pages import list_page, row_page

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# How often the page of a run has asked how far it is.
ASKED = "return performance.getEntriesByType('resource').filter(one => one.name.endsWith('/progress/')).length"


@pytest.fixture
def run(site, make_leads):
    """Three leads that somebody asked for; no worker has begun."""
    make_leads(3)
    asked = enrich(Lead.objects.all(), find={"email"}, requested_by="ann", via="admin")
    return EnrichmentRun.objects.get(pk=asked.id)


def test_a_person_enriches_leads_and_watches_it_finish(person, site, make_leads):
    """Choose, confirm, and look on: the numbers change on the page that is open."""
    make_leads(3)
    person.sign_in()
    person.open(list_page(Lead))
    person.choose("find_email")
    person.reads("Nothing has been spent yet.")
    person.one("[name=confirm]").click()
    person.reads("0 of 3 searches are done.")
    assert "3 queued" in person.text
    person.leave_a_mark()

    work(site)

    person.reads("3 of 3 searches are done.")
    assert person.has_mark, "the page was loaded anew"
    assert person.one("progress").get_attribute("value") == "3"
    assert Lead.objects.filter(email_status="valid").count() == 3
    assert not person.complaints


def test_with_the_worker_dead_the_page_says_so_by_itself(person, run):
    """Within seconds, in words for somebody who can only tell the administrator."""
    person.sign_in("view_enrichmentrun")
    person.open(row_page(run))
    person.leave_a_mark()
    person.reads("waiting for a worker since")
    assert "tell your administrator" in person.text
    assert person.has_mark
    assert not person.all("[name=decide]"), "who only looks has no buttons"


def test_a_button_stays_while_the_words_beside_it_change(person, run):
    """Nobody presses into the void, and the link for browsers without JavaScript stays away."""
    person.sign_in()
    person.open(row_page(run))
    person.reads("waiting for a worker since")
    person.driver.execute_script("document.querySelector('[value=cancel]').mark = true")
    before = person.text
    person.waits_until(lambda: person.text != before)
    assert person.driver.execute_script("return document.querySelector('[value=cancel]').mark") is True
    assert not person.shows("[data-reload]")


def test_with_a_wrong_key_confirm_is_off_and_an_open_run_says_why(person, site, run):
    """Nothing is spent, nothing is lost, and it goes on when the key is right again."""
    person.sign_in()
    person.open(row_page(run))
    site.configure(keys={"another"})
    work(site)
    person.reads("held:")
    person.reads("Tell your administrator")
    Lead.objects.create(crm_id="new", firstname="Ann", lastname="New", company_domain="new.com")
    person.open(list_page(Lead, q="new"))
    person.choose("find_email")
    person.reads("Nothing can be sent")
    assert not person.one("[name=confirm]").is_enabled()


def test_a_run_is_paused_resumed_and_cancelled_by_keyboard_alone(person, run):
    """Buttons on its page, pressed without a mouse; the page shows what came of it."""
    person.sign_in()
    person.open(row_page(run))
    for value, state in (("pause", "Paused"), ("resume", "Running"), ("cancel", "Cancelled")):
        person.press(f"[name=decide][value={value}]")
        person.reads(f"{state}:")
    assert EnrichmentRun.objects.get().state == "cancelled"
    assert SearchJob.objects.get().state == "cancelled"


def test_a_list_moves_and_keeps_what_is_ticked(person, site, run):
    """Open rows are looked at again; what a person has ticked and typed stays."""
    person.sign_in()
    person.open(list_page(SearchJob))
    assert "queued" in person.one("#result_list").text
    person.one("input.action-select").click()
    person.one("#searchbar").send_keys("typed")
    person.leave_a_mark()

    work(site)

    person.waits_until(lambda: "finished" in person.one("#result_list").text)
    assert person.has_mark
    assert person.one("input.action-select").is_selected()
    assert person.one("#searchbar").get_attribute("value") == "typed"


def test_a_lost_connection_is_said_and_taken_up_again(person, site, run):
    """The page neither breaks nor stays silent; when the network is back it goes on by itself."""
    person.sign_in()
    person.open(row_page(run))
    person.leave_a_mark()
    person.lose_the_network(lost=True)
    try:
        person.reads("This page cannot reach the site.")
    finally:
        person.lose_the_network(lost=False)
    work(site)
    person.reads("3 of 3 searches are done.")
    assert person.has_mark
    assert "cannot reach" not in person.text


def test_who_was_signed_out_keeps_the_last_state_and_asks_no_more(person, site, run):
    """No login page appears inside the page."""
    person.sign_in()
    person.open(row_page(run))
    person.reads("0 of 3 searches are done.")
    Session.objects.all().delete()
    # The page has noted it: the link that loads it anew is there.
    person.waits_until(lambda: person.shows("[data-reload]"))
    number = person.driver.execute_script(ASKED)
    work(site)
    person.waits(5)
    assert person.driver.execute_script(ASKED) == number
    assert "0 of 3 searches are done." in person.text
    assert not person.all("[name=password]")
