"""``manage.py export_lead_data`` prints what is stored of one person."""

from __future__ import annotations

import pytest

from leads import forgetting
from leads.enrichment import enrich
from leads.models import Lead
from tests.commands import run
from tests.conftest import work

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_tells_people_and_programs_and_knows_nobody_who_was_forgotten(site, make_leads):
    """Who is not here is a wrong call, exit code 2."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"email"})
    work(site)
    email = Lead.objects.get().email
    told = run("export_lead_data", "lead-0", "--json").json
    assert (told["leads"][0]["email"], len(told["searches"])) == (email, 1)
    said = run("export_lead_data", "lead-0")
    assert (said.code, email in said.out) == (0, True)
    forgetting.forget(["lead-0"])
    refused = run("export_lead_data", "lead-0")
    assert (refused.code, "Nothing is known of" in refused.err) == (2, True)
