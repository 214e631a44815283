"""A notice from the Enrow floor meets its job, or the lead that it names."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Count, Q

from enrow_webhooks.client.events import Notice
from enrow_webhooks.client.values import Answer, Progress
from enrow_webhooks.signals import Forecast, KeepAside, TryLater, notice_questioned, notice_received
from leads import forgetting
from leads.models import LeadSearch, SearchJob
from leads.results import applying, collecting, unsolicited, writeback

Via = SearchJob.Via


def connect() -> None:
    """Listen to the inbox."""
    notice_received.connect(take_notice, dispatch_uid="leads.take_notice")
    notice_questioned.connect(explain_notice, dispatch_uid="leads.explain_notice")


def take_notice(sender: object, notice: Notice, **kwargs: Any) -> bool:  # noqa: ANN401 - Django's receiver signature
    """Write what a notice brings; return whether it was ours. Raises TryLater or KeepAside, and the client's errors."""
    job = _job_of(notice)
    if job is None:
        return unsolicited.take(notice)
    _must_agree(job, notice)
    _take(job, notice)
    if job.has_forgotten:
        forgetting.blank_bodies([job])
    return True


def _take(job: SearchJob, notice: Notice) -> None:
    if job.state in SearchJob.ENDED and job.state != SearchJob.State.EXPIRED:
        if job.written_at is None:
            writeback.write(job.pk)
    elif notice.reference and notice.result:
        answer = Answer(progress=Progress.COMPLETED, results=(notice.result,))
        applying.apply(job.pk, answer, via=Via.NOTICE, enrow_id=notice.ids[0] if notice.ids else "")
    elif not collecting.collect(job, via=Via.NOTICE, enrow_id=notice.ids[0] if notice.ids else ""):
        raise TryLater("Enrow sent a notice, but its GET still says ongoing.")


def _job_of(notice: Notice) -> SearchJob | None:
    if notice.reference:
        try:
            return SearchJob.objects.filter(pk=uuid.UUID(notice.reference)).first()
        except ValueError:
            return None
    return SearchJob.objects.filter(~Q(enrow_id=""), enrow_id__in=notice.ids, kind=notice.event.kind).first()


def _must_agree(job: SearchJob, notice: Notice) -> None:
    """Refuse a notice that came on a job's own URL but speaks of another search."""
    if notice.event.kind != job.kind or notice.event.is_bulk != job.is_bulk:
        raise KeepAside(f"A {notice.event} came on the URL of search job {job.pk}, which is another kind of search.")
    if job.enrow_id and notice.ids and job.enrow_id not in notice.ids:
        raise KeepAside(
            f"The notice came on the URL of search job {job.pk}, but names another id than Enrow gave for it."
        )


def explain_notice(sender: object, notice: Notice, **kwargs: Any) -> Forecast | None:  # noqa: ANN401 - Django's receiver signature
    """Tell what take_notice would do with a notice now; changes nothing. Raises KeepAside as that does."""
    job = _job_of(notice)
    if job is None:
        return _ELSEWHERE if notice.event.kind and notice.ids else None
    _must_agree(job, notice)
    pending = Q(outcome=LeadSearch.Outcome.PENDING)
    facts = {"job": str(job.pk), "job_state": job.state}
    facts |= LeadSearch.objects.filter(job=job).aggregate(
        pending=Count("pk", filter=pending), settled=Count("pk", filter=~pending)
    )
    counts = "Search job {job} is {job_state}, {pending} of its lead searches are pending, {settled} are settled"
    changes, outlook = _outlook(job)
    return Forecast(sentence=f"{counts.format(**facts)}: {outlook}", changes=changes, facts=facts)


_ELSEWHERE = Forecast(
    sentence="No search job of ours: Enrow would be asked, free of charge, and leads that it names would be written.",
    changes=True,
)


def _outlook(job: SearchJob) -> tuple[bool, str]:
    if job.state not in SearchJob.ENDED or job.state == SearchJob.State.EXPIRED:
        return True, "the result would be written."
    if job.written_at is None:
        return True, "what came is kept and would be written to the leads."
    return False, "nothing would change."
