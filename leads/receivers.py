"""An event from the enrow_webhooks app meets its job, or the lead that it names."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Count, Q

from enrow_webhooks.client.events import Event
from enrow_webhooks.client.values import Answer, SearchStatus
from enrow_webhooks.signals import Forecast, KeepAside, TryLater, event_questioned, event_received
from leads import forgetting
from leads.models import LeadSearch, SearchJob
from leads.results import applying, collecting, unsolicited, writeback

Via = SearchJob.Via


def connect() -> None:
    """Listen to the inbox."""
    event_received.connect(take_event, dispatch_uid="leads.take_event")
    event_questioned.connect(explain_event, dispatch_uid="leads.explain_event")


def take_event(sender: object, event: Event, **kwargs: Any) -> bool:  # noqa: ANN401 - Django's receiver signature
    """Write what an event brings; return whether it was ours. Raises TryLater or KeepAside, and the client's errors."""
    job = _job_of(event)
    if job is None:
        return unsolicited.take(event)
    _must_agree(job, event)
    _take(job, event)
    if job.has_forgotten:
        forgetting.blank_bodies([job])
    return True


def _take(job: SearchJob, event: Event) -> None:
    if job.state in SearchJob.ENDED and job.state != SearchJob.State.EXPIRED:
        if job.written_at is None:
            writeback.write(job.pk)
    elif event.reference and event.result:
        answer = Answer(status=SearchStatus.COMPLETED, results=(event.result,))
        applying.apply(job.pk, answer, via=Via.WEBHOOK, enrow_id=event.ids[0] if event.ids else "")
    elif not collecting.collect(job, via=Via.WEBHOOK, enrow_id=event.ids[0] if event.ids else ""):
        raise TryLater("Enrow sent an event, but its GET still says ongoing.")


def _job_of(event: Event) -> SearchJob | None:
    if event.reference:
        try:
            return SearchJob.objects.filter(pk=uuid.UUID(event.reference)).first()
        except ValueError:
            return None
    return SearchJob.objects.filter(~Q(enrow_id=""), enrow_id__in=event.ids, kind=event.type.kind).first()


def _must_agree(job: SearchJob, event: Event) -> None:
    """Refuse an event that came on a job's own URL but speaks of another search."""
    if event.type.kind != job.kind or event.type.is_bulk != job.is_bulk:
        raise KeepAside(f"A {event.type} came on the URL of search job {job.pk}, which is another kind of search.")
    if job.enrow_id and event.ids and job.enrow_id not in event.ids:
        raise KeepAside(
            f"The event came on the URL of search job {job.pk}, but names another id than Enrow gave for it."
        )


def explain_event(sender: object, event: Event, **kwargs: Any) -> Forecast | None:  # noqa: ANN401 - Django's receiver signature
    """Tell what take_event would do with an event now; changes nothing. Raises KeepAside as that does."""
    job = _job_of(event)
    if job is None:
        return _ELSEWHERE if event.type.kind and event.ids else None
    _must_agree(job, event)
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
