"""Searches that were launched elsewhere (Enrow's dashboard, another tool) with a crm_id of ours in ``custom``.

Nothing in such an event is believed: its result is fetched by GET, with our key, before anything is written. The
search gets a job of its own, so that a lead's history is whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from enrow_webhooks.client.errors import UnknownSearch
from enrow_webhooks.client.events import Event
from enrow_webhooks.client.values import Answer, Kind, Result, SearchStatus
from enrow_webhooks.connect import open_client
from enrow_webhooks.signals import TryLater
from leads import sql
from leads.conf import lead_settings
from leads.kinds import KINDS
from leads.models import LeadSearch, SearchJob
from leads.results import applying, writeback
from leads.results.matching import settle_one

REQUESTED_BY = "elsewhere"
_UNSETTLED = (SearchJob.State.SENDING, SearchJob.State.UNCONFIRMED)
_UNANSWERED = (*_UNSETTLED, SearchJob.State.EXPIRED)


def take(event: Event) -> bool:
    """Write the results for leads of ours in a search that no job of ours launched; return whether there were any.

    Raises TryLater while one of our own POSTs has no answer yet (the event may be its), and the client's errors.
    """
    kind = event.type.kind
    if kind is None or not event.ids:
        return False
    answer = _fetch(kind, event)
    if answer and (own := _own_job(kind, answer)):
        applying.apply(own, answer, via=SearchJob.Via.WEBHOOK, enrow_id=event.ids[0])
        return True
    if SearchJob.objects.filter(state__in=_UNSETTLED, kind=kind, enrow_id="").exists():
        raise TryLater("A search of ours has no answer yet; the event may belong to it.")
    if answer is None:
        return False
    ours = _ours(answer)
    return bool(ours) and _write(kind, event.ids[0], answer, ours)


def _fetch(kind: Kind, event: Event) -> Answer | None:
    try:
        with open_client() as client:
            answer = client.fetch(kind, event.ids[0], bulk=event.type.is_bulk)
    except UnknownSearch:
        return None
    if answer.status is SearchStatus.ONGOING:
        raise TryLater("Enrow sent an event, but its GET still says ongoing.")
    return answer


def _own_job(kind: Kind, answer: Answer) -> uuid.UUID | None:
    """Return the job of ours whose POST this was, if its answer was lost: it searched exactly these crm_ids.

    Otherwise a search that came by the shared secret would be booked twice: as that job, and as one from elsewhere.
    """
    named = {result.crm_id for result in answer.results}
    if not named:
        return None
    sent = LeadSearch.objects.filter(position__isnull=False)
    lost = SearchJob.objects.filter(
        Exists(sent.filter(job=OuterRef("pk"), crm_id=min(named))), kind=kind, enrow_id="", state__in=_UNANSWERED
    )
    for pk in lost.order_by("created_at").values_list("pk", flat=True):
        if set(sent.filter(job=pk).values_list("crm_id", flat=True)) == named:
            return pk
    return None


def _ours(answer: Answer) -> dict[str, Result]:
    """Return the results that name a lead of ours, by crm_id."""
    named = {result.crm_id: result for result in answer.results if result.crm_id}
    rows = sql.table_of("r", {"crm_id": "text"}, [(crm_id,) for crm_id in named])
    table = sql.names()["L"]
    lead = f"SELECT 1 FROM {table} l WHERE l.crm_id = r.crm_id"  # noqa: S608 - only names of ours
    known = sql.fetch(f"SELECT r.crm_id FROM {rows.text} WHERE ({lead}) IS NOT NULL", rows.params)  # noqa: S608 - only names of ours
    return {crm_id: named[crm_id] for (crm_id,) in known}


_INSERT = """
INSERT INTO {S} (job_id, crm_id, kind, position, fingerprint, outcome, value, country, value_before, effect, error)
SELECT %s, r.crm_id, %s, r.position, NULL, r.outcome, r.value, r.country, r.value_before, '', r.error
FROM {rows} WHERE true
"""
_COLUMNS = {
    "crm_id": "text",
    "position": "int",
    "outcome": "text",
    "value": "text",
    "country": "text",
    "error": "text",
    "value_before": "text",
}


def _write(kind: Kind, enrow_id: str, answer: Answer, ours: dict[str, Result]) -> bool:
    now = timezone.now()
    rows = [_row(kind, position, crm_id, result) for position, (crm_id, result) in enumerate(ours.items())]
    found = sum(row[2] == LeadSearch.Outcome.FOUND for row in rows)
    job = SearchJob(
        run=uuid.uuid4(),
        kind=kind,
        state=SearchJob.State.FINISHED,
        enrow_id=enrow_id,
        requested=len(rows),
        found=found,
        credits_cost=answer.cost if answer.cost is not None else lead_settings.price(kind) * found,
        requested_by=REQUESTED_BY,
        result_via=SearchJob.Via.WEBHOOK,
        finished_at=now,
        sent_at=now,
    )
    try:
        with transaction.atomic(using=sql.alias()):
            job.save(force_insert=True)
            _insert(job, rows)
    except IntegrityError:
        return True  # another worker took the same search a moment earlier: its job carries the id
    writeback.write(job.pk)
    return True


def _row(kind: Kind, position: int, crm_id: str, result: Result) -> Sequence[object]:
    outcome = settle_one(kind, 0, result)
    # A verification is only written to a lead that still has the address it judged.
    value_before = result.value if KINDS[kind].judges else ""
    return (crm_id, position, outcome.outcome, outcome.value, outcome.country, outcome.error, value_before)


def _insert(job: SearchJob, rows: Sequence[Sequence[object]]) -> None:
    table = sql.table_of("r", _COLUMNS, rows)
    sql.run(_INSERT.format(rows=table.text, **sql.names()), [sql.key(job.pk), job.kind, *table.params])
