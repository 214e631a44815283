"""Send queued jobs: claim, prepare, claim again for the POST alone, POST outside any transaction, record.

A POST whose answer is lost is never repeated by itself. That is why the state that says so begins right before it: a
worker that dies earlier leaves a job that is still queued.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError
from django.db.models import Exists
from django.utils import timezone

from enrow_webhooks.client.errors import (
    AnswerLost,
    OutOfCredits,
    Refused,
    RowRefused,
    SettingsMustChange,
    TryAgain,
)
from enrow_webhooks.client.scrub import describe, log_failure
from enrow_webhooks.client.values import Kind, Launch, Query
from enrow_webhooks.connect import open_client, take_post_slot
from enrow_webhooks.inbox.addresses import callback_url
from leads import home, reading, sql
from leads.conf import lead_settings
from leads.eligibility import judge
from leads.home import NotAtHome
from leads.kinds import Candidate
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from leads.models.jobs import SearchJobQuerySet
from leads.outbox.halving import halve
from leads.results.applying import end_without_result
from leads.skips import Skip

logger = logging.getLogger(__name__)

State = SearchJob.State
# While its worker prepares it, or waits for an answer. A job is POSTed by one worker at a time, even by one that
# outlives its lease; so what Enrow says to it in the end settles whether it was accepted.
_UNANSWERED = (State.QUEUED, State.SENDING, State.UNCONFIRMED)
# When a running job is first asked for by GET: soon where no event can come, else only when one should have.
_FIRST_CHECK = dt.timedelta(seconds=3)
_AFTER_EVENT = dt.timedelta(seconds=60)
_LONGEST_WAIT = dt.timedelta(minutes=15)
# Seconds between attempts to record what Enrow accepted: a database that restarts, or fails over, is back within them.
_PATIENCE = (0.2, 1.0, 3.0, 10.0)


class Asked(NamedTuple):
    """One row of the POST: the person, and the lead as it is now; None for one that is gone."""

    fingerprint: uuid.UUID | None
    lead: Candidate | None

    def __repr__(self) -> str:
        return "<Asked>"


def submit_next() -> bool:
    """Send the queued job that has waited longest; return False when none is due."""
    due = SearchJob.objects.queued().due().order_by("next_check_at").values_list("pk", flat=True)
    return any(submit(pk) for pk in list(due[:20]))


def submit(pk: uuid.UUID) -> bool:
    """Send one job if it is queued and due; return whether this call took it."""
    if not SearchJob.objects.claim_for_preparing(pk, lease=lead_settings.sending_lease):
        return False
    job = SearchJob.objects.get(pk=pk)
    try:
        queries, webhook = _queries(job), callback_url(str(pk))
    except Exception as error:
        # Nothing was sent yet, so this job is not one of those whose answer was lost.
        _again(job, describe(error), delay=_backoff(job))
        raise
    if queries:
        _send(job, queries, webhook)
    else:
        end_without_result(pk, State.CANCELLED, "None of its leads can be sent any more.")
    return True


def _send(job: SearchJob, queries: list[Query], webhook: str) -> None:
    """POST, and move the job to the state that the answer means."""
    try:
        with open_client() as client:
            take_post_slot()
            if not _claim(job):
                return  # cancelled, or taken by another worker because this one took too long
            launch = client.launch(Kind(job.kind), queries, webhook=webhook, country_code=job.country_code)
    except TryAgain as error:
        _again(job, str(error), delay=_backoff(job))
    except (SettingsMustChange, OutOfCredits, ImproperlyConfigured, NotAtHome) as error:
        _hold(job, str(error))
    except AnswerLost as error:
        SearchJob.objects.move(job.pk, [State.SENDING], State.UNCONFIRMED, last_error=str(error)[:500])
        logger.warning("Search job %s is unconfirmed: it was sent, the answer was lost.", job.pk)
    except Refused as error:
        _refused(job, error)
    else:
        _record_surely(job, launch, has_webhook=bool(webhook))


def _claim(job: SearchJob) -> bool:
    """Take the job to POST it now; return False when it is not ours any more. Raises NotAtHome.

    The claim itself looks whether these rows belong to this database, so that no copy is late by a moment.
    """
    at_home = home.settle()
    is_stopped = EnrichmentRun.objects.stopped().filter(pk=job.run)
    mine = _mine(job).filter(Exists(at_home), ~Exists(is_stopped))
    if mine.claim_for_sending(job.pk, lease=lead_settings.sending_lease):
        return True
    if not at_home.exists():
        raise NotAtHome(home.HELD)
    return False


def _mine(job: SearchJob) -> SearchJobQuerySet:
    """Return the job while no other worker has claimed it since this one did: attempts are only ever added to."""
    return SearchJob.objects.filter(attempts=job.attempts)


def _backoff(job: SearchJob) -> dt.timedelta:
    return min(dt.timedelta(seconds=2 ** min(job.attempts, 12)), _LONGEST_WAIT)


def _queries(job: SearchJob) -> list[Query]:
    """Return what is to be POSTed, in order of position. A lead that cannot be sent any more leaves the job first."""
    kind = Kind(job.kind)
    queries: list[Query] = []
    for row in _sent(job):
        query = _query(kind, row)
        if isinstance(query, str):
            _drop(job, row.fingerprint, query)
        else:
            queries.append(query)
    if len(queries) != job.requested:
        job.requested, job.credits_reserved = len(queries), lead_settings.price(Kind(job.kind)) * len(queries)
        _mine(job).filter(pk=job.pk, state__in=_UNANSWERED).update(
            requested=job.requested, credits_reserved=job.credits_reserved
        )
    return queries


def _sent(job: SearchJob) -> list[Asked]:
    """Return the rows of the POST in their order, with the leads that may be searched, as they are now.

    The outcome is no condition, because PostgreSQL may look through all that is pending for what of the job is.
    """
    searches = LeadSearch.objects.filter(job=job).sent().values_list("fingerprint", "model", "crm_id", "outcome")
    pending = [row for row in searches if row[-1] == LeadSearch.Outcome.PENDING]
    leads = reading.candidates([(model, crm_id) for _, model, crm_id, _ in pending], eligible=True)
    return [Asked(fingerprint, leads.get(crm_id)) for fingerprint, _, crm_id, _ in pending]


def _query(kind: Kind, row: Asked) -> Query | str:
    """Return the query for a search, or the sentence that says why there is none."""
    if row.lead is None:
        return "The lead was deleted, or may not be searched any more, since the search was queued."
    # Whether the lead has a value by now was decided at planning; here only its inputs count.
    verdict = judge(kind, row.lead, overwrite=True)
    if isinstance(verdict, Skip):
        return verdict.sentence
    if row.fingerprint is None or verdict.fingerprint != row.fingerprint.hex:
        return "The lead's inputs were edited before the search was sent; search again."
    return verdict


def _drop(job: SearchJob, fingerprint: uuid.UUID | None, sentence: str) -> None:
    """Take one search out of the POST, and all that share it: nothing is bought for it."""
    is_mine = Exists(_mine(job).filter(pk=job.pk, state__in=_UNANSWERED))
    LeadSearch.objects.pending().filter(is_mine, job=job, fingerprint=fingerprint).update(
        outcome=LeadSearch.Outcome.ERROR, error=sentence[:300], position=None
    )


def _record_surely(job: SearchJob, launch: Launch, *, has_webhook: bool) -> None:
    """Record on a new connection when the old one broke: the search is paid for, and only this process knows its id."""
    for pause in (*_PATIENCE, None):
        try:
            _record(job, launch, has_webhook=has_webhook)
        except (InterfaceError, OperationalError) as error:
            if pause is None or sql.connect().in_atomic_block:
                sentence = "Enrow accepted search job %s as %s; the database did not take it:"
                log_failure(logger, error, sentence, job.pk, launch.id)
                raise
            sql.connect().close()
            time.sleep(pause)
        else:
            return


def _record(job: SearchJob, launch: Launch, *, has_webhook: bool) -> None:
    """Write that Enrow accepted. An event may have been faster; then only what it could not know is added."""
    now = timezone.now()
    details = {
        "enrow_id": launch.id,
        "credits_reserved": job.credits_reserved if launch.credits_used is None else launch.credits_used,
    }
    estimate = dt.timedelta(minutes=launch.estimated_minutes or 0)
    first_check = now + _FIRST_CHECK
    if has_webhook:
        first_check = now + max(_AFTER_EVENT, min(estimate, _LONGEST_WAIT))
    # However late the answer comes: Enrow took the search, so its result is fetched, though somebody gave it up.
    nameless = SearchJob.objects.filter(enrow_id="")
    if not nameless.move(
        job.pk, SearchJob.AWAITING, State.RUNNING, last_error="", next_check_at=first_check, **details
    ):
        nameless.filter(pk=job.pk).update(**details)


def _again(job: SearchJob, reason: str, *, delay: dt.timedelta) -> None:
    _mine(job).move(job.pk, _UNANSWERED, State.QUEUED, last_error=reason[:500], next_check_at=timezone.now() + delay)


def _hold(job: SearchJob, reason: str) -> None:
    """Stop a job until credits, key or plan are fixed; the sweep looks at growing distances."""
    delay = min(dt.timedelta(seconds=30 * 2 ** min(job.attempts, 6)), _LONGEST_WAIT)
    _mine(job).move(job.pk, _UNANSWERED, State.HELD, last_error=reason[:500], next_check_at=timezone.now() + delay)
    logger.warning("Search job %s is held: %s", job.pk, reason)


def _refused(job: SearchJob, error: Refused) -> None:
    """Let a bad row, and nobody else, fail: the one that Enrow named, or the one that is left when all others are sent.

    What cannot be a row's fault fails the whole job.
    """
    sent = _sent(job)
    if error.row is not None and 1 <= error.row <= len(sent) and len(sent) > 1:
        refused = sent[error.row - 1].fingerprint

        def leave_out() -> None:
            _drop(job, refused, str(error))
            _again(job, str(error), delay=dt.timedelta(0))

        sql.transact(leave_out)
    elif not (isinstance(error, RowRefused) and halve(job.pk, str(error), among=_UNANSWERED)):
        end_without_result(job.pk, State.FAILED, str(error), among=SearchJob.AWAITING)
