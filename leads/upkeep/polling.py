"""Ask Enrow for results, and look after jobs that a lost message, worker or event left behind."""

from __future__ import annotations

import datetime as dt
import logging

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.utils import timezone

from enrow_webhooks.client.errors import EnrowError
from enrow_webhooks.client.scrub import describe, log_failure
from enrow_webhooks.connect import open_client
from leads import home
from leads.models import SearchJob
from leads.outbox import submission
from leads.results import applying
from leads.results.collecting import collect

logger = logging.getLogger(__name__)

State = SearchJob.State
_LONGEST_PAUSE = dt.timedelta(minutes=15)


def check_next() -> bool:
    """Look at one job whose time has come; return False when there is none."""
    due = SearchJob.objects.filter(state__in=SearchJob.SWEPT).due().order_by("next_check_at")
    return any(check(job) for job in list(due[:20]))


def check(job: SearchJob) -> bool:
    """Look at one due job; return whether this call took it."""
    if job.state == State.QUEUED:
        return submission.submit(job.pk)
    if not SearchJob.objects.claim_for_check(job.pk, until=timezone.now() + _pause(job)):
        return False
    if job.state == State.SENDING:
        _lease_is_over(job)
    elif job.state == State.RUNNING:
        _poll(job)
    elif job.state == State.HELD:
        _resume(job)
    return True


def _pause(job: SearchJob) -> dt.timedelta:
    return min(dt.timedelta(seconds=5 * 2 ** min(job.checks, 10)), _LONGEST_PAUSE)


def _lease_is_over(job: SearchJob) -> None:
    reason = "The worker that sent it disappeared; Enrow may have accepted and billed it."
    if SearchJob.objects.move(job.pk, [State.SENDING], State.UNCONFIRMED, last_error=reason):
        logger.warning("Search job %s is unconfirmed: its worker disappeared.", job.pk)


def _poll(job: SearchJob) -> None:
    try:
        if collect(job, via=SearchJob.Via.POLL):
            return
        problem = "Enrow has not finished it yet."
    except (EnrowError, ImproperlyConfigured) as error:
        # Also that it does not know the id: Enrow says so of a search that it finds a moment later, and GETs are free.
        problem = str(error)
    except DatabaseError as error:
        # What came is kept if it was settled; it must not keep the other jobs from their turn.
        log_failure(logger, error, "The results of search job %s could not be written:", job.pk)
        problem = f"The results could not be written: {describe(error)}"
    SearchJob.objects.running().filter(pk=job.pk).update(last_error=problem[:500])
    if applying.is_over(job):
        _give_up(job, f"Nothing came by the deadline. {problem}")


def _give_up(job: SearchJob, reason: str) -> None:
    if applying.end_without_result(job.pk, State.EXPIRED, reason):
        logger.error("Search job %s expired: %s", job.pk, reason)


def _resume(job: SearchJob) -> None:
    """Queue a held job again when the account answers and its balance suffices; the account question is free.

    Not where its rows do not belong: a person says what becomes of them.
    """
    if not home.look().is_home:
        SearchJob.objects.filter(pk=job.pk, state=State.HELD).update(last_error=home.HELD)
        return
    try:
        with open_client() as client:
            balance = client.account().credits
    except (EnrowError, ImproperlyConfigured) as error:
        SearchJob.objects.filter(pk=job.pk, state=State.HELD).update(last_error=str(error)[:500])
        return
    if balance >= job.credits_reserved:
        SearchJob.objects.move(job.pk, [State.HELD], State.QUEUED, next_check_at=timezone.now())
