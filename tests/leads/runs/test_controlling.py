"""A run is paused, resumed, cancelled, finished and pruned as a whole."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import F

from leads.enrichment import Run, enrich, enrich_later, sweep
from leads.models import EnrichmentRun, Lead, LeadSearch, RunLead, SearchJob
from leads.outbox import enqueueing, submission
from leads.runs import controlling, planning, selecting
from tests.conftest import finish, work

pytestmark = pytest.mark.django_db

EMAIL = {"find": {"email"}}


def row() -> EnrichmentRun:
    return EnrichmentRun.objects.get()


@pytest.fixture
def half_sent(make_leads, sandbox, enrow):
    """Four leads in two jobs, of which one is sent."""
    enrow(BATCH_SIZE=2)
    make_leads(4)
    run = enrich(Lead.objects.all(), **EMAIL)
    assert submission.submit_next()
    return run


def states() -> list[str]:
    return sorted(SearchJob.objects.values_list("state", flat=True))


def test_a_pause_sends_nothing_more_and_what_is_sent_comes_home(half_sent, sandbox):
    """However often the sweep looks; a resume sends the rest, and nobody is bought twice."""
    assert half_sent.pause(by="ann")
    for _ in range(2):
        work(sandbox)
        SearchJob.objects.filter(state="running").update(next_check_at=F("created_at"))
        sweep()
    assert states() == ["finished", "held"]
    progress = half_sent.progress()
    assert (progress.state, progress.done, progress.waits_for) == ("paused", 2, "Paused by ann.")
    assert progress.is_over
    assert not half_sent.pause(by="ann"), "it is paused already"
    assert half_sent.resume(by="bob")
    finish(sandbox)
    assert (half_sent.progress().state, half_sent.progress().done) == ("finished", 4)
    assert sandbox.ledger.purchases.total() == 4
    assert not half_sent.resume(by="bob")


def test_a_worker_that_prepares_a_post_at_this_moment_does_not_send_it(make_leads, sandbox, monkeypatch):
    """The pause comes between its two claims."""
    make_leads(1)
    run = enrich(Lead.objects.all(), **EMAIL)
    real = submission.take_post_slot

    def pause_first():
        assert run.pause(by="ann")
        real()

    monkeypatch.setattr(submission, "take_post_slot", pause_first)
    submission.submit_next()
    assert (sandbox.jobs, states()) == ([], ["held"])


def test_what_comes_back_to_the_queue_of_a_paused_run_is_not_sent(half_sent, sandbox):
    """A POST that Enrow could not take comes back after the pause."""
    half_sent.pause(by="ann")
    SearchJob.objects.filter(state="running").update(state="queued", next_check_at=F("created_at"))
    posts = len(sandbox.jobs)
    assert submission.submit_next()
    sweep()
    assert (len(sandbox.jobs), states()) == (posts, ["held", "held"])


def test_a_cancelled_run_buys_nothing_more_and_keeps_what_it_bought(half_sent, sandbox):
    """Its credits are free at once; its leads can be searched by another run."""
    assert half_sent.cancel(by="ann")
    finish(sandbox)
    progress = half_sent.progress()
    assert (progress.state, progress.spent, progress.reserved, progress.jobs_open) == ("cancelled", 2, 0, 0)
    assert states() == ["cancelled", "finished"]
    assert row().note == "Cancelled by ann."
    again = enrich(Lead.objects.all(), **EMAIL)
    finish(sandbox)
    assert again.progress().searched == 2
    assert sandbox.ledger.purchases.total() == 4
    assert not half_sent.cancel(by="ann")
    assert not half_sent.resume(by="ann")


def test_many_jobs_are_cancelled_by_the_sweep_and_never_sent(make_leads, sandbox, enrow, monkeypatch):
    """Nobody waits for them, and nothing of them is sent meanwhile."""
    monkeypatch.setattr(controlling, "_AT_ONCE", 1)
    enrow(BATCH_SIZE=1)
    make_leads(4)
    run = enrich(Lead.objects.all(), **EMAIL)
    assert run.cancel(by="ann")
    assert states() == ["cancelled", "held", "held", "held"]
    work(sandbox)
    sweep()
    assert (states(), sandbox.jobs) == (["cancelled"] * 4, [])
    assert set(LeadSearch.objects.values_list("outcome", flat=True)) == {"cancelled"}


@pytest.mark.parametrize("stop", [Run.pause, Run.cancel])
def test_planning_stops_at_once(make_leads, sandbox, stop):
    """Also a page that is being planned at this moment: it is not written, and its credits are given back."""
    make_leads(3)
    run = enrich_later(Lead.objects.all(), **EMAIL, max_credits=None)
    assert stop(run, by="ann")
    sweep()
    assert not SearchJob.objects.exists()
    if stop is Run.pause:
        assert run.progress().waits_for == "Paused by ann."
        assert run.resume(by="ann")
        finish(sandbox)
        assert run.progress().searched == 3
    else:
        assert (run.progress().state, RunLead.objects.count()) == ("cancelled", 0)


def test_a_page_that_is_planned_while_somebody_pauses_is_not_written(make_leads, sandbox, monkeypatch):
    """What was reserved for it is given back."""
    make_leads(3)
    run = enrich_later(Lead.objects.all(), **EMAIL, max_credits=None)
    reserve = planning.enqueueing.reserve

    def pause_meanwhile(*args, **kwargs):
        reserved = reserve(*args, **kwargs)
        assert run.pause(by="ann")
        return reserved

    monkeypatch.setattr(planning.enqueueing, "reserve", pause_meanwhile)
    planning.plan_next()
    assert (SearchJob.objects.count(), LeadSearch.objects.count(), row().planned) == (0, 0, 0)


@pytest.mark.parametrize("is_resumed", [False, True])
def test_a_pause_lets_enrich_plan_to_its_end_and_sends_nothing(make_leads, sandbox, enrow, monkeypatch, is_resumed):
    """Nobody else knows its leads. It comes while the second job waits for its searches; the sweep looks, too."""
    enrow(BATCH_SIZE=1)
    make_leads(3)
    fill, filled = enqueueing.fill, []

    def pause_meanwhile(reserved, **asked):
        filled.append(reserved.job)
        if len(filled) == 2:
            run = Run.get(row().pk)
            assert run.pause(by="ann")
            sweep()
            assert not is_resumed or run.resume(by="bob")
            sweep()
            assert row().planned_at is None, "it is planned still, whatever the sweep thinks"
        return fill(reserved, **asked)

    monkeypatch.setattr(enqueueing, "fill", pause_meanwhile)
    run = enrich(Lead.objects.all(), **EMAIL)
    if not is_resumed:
        work(sandbox)
        sweep()
        assert (len(sandbox.jobs), row().state, row().planned_at is None) == (0, "paused", False)
        assert (run.progress().searched, run.progress().waits_for) == (3, "Paused by ann.")
        assert run.resume(by="bob")
    assert row().state == "running"
    finish(sandbox)
    assert (run.progress().state, run.progress().done) == ("finished", 3)


def test_what_a_worker_took_in_vain_during_a_pause_is_sent_at_once_afterwards(half_sent, sandbox):
    """It was queued after the pause had come; its lease does not delay it."""
    half_sent.pause(by="ann")
    SearchJob.objects.filter(state="held").update(state="queued", next_check_at=F("created_at"))
    assert submission.submit_next()
    assert half_sent.resume(by="ann")
    assert submission.submit_next()
    assert len(sandbox.jobs) == 2


def test_a_run_whose_process_died_says_so(make_leads, sandbox):
    """enrich() itself was killed: what it had planned goes on, and the rest must be asked for again."""
    make_leads(1)
    run = enrich(Lead.objects.all(), **EMAIL)
    past = row().created_at - dt.timedelta(minutes=5)
    EnrichmentRun.objects.update(state="planning", planned_at=None, next_plan_at=past)
    sweep()
    assert "ask for the same leads again" in row().note
    finish(sandbox)
    assert run.progress().state == "finished"


def test_a_run_ends_only_when_all_is_written_also_what_it_joined(make_leads, sandbox):
    """It waits for the search of another run that it shares."""
    make_leads(1)
    first = enrich(Lead.objects.all(), **EMAIL)
    make_leads(1, prefix="twin", firstname="Ann0", company_domain="firm0.com")
    second = enrich(Lead.objects.filter(crm_id="twin-0"), **EMAIL)
    sweep()
    assert {run.progress().state for run in (first, second)} == {"running"}
    finish(sandbox)
    assert {run.progress().state for run in (first, second)} == {"finished"}


def test_runs_that_wait_for_a_person_keep_no_other_from_its_end(make_leads, sandbox, enrow, monkeypatch):
    """The sweep looks at some of them in turns."""
    monkeypatch.setattr(controlling, "_MOST", 1)
    make_leads(1)
    enrich(Lead.objects.all(), **EMAIL)
    SearchJob.objects.update(state="unconfirmed")
    make_leads(1, prefix="done", email="ann@firm.com")
    done = enrich(Lead.objects.filter(crm_id="done-0"), **EMAIL)
    for _ in range(3):
        sweep()
    assert done.progress().state == "finished"


@pytest.mark.parametrize(("days", "left"), [(30, 0), (90, 1), (None, 1)])
def test_old_runs_are_pruned_and_their_sums_stay(make_leads, sandbox, enrow, days, left):
    """Search jobs keep the id of their run, who asked and what it cost."""
    enrow(RUN_DAYS=days)
    make_leads(2)
    run = enrich(Lead.objects.all(), **EMAIL, requested_by="ann")
    finish(sandbox)
    EnrichmentRun.objects.update(ended_at=row().ended_at - dt.timedelta(days=60))
    sweep()
    assert EnrichmentRun.objects.count() == left
    assert SearchJob.objects.of_run(run.id).credits() == sandbox.ledger.spent
    assert run.progress().done == 2


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_stored_leads_go_when_nobody_needs_them(make_leads, sandbox, monkeypatch, is_cancelled):
    """Those of a cancelled run and of one that is planned, some at a time."""
    make_leads(5)
    run = enrich_later(Lead.objects.all(), **EMAIL, max_credits=None)
    forget = selecting.forget
    monkeypatch.setattr(selecting, "forget", lambda pk: forget(pk, most=2))
    if is_cancelled:
        run.cancel(by="ann")
    else:
        assert planning.plan_next()
    for left in (3, 1, 0):
        sweep()
        assert RunLead.objects.count() == left
    assert not row().has_selection


def test_what_was_paused_and_then_cancelled_says_the_last(half_sent):
    """Who looks at a job reads why it was not sent."""
    half_sent.pause(by="ann")
    half_sent.cancel(by="bob")
    assert [job.last_error for job in SearchJob.objects.filter(state="cancelled")] == ["Cancelled by bob."]
