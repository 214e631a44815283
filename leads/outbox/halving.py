"""A batch that Enrow refuses without naming a row becomes two, until the bad row stands alone in a job that fails.

A refusal bills nothing, so the parts may be sent at once. One bad row of n costs about 2 log2(n) POSTs.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db.models import Count, F, Min
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads import sql
from leads.conf import lead_settings
from leads.models import LeadSearch, SearchJob
from leads.models.jobs import SearchJobQuerySet

State = SearchJob.State
# So many parts of a batch may fail in the same words before no more are halved: as long as Enrow accepted no part of
# it, every row may well be refused; and beside good rows, more bad ones are a list that a person has to fix.
_MOST_FAILED, _MOST_FAILED_BESIDE_GOOD = 20, 200
_TICK = dt.timedelta(milliseconds=1)


def halve(pk: uuid.UUID, reason: str, *, among: Sequence[str]) -> bool:
    """Make two queued jobs of a refused one; return False, and change nothing, where that leads nowhere.

    That is when it is in none of the states ``among``, has a single row, or too many parts of its batch have failed.
    One transaction moves the searches, so that no purchase is without its place in the unique index for a moment.
    """
    return sql.transact(lambda: _halve(pk, reason, among))


def _halve(pk: uuid.UUID, reason: str, among: Sequence[str]) -> bool:
    job = SearchJob.objects.select_for_update().filter(pk=pk, state__in=among).first()
    if job is None:
        return False
    searches = LeadSearch.objects.filter(job=job).sent().values_list("position", "outcome")
    positions = [place or 0 for place, outcome in searches if outcome == LeadSearch.Outcome.PENDING]
    batch = SearchJob.objects.batch_of(job)
    if len(positions) < 2 or _has_failed_too_often(batch):
        return False
    middle = len(positions) // 2
    first = _first_in_the_queue(batch)
    part = _part_of(job, reason)
    _size(part, len(positions) - middle, next_check_at=first - _TICK)
    _move(job, part, positions[middle])
    _size(job, middle, next_check_at=first - 2 * _TICK)
    return True


def _has_failed_too_often(batch: SearchJobQuerySet) -> bool:
    refused = batch.filter(state=State.FAILED, enrow_id="").order_by().values("last_error")
    most = refused.annotate(number=Count("pk")).order_by("-number").values_list("number", flat=True).first() or 0
    is_accepted = most >= _MOST_FAILED and batch.exclude(enrow_id="").exists()
    return most >= (_MOST_FAILED_BESIDE_GOOD if is_accepted else _MOST_FAILED)


def _first_in_the_queue(batch: SearchJobQuerySet) -> dt.datetime:
    """Return when the first of the waiting parts is due: the youngest goes first, so that single rows come up soon."""
    now = timezone.now()
    first = batch.queued().aggregate(first=Min("next_check_at"))["first"]
    return min(first or now, now)


def _part_of(job: SearchJob, reason: str) -> SearchJob:
    """Return a new job like another, of the same moment: the day's limit and older results see no difference."""
    job.last_error = reason[:500]
    return SearchJob(
        run=job.run,
        part_of=job.part_of or job.pk,
        kind=job.kind,
        country_code=job.country_code,
        overwrite=job.overwrite,
        requested_by=job.requested_by,
        has_forgotten=job.has_forgotten,
        created_at=job.created_at,
        last_error=job.last_error,
    )


def _size(job: SearchJob, requested: int, *, next_check_at: dt.datetime) -> None:
    job.state, job.next_check_at = State.QUEUED, next_check_at
    job.requested, job.credits_reserved = requested, lead_settings.price(Kind(job.kind)) * requested
    job.save()


def _move(job: SearchJob, part: SearchJob, first: int) -> None:
    """Give the searches from a position on to another job, and with each purchase those that share it."""
    pending = LeadSearch.objects.pending()
    pending.filter(job=job, position__gte=first).update(job=part, position=F("position") - first)
    bought = LeadSearch.objects.filter(job=part, position__isnull=False).values("fingerprint")
    pending.filter(job=job, position__isnull=True, fingerprint__in=bought).update(job=part)
