"""``manage.py forget_lead`` says what it does, and asks."""

from __future__ import annotations

import pytest

from leads.enrichment import enrich
from leads.models import Lead
from tests.commands import run
from tests.conftest import work
from tests.leads.traces import assert_forgotten, everything

pytestmark = pytest.mark.django_db(transaction=True)


# The command and the action.


def test_the_command_tells_asks_and_forgets(site, pair):
    """A dry run changes nothing; without --yes a program gets exit code 2; with it everything goes."""
    first, second = pair
    enrich(Lead.objects.filter(pk=first.pk), find={"email"})
    work(site)
    before = everything()
    assert run("forget_lead", first.crm_id, "--dry-run", "--json").json == {
        "dry_run": True,
        "leads": 1,
        "searches": 1,
        "bodies": 1,
        "known": 0,
        "waiting": 0,
        "log_entries": 0,
        "blanked": {},
        "deleted": {"leads": 1},
        "protected": {},
    }
    refused = run("forget_lead", first.crm_id)
    assert (refused.code, "--yes" in refused.err, everything() == before) == (2, True, True)
    outcome = run("forget_lead", first.crm_id, "--yes")
    said = "Forgot 1 leads, 1 lead searches, 1 bodies of events.\nDeleted: 1 leads\n"
    assert (outcome.code, outcome.out) == (0, said)
    assert_forgotten(first)
    again = run("forget_lead", first.crm_id, second.crm_id, "--yes")
    assert (again.code, "Nothing is known of" in again.err, Lead.objects.count()) == (2, True, 1)
