"""Search jobs: looked at, resumed, given up, sent again, searched again."""

from __future__ import annotations

import pytest

from leads.enrichment import enrich
from leads.models import EnrichmentRun, Lead, LeadSearch, SearchJob
from leads.runs import planning
from tests.conftest import finish
from tests.leads.api.client import ALL, every_row, logged, program, told

pytestmark = pytest.mark.django_db
SPEND = {"max_credits": "10"}
# Who may do everything about jobs; the test takes one of them away.
OPERATOR = ("view_searchjob", "change_searchjob", "spend_credits", "view_lead")


@pytest.fixture
def own(job_in):
    """Make a job that Ann asked for through the API."""

    def make(state):
        job = job_in(state)
        EnrichmentRun.objects.filter(pk=job.run).update(via="api", requested_by="ann")
        SearchJob.objects.filter(pk=job.pk).update(requested_by="ann")
        return job

    return make


@pytest.fixture
def ann(db):
    return program(*ALL)


def test_jobs_are_listed_newest_first_and_narrowed(ann, own):
    """By state, kind, run and time; each on one page."""
    jobs = [own(state) for state in ("finished", "held", "unconfirmed")]
    assert [row["id"] for row in every_row(ann, "jobs/", {"limit": 1})] == [str(job.pk) for job in jobs[::-1]]
    for query, found in (
        ({"state": "held"}, jobs[1:2]),
        ({"run": str(jobs[1].run)}, jobs[1:2]),
        ({"kind": "find_phone"}, []),
        ({"created_before": jobs[1].created_at.isoformat()}, jobs[:1]),
        ({"created_after": jobs[2].created_at.isoformat()}, jobs[2:]),
    ):
        assert [row["id"] for row in told(ann.get("jobs/", query))["results"]] == [str(job.pk) for job in found]
    for query in (
        {"state": "asleep"},
        {"run": "x"},
        {"created_after": "x"},
        {"stat": "held"},
        {"state": ["held", "held"]},
    ):
        told(ann.get("jobs/", query), 400)


def test_equal_times_are_no_end_of_a_list(ann, own):
    """The parts of one batch were made at one moment."""
    job = own("held")
    SearchJob.objects.bulk_create(
        SearchJob(run=job.run, kind="find_email", requested_by="ann", created_at=job.created_at) for _ in range(7)
    )
    for limit in (1, 3, 8):
        assert len({row["id"] for row in every_row(ann, "jobs/", {"limit": limit})}) == 8


def test_a_held_job_is_resumed(ann, own):
    """What it needs must be there, or it is held again; it says why."""
    job = own("held")
    assert told(ann.get(f"jobs/{job.pk}/"))["problem"]
    assert told(ann.post(f"jobs/{job.pk}/resume/"))["state"] == "queued"
    assert logged(job.pk) == ["Resumed."]
    assert "queued" in told(ann.post(f"jobs/{job.pk}/resume/"), 409)["detail"]


def test_a_lost_job_is_given_up(ann, own):
    """Its leads may be bought again."""
    job = own("unconfirmed")
    assert told(ann.post(f"jobs/{job.pk}/give-up/"))["state"] == "expired"
    assert logged(job.pk) == ["Given up."]
    told(ann.post(f"jobs/{job.pk}/give-up/"), 409)


def test_a_lost_job_is_sent_again_within_the_credits(ann, own, sandbox):
    """By a run of its own, once for each key; what it may cost is said before."""
    job = own("unconfirmed")
    told(ann.post(f"jobs/{job.pk}/resend/", {"max_credits": "1"}), 400)
    assert SearchJob.objects.get(pk=job.pk).state == "unconfirmed"
    key = {"Idempotency-Key": "again"}
    first = ann.post(f"jobs/{job.pk}/resend/", SPEND, **key)
    (run,) = told(first, 202)["runs"]
    assert first["Location"] == f"/api/leads/runs/{run}/"
    assert told(ann.post(f"jobs/{job.pk}/resend/", SPEND, **key), 202)["runs"] == [run]
    told(ann.post(f"jobs/{job.pk}/resend/", SPEND), 409)
    assert logged(job.pk) == ["Sent again."]
    assert EnrichmentRun.objects.get(pk=run).max_credits == 2
    finish(sandbox)
    assert told(ann.get(f"runs/{run}/progress/"))["found"] == 2


def test_what_the_day_does_not_allow_is_not_sent_again(ann, own, enrow):
    """Given up, it could not be sent."""
    job = own("unconfirmed")
    enrow(USER_DAILY_CREDIT_LIMIT=3)
    told(ann.post(f"jobs/{job.pk}/resend/", SPEND), 400)
    assert SearchJob.objects.get(pk=job.pk).state == "unconfirmed"


def test_what_failed_is_searched_again(ann, own, sandbox):
    """Only that, and for no more than it may cost."""
    job = own("failed")
    LeadSearch.objects.filter(job=job, crm_id="failed-1").update(outcome="not_found")
    Lead.objects.filter(crm_id="failed-0").update(company_domain="firm.com")
    (run,) = told(ann.post(f"jobs/{job.pk}/retry/", {"max_credits": "0.5"}), 202)["runs"]
    finish(sandbox)
    assert EnrichmentRun.objects.get(pk=run).worst_case == 0
    assert logged(job.pk) == ["Searched again what failed."]
    (run,) = told(ann.post(f"jobs/{job.pk}/retry/", SPEND), 202)["runs"]
    assert EnrichmentRun.objects.get(pk=run).max_credits == 1
    finish(sandbox)
    assert list(LeadSearch.objects.filter(job__run=run).values_list("crm_id", "outcome")) == [("failed-0", "found")]


def test_where_nothing_failed_nothing_is_searched(ann, own):
    """409 says so."""
    told(ann.post(f"jobs/{own('finished').pk}/retry/", SPEND), 409)


def test_what_the_table_refused_is_written_again_for_nothing(one_email):
    """No run is made for it."""
    lead = one_email()
    boss = program(*OPERATOR, *(f"view_{name}" for name in ("contact", "candidate", "person", "member")), name="boss")
    job = SearchJob.objects.get(refused=1)
    assert f"{lead.crm_id}: " in told(boss.get(f"jobs/{job.pk}/"))["problem"]
    Lead.objects.filter(crm_id__startswith="taken").update(email="")
    assert told(boss.post(f"jobs/{job.pk}/retry/", SPEND), 202) == {"job": str(job.pk), "runs": [], "written": 1}
    assert Lead.objects.get(crm_id=lead.crm_id).email


@pytest.mark.parametrize("action", ["resume", "give-up", "resend", "retry"])
@pytest.mark.parametrize("missing", ["change_searchjob", "spend_credits", "view_lead"])
def test_each_permission_is_needed(job_in, action, missing):
    """To give up spends nothing; all others need all of them."""
    state = {"resume": "held", "retry": "failed"}.get(action, "unconfirmed")
    job = job_in(state)
    names = set(OPERATOR) - {missing} | {f"view_{name}" for name in ("contact", "candidate", "person", "member")}
    answer = program(*names, name="bob").post(f"jobs/{job.pk}/{action}/", SPEND)
    is_enough = action == "give-up" and missing == "spend_credits"
    assert (answer.status_code in {200, 202}) == is_enough
    assert answer.status_code in ({200} if is_enough else {403, 404})
    assert (SearchJob.objects.get(pk=job.pk).state == state) != is_enough


def test_the_cap_of_a_user_counts_what_they_ask_for_by_programs(ann, make_leads, enrow, sandbox):
    """As in the admin; what code does in their name does not count."""
    make_leads(4)
    enrow(USER_DAILY_CREDIT_LIMIT=3)
    enrich(Lead.objects.filter(crm_id="lead-0"), find={"email"}, requested_by="ann")
    ask = {"model": "leads.lead", "find": ["email"], "max_credits": "10"}
    run = told(ann.post("runs/", ask | {"all": True}), 202)["id"]
    planning.plan_page(EnrichmentRun.objects.get(pk=run).pk)
    assert told(ann.get(f"runs/{run}/"))["worst_case"] == "3.00"
    make_leads(1, prefix="more", lastname="Else")
    estimate = told(ann.post("estimates/", ask | {"crm_ids": ["more-0"]}))
    assert estimate["skipped"][0]["reason"] == "over_user"
    assert told(ann.get("credits/"))["user_left"] == "0.00"
