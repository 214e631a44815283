"""An event from the enrow_webhooks app meets its job, or the lead that it names."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from django.db.models import Count, Q

from enrow_webhooks.client.events import Event
from enrow_webhooks.client.inputs import clean_text
from enrow_webhooks.client.values import Answer, Result, SearchStatus
from enrow_webhooks.signals import Forecast, KeepAside, TryLater, body_questioned, event_questioned, event_received
from leads import bodies
from leads.models import LeadSearch, SearchJob
from leads.results import applying, collecting, unsolicited, writeback

Via = SearchJob.Via


def connect() -> None:
    """Listen to the inbox."""
    event_received.connect(take_event, dispatch_uid="leads.take_event")
    event_questioned.connect(explain_event, dispatch_uid="leads.explain_event")
    body_questioned.connect(judge_body, dispatch_uid="leads.judge_body")


def take_event(sender: object, event: Event, **kwargs: Any) -> bool:  # noqa: ANN401 - Django's receiver signature
    """Write what an event brings; return whether it was ours. Raises TryLater or KeepAside, and the client's errors.

    One that contradicts its URL is kept aside; a job that waits is then asked for by GET.
    """
    job = _job_of(event)
    if job is None:
        return unsolicited.take(event)
    contradiction = _contradiction(job, event)
    if contradiction:
        _ask_instead(job)
    else:
        _take(job, event)
    if job.has_forgotten:
        bodies.blank_of_jobs([job], event.ids)
    if contradiction:
        raise KeepAside(contradiction)
    return True


def _take(job: SearchJob, event: Event) -> None:
    if job.state in SearchJob.ENDED and job.state != SearchJob.State.EXPIRED:
        if job.written_at is None:
            writeback.write(job.pk)
    elif event.reference and event.result and event.ids and job.state != SearchJob.State.EXPIRED:
        answer = Answer(status=SearchStatus.COMPLETED, results=(event.result,))
        applying.apply(job.pk, answer, via=Via.WEBHOOK, enrow_id=event.ids[0])
    elif not (event.ids or job.enrow_id):
        raise TryLater("The event names no search, and the search job has no id of Enrow's yet.")
    elif not collecting.collect(job, via=Via.WEBHOOK, enrow_id=event.ids[0] if event.ids else ""):
        raise TryLater("Enrow sent an event, but its GET still says ongoing.")


def _job_of(event: Event) -> SearchJob | None:
    if event.reference:
        return _job_named(event.reference)
    return SearchJob.objects.filter(~Q(enrow_id=""), enrow_id__in=event.ids, kind=event.type.kind).first()


def _job_named(reference: str) -> SearchJob:
    """Return the job of a signed URL; raises KeepAside when it is not here."""
    job = None
    with contextlib.suppress(ValueError):
        job = SearchJob.objects.filter(pk=uuid.UUID(reference)).first()
    if job is None:
        raise KeepAside(
            f"The event came on the URL of search job {reference}, which is not in this database: it was deleted, or "
            "another database with the same SECRET_KEY sent it."
        )
    return job


def _contradiction(job: SearchJob, event: Event) -> str:
    """Return in what an event speaks of another search than the job whose URL it came on; blank when it agrees."""
    if event.type.kind != job.kind or event.type.is_bulk != job.is_bulk:
        return f"A {event.type} came on the URL of search job {job.pk}, which is another kind of search."
    if not event.reference:
        return ""  # nothing that it says is believed anyway
    came = f"The event came on the URL of search job {job.pk}, but "
    if event.ids and _is_anothers(job, event):
        return f"{came}names another id than Enrow gave for it."
    if event.result and event.result.index is not None and event.result.index >= job.requested:
        return f"{came}names a place that the job does not have."
    return f"{came}names a lead that is not in it." if event.result and _is_strange(job, event.result) else ""


def _is_strange(job: SearchJob, result: Result) -> bool:
    """Tell whether a result names a lead that is not in the job; who was forgotten once was."""
    if not result.crm_id or job.has_forgotten:
        return False
    sent = LeadSearch.objects.filter(job=job).sent().values_list("crm_id", "sent_as")
    # As they come back: in one line. Of a lead that was merged since, the old one counts, too.
    return result.crm_id not in {clean_text(name)[:128] for names in sent for name in names if name}


def _is_anothers(job: SearchJob, event: Event) -> bool:
    """Tell whether the ids are not those of the job; while its own is not known: whether another job has them."""
    if job.enrow_id:
        return job.enrow_id not in event.ids
    return SearchJob.objects.filter(kind=job.kind, enrow_id__in=event.ids).exists()


def _ask_instead(job: SearchJob) -> None:
    """Ask Enrow what became of a job that waits, by the id that it gave for it. Raises the client's errors."""
    if job.enrow_id and job.state in SearchJob.OPEN:
        collecting.collect(job, via=Via.WEBHOOK)


def explain_event(sender: object, event: Event, **kwargs: Any) -> Forecast | None:  # noqa: ANN401 - Django's receiver signature
    """Tell what take_event would do with an event now; changes nothing. Raises KeepAside as that does."""
    job = _job_of(event)
    if job is None:
        return _ELSEWHERE if event.type.kind and event.ids else None
    if contradiction := _contradiction(job, event):
        raise KeepAside(contradiction)
    pending = Q(outcome=LeadSearch.Outcome.PENDING)
    facts = {"job": str(job.pk), "job_state": job.state}
    facts |= LeadSearch.objects.filter(job=job).aggregate(
        pending=Count("pk", filter=pending), settled=Count("pk", filter=~pending)
    )
    counts = "Search job {job} is {job_state}, {pending} of its lead searches are pending, {settled} are settled"
    changes, outlook = _outlook(job)
    return Forecast(sentence=f"{counts.format(**facts)}: {outlook}", changes=changes, facts=facts)


def judge_body(sender: object, reference: str, payload: str, *, is_wanted: bool, **kwargs: Any) -> bool:  # noqa: ANN401 - Django's receiver signature
    """Tell whether a body may be kept that nobody took: not where it may be about somebody who was forgotten."""
    return bodies.may_be_kept(reference, payload, is_wanted=is_wanted)


_ELSEWHERE = Forecast(
    sentence="No search job of ours: Enrow would be asked, free of charge, and a lead that it names would be written "
    "if name, domain or profile is the lead's.",
    changes=True,
)


def _outlook(job: SearchJob) -> tuple[bool, str]:
    if job.state not in SearchJob.ENDED or job.state == SearchJob.State.EXPIRED:
        return True, "the result would be written."
    if job.written_at is None:
        return True, "what came is kept and would be written to the leads."
    return False, "nothing would change."
