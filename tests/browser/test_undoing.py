"""A person finds a bad address on the form of a lead and puts the old one back, and no list is cut off."""

from __future__ import annotations

import pytest

from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from tests.conftest import work
from tests.leads.admin_pages import list_page, row_page

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# What of a list lies beyond the edge of its box, in pixels.
CUT_OFF = (
    "const list = document.querySelector('#result_list'); return list.scrollWidth - list.parentElement.clientWidth"
)


def test_an_address_is_undone_and_the_lists_show_all_their_columns(person, site, make_leads):
    """From the form, over the page that shows both, back to the form; at 1280 pixels, with long words."""
    make_leads(1, email="old@firm0.com", company_name="Donaudampfschifffahrtsgesellschaft")
    enrich(Lead.objects.all(), find={"email"}, overwrite=True, requested_by="annabelle.longname@firm.com")
    work(site)
    lead = Lead.objects.get()
    assert lead.email != "old@firm0.com"
    person.sign_in()
    person.open(row_page(lead))
    person.press(".enrow-put-back")
    person.reads("E-mail afterwards")
    assert "old@firm0.com" in person.text
    person.press("[name=confirm]")
    person.reads("The old value is back.")
    assert Lead.objects.get().email == "old@firm0.com"
    assert not person.all(".enrow-put-back")
    SearchJob.objects.update(last_error="The answer was lost: " * 20)
    for model in (Lead, SearchJob, LeadSearch):
        person.open(list_page(model))
        assert person.driver.execute_script(CUT_OFF) <= 0, model
    assert not person.complaints
