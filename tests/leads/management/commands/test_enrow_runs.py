"""``manage.py enrow_runs``."""

from __future__ import annotations

import uuid

import pytest

from leads.enrichment import enrich, enrich_later
from leads.models import EnrichmentRun, Lead
from tests.commands import run
from tests.conftest import finish

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(make_leads):
    """A run of two leads that is not sent, and one of nobody."""
    make_leads(2)
    return enrich(Lead.objects.all(), find={"email"}, requested_by="ann"), enrich_later(
        Lead.objects.none(), find={"phone"}, max_credits=5
    )


def test_it_lists_who_asked_for_what_and_how_far_it_is(asked):
    """Newest first."""
    outcome = run("enrow_runs")
    assert outcome.code == 0
    newest, oldest = outcome.out.splitlines()
    assert "0 of 0 leads planned" in newest
    assert all(word in oldest for word in ("ann (code)", "2 asked for: 0 of 2 searched", str(asked[0].id), "running"))
    assert "and 1 older" in run("enrow_runs", "--limit", 1).out
    told = run("enrow_runs", "--state", "planning", "--json").json
    assert (told["total"], told["runs"][0]["kinds"], told["runs"][0]["selected"]) == (1, ["find_phone"], 0)
    assert "No run fits" in run("enrow_runs", "--state", "cancelled").out


def test_it_pauses_resumes_and_cancels(asked, sandbox):
    """And says by exit code 1 when a run was left as it is."""
    name = str(asked[0].id)
    assert run("enrow_runs", name, "--pause").out.strip() == f"Paused: run {name} is paused."
    again = run("enrow_runs", name, "--pause")
    assert (again.code, "1 of 1 runs were left as they are" in again.err) == (1, True)
    told = run("enrow_runs", name, "--resume", "--json").json
    assert (told["runs"][0]["done"], told["runs"][0]["state"]) == (True, "running")
    assert run("enrow_runs", "--state", "running", "--cancel").code == 0
    finish(sandbox)
    assert (EnrichmentRun.objects.get(pk=name).state, sandbox.jobs) == ("cancelled", [])


def test_it_watches_one_run_to_its_end(asked, sandbox):
    """What is over is shown at once."""
    finish(sandbox)
    outcome = run("enrow_runs", asked[0].id, "--watch")
    assert "2 of 2 searched" in outcome.out
    assert run("enrow_runs", asked[0].id, "--watch", "--json").json["done"] == 2
    assert run("enrow_runs", "--state", "finished", "--watch").code == 2


@pytest.mark.parametrize("arguments", [["--pause"], ["--cancel"], [str(uuid.uuid4()), "--pause"]])
def test_a_call_that_names_no_run_is_wrong(arguments):
    """Nobody pauses everything by mistake."""
    assert run("enrow_runs", *arguments).code == 2
