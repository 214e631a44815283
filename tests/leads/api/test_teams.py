"""Two teams in one table: neither sees, counts, filters by, spends on or decides about the other's leads."""

from __future__ import annotations

import json
import uuid

import pytest

from leads.mapping import registry
from leads.models import EnrichmentRun, Lead, LeadSearch, SearchJob
from tests.conftest import finish
from tests.leads.api.client import every_row, program, told

pytestmark = pytest.mark.django_db
TEAM = (
    *("spend_credits", "view_found_values", "view_lead", "change_lead"),
    *(f"{verb}_{model}" for verb in ("view", "change") for model in ("enrichmentrun", "searchjob", "leadsearch")),
)
ASK = {"model": "leads.lead", "find": ["email"], "max_credits": "50"}


@pytest.fixture
def teams(make_leads, sandbox, monkeypatch):
    """Ann's team has the leads of France, Bob's those of Germany; each has had its own searched."""
    monkeypatch.setattr(
        type(registry.of(Lead)),
        "visible_to",
        lambda self, user, leads: leads.filter(country_code={"ann": "fr", "bob": "de"}[user.get_username()]),
    )
    make_leads(3, prefix="ann", country_code="fr")
    make_leads(4, prefix="bob", country_code="de", lastname="Anybody")
    ann, bob = program(*TEAM), program(*TEAM, name="bob")
    runs = {}
    for name, team in (("ann", ann), ("bob", bob)):
        runs[name] = told(team.post("runs/", ASK | {"all": True}, **{"Idempotency-Key": "order-1"}), 202)["id"]
    finish(sandbox)
    return ann, bob, runs


def values_of(prefix):
    return set(Lead.objects.filter(crm_id__startswith=prefix).values_list("email", flat=True)) - {""}


def test_everything_that_can_be_read_is_of_ones_own_team(teams):
    """Every list, every page, every sum; nothing of the other is in any byte of any answer."""
    ann, _bob, runs = teams
    assert len(every_row(ann, "models/leads.lead/leads/")) == 3
    assert len(every_row(ann, "models/leads.lead/leads/", {"email_status": "valid"})) == 3
    assert [row["id"] for row in every_row(ann, "runs/")] == [runs["ann"]]
    assert {row["run"] for row in every_row(ann, "jobs/")} == {runs["ann"]}
    assert len(every_row(ann, f"runs/{runs['ann']}/searches/")) == 3
    spent = told(ann.get("credits/"))
    assert (spent["today"]["spent"], spent["is_everybody"], len(spent["per_user"])) == ("3.00", False, 1)
    read = [
        *("models/", "models/leads.lead/leads/", "runs/", "jobs/", "credits/", "health/"),
        *(f"runs/{runs['ann']}/{part}" for part in ("", "progress/", "searches/")),
    ]
    said = "".join(json.dumps(told(ann.get(path))) for path in read)
    foreign = [
        runs["bob"],
        "bob",
        *values_of("bob"),
        *map(str, SearchJob.objects.filter(run=runs["bob"]).values_list("pk", flat=True)),
    ]
    assert values_of("ann") <= {value for value in values_of("ann") if value in said}
    assert [word for word in foreign if word in said] == []


@pytest.mark.parametrize(
    "query",
    [
        {"crm_id": "bob-0"},
        {"email_status": "not_found"},
        {"searching": "email"},
        {"email_checked_after": "2000-01-01", "crm_id": "bob-1"},
    ],
)
def test_no_filter_finds_a_foreign_lead(teams, query):
    """Nor tells by a number, or by a page behind it, that there is one."""
    ann, *_ = teams
    LeadSearch.objects.filter(crm_id="bob-2").update(outcome="pending")
    Lead.objects.filter(crm_id="bob-3").update(email_status="not_found")
    assert told(ann.get("models/leads.lead/leads/", query)) == {"next": None, "results": []}


def test_a_foreign_lead_is_as_one_that_is_not_there(teams):
    """The same words for both, when it is read, estimated or searched."""
    ann, *_ = teams
    for path in ("models/leads.lead/leads/{}/", "models/leads.lead/leads/?crm_id={}"):
        there, not_there = ann.get(path.format("bob-0")), ann.get(path.format("nobody-0"))
        assert (there.status_code, there.content) == (not_there.status_code, not_there.content)
    for where in ("estimates/", "runs/"):
        for pick in (lambda name: {"crm_ids": ["ann-0", name]}, lambda name: {"filter": {"crm_id": [name]}}):
            there, not_there = (ann.post(where, ASK | pick(name)) for name in ("bob-0", "nobody-0"))
            assert there.status_code == not_there.status_code
            if there.status_code == 400 or where == "estimates/":
                assert there.content.replace(b"bob", b"nobody") == not_there.content
    assert not LeadSearch.objects.filter(crm_id__startswith="bob", job__requested_by="ann").exists()


def test_nothing_is_spent_on_foreign_leads(teams, sandbox):
    """All leads are all that one sees, and an estimate counts no others."""
    ann, *_ = teams
    again = ASK | {"all": True, "force": True, "overwrite": True}
    assert told(ann.post("estimates/", again))["counts"][0]["searched"] == 3
    run = told(ann.post("runs/", again), 202)
    finish(sandbox)
    assert (run["selected"], EnrichmentRun.objects.get(pk=run["id"]).worst_case) == (3, 3)
    assert {row["crm_id"] for row in every_row(ann, f"runs/{run['id']}/searches/")} == {"ann-0", "ann-1", "ann-2"}


def test_a_foreign_run_or_job_is_not_there(teams):
    """Neither to look at nor to decide about, whatever permissions of their models one has."""
    ann, _bob, runs = teams
    run, job = runs["bob"], SearchJob.objects.get(run=runs["bob"]).pk
    nowhere = uuid.uuid4()
    for pk in (run, nowhere):
        for part in ("", "progress/", "searches/"):
            told(ann.get(f"runs/{pk}/{part}"), 404)
        for action in ("pause", "resume", "cancel"):
            told(ann.post(f"runs/{pk}/{action}/"), 404)
    for pk in (job, nowhere):
        told(ann.get(f"jobs/{pk}/"), 404)
        for action in ("resume", "give-up", "resend", "retry"):
            told(ann.post(f"jobs/{pk}/{action}/", {"max_credits": "10"}), 404)
    assert told(ann.get("jobs/", {"run": run}))["results"] == []


def test_the_key_of_the_other_team_opens_nothing(teams):
    """Both used "order-1"; each gets its own answer again."""
    ann, bob, runs = teams
    for name, team in (("ann", ann), ("bob", bob)):
        again = told(team.post("runs/", ASK | {"all": True}, **{"Idempotency-Key": "order-1"}), 202)
        assert again["id"] == runs[name]


@pytest.mark.parametrize(("action", "state"), [("resume", "held"), ("resend", "unconfirmed"), ("retry", "failed")])
def test_a_job_that_another_team_shares_is_not_sent_in_their_name(teams, make_leads, action, state):
    """The same person is a lead of both: one purchase, which neither sends again alone."""
    ann, _bob, runs = teams
    job = SearchJob.objects.get(run=runs["ann"])
    SearchJob.objects.filter(pk=job.pk).update(state=state, written_at=job.written_at)
    LeadSearch.objects.filter(job=job).update(outcome="error" if state == "failed" else "pending")
    shared = LeadSearch.objects.create(job=job, model="leads.lead", crm_id="bob-0", kind="find_email", outcome="error")
    told(ann.post(f"jobs/{job.pk}/{action}/", {"max_credits": "10"}), 403)
    assert SearchJob.objects.get(pk=job.pk).state == state
    assert told(ann.get(f"runs/{runs['ann']}/searches/"))["results"][-1]["crm_id"].startswith("ann")
    shared.delete()
    assert ann.post(f"jobs/{job.pk}/{action}/", {"max_credits": "10"}).status_code in {200, 202}


def test_what_a_job_says_of_refused_leads_is_for_who_sees_all(teams):
    """Its last error names some by their crm_ids."""
    ann, _bob, runs = teams
    SearchJob.objects.filter(run=runs["ann"]).update(last_error="bob-0: IntegrityError one_email", refused=1)
    assert told(ann.get("jobs/"))["results"][0]["problem"] == ""


def test_who_sees_all_leads_sees_all_runs_and_jobs(teams, monkeypatch):
    """With the permissions of these models; without them, only what they asked for."""
    _ann, _bob, runs = teams
    monkeypatch.setattr(type(registry.of(Lead)), "visible_to", lambda self, user, leads: leads)
    boss = program("view_lead", "view_enrichmentrun", "view_searchjob", name="boss")
    assert {row["id"] for row in every_row(boss, "runs/")} == set(runs.values())
    assert told(boss.get("credits/"))["is_everybody"] is False  # the other models are not theirs to see
    clerk = program("view_lead", "spend_credits", name="clerk")
    assert every_row(clerk, "runs/") == every_row(clerk, "jobs/") == []
