"""Runs: asked for, watched, stopped; and those of others."""

from __future__ import annotations

import pytest

from leads.models import EnrichmentRun, Lead, LeadSearch
from tests.conftest import finish
from tests.leads.api.client import ALL, every_row, logged, program, told

pytestmark = pytest.mark.django_db
BODY = {"model": "leads.lead", "find": ["email"], "max_credits": "10", "all": True}


@pytest.fixture
def ann(sandbox):
    return program(*ALL)


def test_a_run_from_asking_to_its_results(ann, make_leads, sandbox):
    """202 with where to look and when; the workers plan it, and its searches say what came."""
    make_leads(3)
    made = ann.post("runs/", BODY)
    run = told(made, 202)
    assert made["Location"] == f"/api/leads/runs/{run['id']}/"
    assert made["Retry-After"] == "2"
    assert (run["state"], run["selected"], run["planned"], run["max_credits"]) == ("planning", 3, 0, "10.00")
    assert (run["requested_by"], run["via"]) == ("ann", "api")
    finish(sandbox)
    run = told(ann.get(f"runs/{run['id']}/"))
    assert run["counts"] == [{"kind": "find_email", "searched": 3, "shared": 0, "reused": 0, "skipped": 0}]
    progress = told(ann.get(f"runs/{run['id']}/progress/"))
    assert (progress["found"], progress["is_over"], progress["spent"]) == (3, True, "3.00")
    searches = every_row(ann, f"runs/{run['id']}/searches/", {"limit": 2})
    assert {row["value"] for row in searches} == set(Lead.objects.values_list("email", flat=True))
    assert [row["id"] for row in told(ann.get("runs/"))["results"]] == [run["id"]]


@pytest.mark.parametrize("wrong", [None, "", "a lot", "NaN", "Infinity", -1, 1e20, True, [], {}, "1.001", "9" * 5000])
def test_max_credits_is_an_amount(ann, make_leads, wrong):
    """It must be said, and be a number of credits; else nothing is asked for."""
    make_leads(1)
    answer = ann.post("runs/", BODY | {"max_credits": wrong})
    assert "max_credits" in told(answer, 400)
    assert not EnrichmentRun.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"all": False}, "crm_ids"),
        ({"crm_ids": ["lead-0"]}, "crm_ids"),
        ({"filter": {"email_status": "valid"}}, "crm_ids"),
        ({"crm_ids": [], "all": False}, "crm_ids"),
        ({"find": []}, "find"),
        ({"find": ["fax"]}, "find"),
        ({"find": "email"}, "find"),
        ({"model": "leads.nothing"}, "model"),
        ({"model": "auth.user"}, "model"),
        ({"model": "\ud800"}, "model"),
        ({"verfy": True}, "verfy"),
        ({"\ud800": True}, "\ud800"),
        ({"all": False, "crm_ids": ["lead-0", "nobody"]}, "crm_ids"),
        ({"all": False, "crm_ids": ["lead-0\x00"]}, "crm_ids"),
        ({"all": False, "crm_ids": ["x"] * 10_001}, "crm_ids"),
        ({"all": False, "filter": {"firstname": "Ann"}}, "filter"),
        ({"all": False, "filter": {"company_name__regex": "a"}}, "filter"),
        ({"all": False, "filter": []}, "filter"),
    ],
)
def test_what_is_asked_for_must_be_clear(ann, make_leads, change, field):
    """A wrong word, an unknown field or filter, leads that are nobody: an error with the field's name, and no run."""
    make_leads(1)
    answer = ann.post("runs/", BODY | change)
    assert field in told(answer, 400)
    assert not EnrichmentRun.objects.exists()


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '"a"', '{"max_credits": NaN}', "[" * 100_000, b"\xff", b"\x00"]
)
def test_a_body_that_is_no_request_is_told_so(ann, body):
    """Also one that is nested so deeply that Python gives up."""
    told(ann.post("runs/", body), 400)


def test_a_body_is_not_read_without_end(ann):
    """Two megabytes are 10,000 crm_ids; more is refused."""
    told(ann.post("runs/", '"' + "a" * (2 * 1024 * 1024) + '"'), 413)
    answer = ann.client.post("/api/leads/runs/", {"model": "leads.lead"})
    told(answer, 415)


def test_a_run_is_paused_resumed_and_cancelled(ann, make_leads):
    """By who asked for it; what cannot be done is 409."""
    make_leads(1)
    run = told(ann.post("runs/", BODY), 202)["id"]
    for action, state in (("pause", "paused"), ("resume", "planning"), ("cancel", "cancelled")):
        assert told(ann.post(f"runs/{run}/{action}/"))["state"] == state
    for action in ("pause", "resume", "cancel"):
        told(ann.post(f"runs/{run}/{action}/"), 409)
    assert logged(run) == ["Paused.", "Resumed.", "Cancelled."]


def test_leads_by_name_and_by_filter(ann, make_leads):
    """Only those that were named, or that the filters find."""
    make_leads(3)
    Lead.objects.filter(crm_id="lead-2").update(email="a@b.com", email_status="valid")
    assert told(ann.post("runs/", BODY | {"all": False, "crm_ids": ["lead-0", "lead-0"]}), 202)["selected"] == 1
    chosen = {"email_status": "never_tried", "crm_id": ["lead-1", "lead-2"]}
    assert told(ann.post("runs/", BODY | {"all": False, "filter": chosen}), 202)["selected"] == 1


def test_found_values_are_for_who_may_view_them(make_leads, sandbox):
    """In the searches of a run: value, country, and an error that may quote what came."""
    bob = program("spend_credits", "view_lead", name="bob")
    make_leads(1)
    run = told(bob.post("runs/", BODY), 202)["id"]
    finish(sandbox)
    LeadSearch.objects.update(error="'ann@firm.com' is no address")
    (search,) = told(bob.get(f"runs/{run}/searches/"))["results"]
    assert (search["outcome"], search["value"], search["country"], search["error"]) == ("found", None, None, None)


def test_runs_are_of_who_asked_for_them(ann, make_leads):
    """Somebody else's, and those of code that writes the same name, are not there; nor to be stopped."""
    make_leads(1)
    bob = program(*ALL, name="bob")
    run = told(ann.post("runs/", BODY), 202)["id"]
    foreign = EnrichmentRun.objects.create(model="leads.lead", kinds="find_email", requested_by="bob", via="code")
    assert told(bob.get("runs/"))["results"] == []
    for pk in (run, foreign.pk):
        told(bob.get(f"runs/{pk}/"), 404)
        told(bob.post(f"runs/{pk}/cancel/"), 404)
    assert {row["id"] for row in every_row(program("view_lead", "view_enrichmentrun", name="carla"), "runs/")} == {
        run,
        str(foreign.pk),
    }


def test_the_searches_of_several_jobs_are_each_on_one_page(ann, make_leads, sandbox):
    """Whatever the size of a page; also where jobs were made in another order than their ids are."""
    make_leads(4)
    make_leads(4, prefix="more", country_code="de", company_name="Firm", company_domain="")
    make_leads(4, prefix="third", country_code="fr", company_name="Firm", company_domain="")
    run = told(ann.post("runs/", BODY | {"max_credits": "20"}), 202)["id"]
    finish(sandbox)
    for limit in (1, 3, 4, 5, 200):
        found = [row["crm_id"] for row in every_row(ann, f"runs/{run}/searches/", {"limit": limit})]
        assert sorted(found) == sorted(Lead.objects.values_list("crm_id", flat=True))
