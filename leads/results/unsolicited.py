"""Searches that were launched elsewhere (Enrow's dashboard, another tool) with a crm_id of ours in ``custom``.

Nothing in such an event is believed: its result is fetched by GET, with our key, before anything is written. The
search gets a job of its own, so that a lead's history is whole.
"""

from __future__ import annotations

import uuid

from django.db import IntegrityError
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
from leads.models import LeadSearch, SearchJob, get_lead_model
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
    # As the database has them: a host's own manager may hide some, and they are written all the same.
    leads = get_lead_model()._base_manager.using(sql.alias()).filter(crm_id__in=named)
    known = set(leads.values_list("crm_id", flat=True))
    return {crm_id: result for crm_id, result in named.items() if crm_id in known}


def _write(kind: Kind, enrow_id: str, answer: Answer, ours: dict[str, Result]) -> bool:
    now = timezone.now()
    job = SearchJob(
        run=uuid.uuid4(),
        kind=kind,
        state=SearchJob.State.FINISHED,
        enrow_id=enrow_id,
        requested=len(ours),
        requested_by=REQUESTED_BY,
        result_via=SearchJob.Via.WEBHOOK,
        finished_at=now,
        sent_at=now,
    )
    searches = [_search(job, position, result) for position, result in enumerate(ours.values())]
    job.found = sum(search.outcome == LeadSearch.Outcome.FOUND for search in searches)
    job.credits_cost = answer.cost if answer.cost is not None else lead_settings.price(kind) * job.found

    def insert() -> None:
        job.save(force_insert=True)
        LeadSearch.objects.bulk_create(searches)

    try:
        sql.transact(insert)
    except IntegrityError:
        return True  # another worker took the same search a moment earlier: its job carries the id
    writeback.write(job.pk)
    return True


def _search(job: SearchJob, position: int, result: Result) -> LeadSearch:
    settled = settle_one(Kind(job.kind), 0, result)
    return LeadSearch(
        job=job,
        crm_id=result.crm_id,
        kind=job.kind,
        position=position,
        outcome=settled.outcome,
        value=settled.value,
        country=settled.country,
        # A verification is only written to a lead that still has the address it judged.
        value_before=result.value if KINDS[Kind(job.kind)].judges else "",
        error=settled.error,
    )
