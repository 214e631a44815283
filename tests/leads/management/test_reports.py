"""A plan, a run and its jobs, in words and as JSON."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads.enrichment import Reason, Run, Skip, Tally
from leads.management import reports
from leads.models import EnrichmentRun, SearchJob

RUN = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def tally():
    """1,200 to search, two known, five without a name."""
    tally = Tally(max_credits=Decimal(2000), worst_case=Decimal(1200))
    tally.to_search[Kind.FIND_EMAIL] = 1200
    tally.reused[Kind.FIND_EMAIL] = 2
    tally.missed[Kind.FIND_EMAIL] = 1
    for number in range(5):
        tally.skip(Skip(crm_id=f"c{number}", kind=Kind.FIND_EMAIL, reason=Reason.MISSING, sentence="It has no name."))
    tally.skip(Skip(crm_id="p", kind=Kind.FIND_PHONE, reason=Reason.OVER_BALANCE, sentence="Buy credits."))
    return tally


def test_a_plan_in_words_has_counts_and_three_examples(tally):
    """Each kind that was met, each reason with its number; not a screen full of leads."""
    assert list(reports.tally_lines(tally, is_queued=False)) == [
        "find e-mail, 1,207 asked for: 1,200 to search, 0 shared, 2 reused, 5 skipped",
        "  1 of the reused were searched lately and not found",
        "  skipped 5: an input is missing",
        "    c0: It has no name.",
        "    c1: It has no name.",
        "    c2: It has no name.",
        "find phone, 1 asked for: 0 to search, 0 shared, 0 reused, 1 skipped",
        "  skipped 1: over the balance",
        "    p: Buy credits.",
    ]


def test_a_plan_as_json_has_the_same_counts_and_all_examples(tally):
    """For programs."""
    told = reports.tally_json(tally)
    assert set(told["kinds"]) == {Kind.FIND_EMAIL, Kind.FIND_PHONE}
    assert told["kinds"][Kind.FIND_EMAIL]["to_search"] == 1200
    assert told["kinds"][Kind.FIND_EMAIL]["skipped"] == {Reason.MISSING: 5}
    assert (told["worst_case_credits"], told["max_credits"]) == (1200, 2000)
    assert len(told["skips"]) == 6


def test_only_what_the_balance_does_not_cover_counts_as_unpaid(tally):
    """Other skips need no credits."""
    assert reports.unpaid(tally) == 1


@pytest.mark.django_db
def test_jobs_that_need_a_person_are_found_and_each_has_its_advice():
    """A job that goes its way is not among them."""
    states = [*SearchJob.State.values, "unwritten", "refused"]
    for number, state in enumerate(states):
        SearchJob.objects.create(
            run=RUN,
            kind="find_email",
            state=state if state in SearchJob.State else "finished",
            enrow_id=f"{number}",
            requested_by=state,
            refused=state == "refused",
            last_error="No.",
            written_at=None if state == "unwritten" else timezone.now(),
        )
    jobs = list(reports.stuck(SearchJob.objects.all()))
    assert {job.requested_by for job in jobs} == {"held", "unconfirmed", "expired", "failed", "unwritten", "refused"}
    lines = [reports.job_line(job) for job in jobs]
    assert all(f"{job.pk}" in line and f"is {job.state}: No. " in line for job, line in zip(jobs, lines, strict=True))
    assert all(len(line.partition("No. ")[2]) > 20 for line in lines)


@pytest.mark.parametrize(("cost", "words"), [(None, "     4.00 reserved  "), (Decimal(3), "     3.00 spent  ")])
def test_a_job_in_one_line_tells_an_open_cost_from_a_known_one(cost, words):
    """Its last error stands on a second line."""
    job = SearchJob(run=RUN, kind="find_email", requested=1200, credits_reserved=4, credits_cost=cost)
    job.last_error, job.requested_by = "No.", "ann"
    first, second = reports.job_row(job).splitlines()
    assert words in first
    assert "1,200 searches" in first
    assert first.endswith("ann")
    assert second == "    No."


def test_a_job_as_json_has_nothing_of_its_leads():
    """Counts and amounts only."""
    assert set(reports.job_json(SearchJob(run=RUN, kind="find_email"))) == {
        *("id", "run", "kind", "state", "searched", "found", "refused"),
        *("credits_spent", "credits_reserved", "credits_released"),
        *("requested_by", "created_at", "last_error"),
    }


@pytest.mark.django_db
def test_times_are_those_of_the_project_as_in_the_admin(settings):
    """In words; a program reads UTC."""
    settings.TIME_ZONE = "Asia/Tokyo"
    at = dt.datetime(2026, 11, 28, 20, 30, tzinfo=dt.UTC)
    job = SearchJob(run=RUN, kind="find_email", created_at=at)
    run = EnrichmentRun(model="leads.lead", kinds="find_email", created_at=at)
    EnrichmentRun.objects.bulk_create([run])
    with timezone.override("Asia/Tokyo"):
        assert "2026-11-29 05:30" in reports.job_row(job)
        assert "2026-11-29 05:30" in reports.run_row(run, Run(id=run.pk, tally=Tally()).progress())
    assert reports.job_json(job)["created_at"] == at
