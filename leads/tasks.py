"""Celery tasks of the leads app. They carry no arguments: the rows say what there is to do."""

from __future__ import annotations

import time
from functools import partial

from celery import shared_task

from enrow_webhooks.inbox.processing import TURN_SECONDS
from enrow_webhooks.wake import wake
from leads.models import BatchedLead, EnrichmentRun, FileImport, SearchJob
from leads.outbox import submission
from leads.runs import batching, planning
from leads.upkeep.sweep import sweep_in_turn
from leads.uploads import working

# Seconds between two looks at leads that come one by one, and in which one worker looks before another message does.
GATHER_EVERY = 2.0
_GATHER_SECONDS = 20.0


@shared_task(name="leads.submit_jobs", ignore_result=True)
def submit_jobs() -> int:
    """Send queued jobs until none is due, or its turn is over; while there are more, wake another worker to help."""
    sent, end = 0, time.monotonic() + TURN_SECONDS
    while (sent == 0 or time.monotonic() < end) and SearchJob.objects.queued().due().exists():
        if SearchJob.objects.queued().due()[1:2].exists():
            wake(submit_jobs)
        if not submission.submit_next():
            return sent
        sent += 1
    # Also what came back to the queue at the end of the turn, without the row that Enrow refused.
    if SearchJob.objects.queued().due().exists():
        wake(submit_jobs)
    return sent


@shared_task(name="leads.plan_runs", ignore_result=True)
def plan_runs() -> int:
    """Plan stored leads page by page until none is left, or its turn is over; another message continues."""
    pages, end = 0, time.monotonic() + TURN_SECONDS
    while (pages == 0 or time.monotonic() < end) and planning.plan_next():
        pages += 1
        wake(submit_jobs)
    if pages and EnrichmentRun.objects.to_plan().exists():
        wake(plan_runs)
    return pages


@shared_task(name="leads.gather_leads", ignore_result=True)
def gather_leads() -> int:
    """Make runs of leads that come one by one: the first at once, then every two seconds until none has come."""
    # What was planned is sent while this worker still looks.
    runs = batching.gather(pause=GATHER_EVERY, seconds=_GATHER_SECONDS, send=partial(wake, submit_jobs))
    # One that came between the last look and the end of the turn, whose message found this worker at it.
    if BatchedLead.objects.due().exists():
        wake(gather_leads)
    return runs


@shared_task(name="leads.import_files", ignore_result=True)
def import_files() -> int:
    """Check and import uploaded files, one to its end; while there are more, wake another worker to help."""
    if FileImport.objects.due()[1:2].exists():
        wake(import_files)
    is_done = working.work_next()
    if is_done and FileImport.objects.due().exists():
        wake(import_files)
    return int(is_done)


@shared_task(name="leads.sweep_jobs", ignore_result=True)
def sweep_jobs() -> int:
    """Look at jobs whose time has come, write results that did not reach the leads, read the balance once an hour.

    When its turn is over, another message continues.
    """
    # A file takes longer than a turn: another worker takes it, also where the first message was lost.
    if FileImport.objects.due().exists():
        wake(import_files)
    swept = sweep_in_turn(seconds=TURN_SECONDS)
    if swept.is_cut_short:
        wake(sweep_jobs)
    return swept.jobs + swept.written
