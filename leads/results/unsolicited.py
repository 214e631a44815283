"""Searches that were launched elsewhere (Enrow's dashboard, another tool) with a crm_id of ours in ``custom``.

Nothing in such an event is believed: its result is fetched by GET, with our key, and written only if whom Enrow
searched is the lead that the crm_id names. The search gets a job of its own, so that a lead's history is whole and the
balance is explained; it counts against no limit of ours.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import IntegrityError
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from enrow_webhooks.client.errors import UnknownSearch
from enrow_webhooks.client.events import Event
from enrow_webhooks.client.values import Answer, Kind, Result, SearchStatus
from enrow_webhooks.conf import enrow_settings
from enrow_webhooks.connect import open_client
from enrow_webhooks.signals import TryLater
from leads import reading, sql
from leads.conf import lead_settings
from leads.kinds import KINDS, Candidate
from leads.mapping import registry
from leads.models import LeadSearch, SearchJob
from leads.results import applying, belonging, orphans, writeback
from leads.results.matching import settle_one
from leads.results.resemblance import difference

REQUESTED_BY = "elsewhere"


class _Named(NamedTuple):
    """A result that names a lead of ours."""

    # Label of the lead's model.
    model: str
    # The lead as it was compared.
    lead: Candidate
    result: Result
    # Why it may not be about that lead; blank when it is.
    doubt: str

    def __repr__(self) -> str:
        return f"<_Named {self.model}>"


_UNSETTLED = (SearchJob.State.SENDING, SearchJob.State.UNCONFIRMED)
_UNANSWERED = (*_UNSETTLED, SearchJob.State.EXPIRED)


def take(event: Event) -> bool:
    """Take the results for leads of ours in a search that no job of ours launched; return whether there were any.

    One that may be about somebody else is kept aside.

    Raises TryLater while the event may belong to one of our own POSTs that has no answer yet, and the client's errors.
    """
    kind = event.type.kind
    if kind is None or not event.ids:
        return False
    answer = _fetch(kind, event)
    if answer and (own := _own_job(kind, answer)):
        if _awaits_proof(own):
            raise TryLater("It searched the leads of a search of ours that has no answer yet, whose own event tells.")
        applying.apply(own, answer, via=SearchJob.Via.WEBHOOK, enrow_id=event.ids[0])
        return True
    if _may_be_ours(kind, event, answer):
        raise TryLater("A search of ours has no answer yet; the event may belong to it.")
    if answer is None:
        return False
    ours = _ours(kind, answer)
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
    Another tool, or a copy of this database, may search other people under the same crm_ids: that is not ours.
    """
    named = {result.crm_id for result in answer.results}
    if not named or not all(result.is_verbatim for result in answer.results):
        return None
    sent = LeadSearch.objects.filter(position__isnull=False)
    one = sent.filter(Q(crm_id=min(named)) | Q(sent_as=min(named)), job=OuterRef("pk"))
    lost = SearchJob.objects.filter(Exists(one), kind=kind, enrow_id="", state__in=_UNANSWERED)
    for pk, country_code in lost.order_by("created_at").values_list("pk", "country_code"):
        searched = {row.sent_as or row.crm_id: row for row in sent.filter(job=pk)}
        if searched.keys() == named and _are_whom_we_searched(kind, searched, answer.results, country_code):
            return pk
    return None


def _are_whom_we_searched(
    kind: Kind, searched: Mapping[str, LeadSearch], results: Sequence[Result], country_code: str
) -> bool:
    """Tell whether Enrow searched the people that we did: word for word, or as the lead says that we searched.

    A miss may say nothing of whom it is about: it brings nobody a value.
    """
    leads = reading.candidates((row.model, row.crm_id) for row in searched.values())
    for result in results:
        row, echo = searched[result.crm_id], result.echo
        if echo is None:
            if result.is_hit:
                return False
        elif row.fingerprint is None or echo.in_post(country_code).fingerprint != row.fingerprint.hex:
            lead = leads.get(row.crm_id)
            if lead is None or difference(kind, lead, echo):
                return False
    return True


def _awaits_proof(pk: uuid.UUID) -> bool:
    """Tell whether the event on the job's own signed URL may still come: it proves which search is ours.

    Somebody else may have searched the very same leads. Where there is no such URL, an event like this is all there is.
    """
    if not enrow_settings.webhook_origin:
        return False
    job = SearchJob.objects.get(pk=pk)
    return (job.sent_at or job.created_at) > timezone.now() - lead_settings.unconfirmed_for


def _may_be_ours(kind: Kind, event: Event, answer: Answer | None) -> bool:
    """Tell whether one of our POSTs without an answer may have been this search: as large, for a lead that it names.

    A search that Enrow does not know yet names nobody. Only for as long as the event of a lost answer may still come:
    one such job holds back nothing else, and this not for ever.
    """
    lately = timezone.now() - lead_settings.unconfirmed_for
    size = Q(requested__gt=1) if event.type.is_bulk else Q(requested=1)
    unsettled = SearchJob.objects.filter(size, state__in=_UNSETTLED, kind=kind, enrow_id="")
    unsettled = unsettled.exclude(state=SearchJob.State.UNCONFIRMED, sent_at__lte=lately)
    if answer is None:
        return unsettled.exists()
    crm_ids = {result.crm_id for result in answer.results if result.crm_id}
    named = Q(crm_id__in=crm_ids) | Q(sent_as__in=crm_ids)
    if KINDS[kind].judges:
        # Such an answer may carry no crm_id; the value that it judged is all that was asked.
        named |= Q(fingerprint__in={result.echo.fingerprint for result in answer.results if result.echo})
    return LeadSearch.objects.sent().filter(named, job__in=unsettled).exists()


def _ours(kind: Kind, answer: Answer) -> list[_Named]:
    """Return the results that name a lead of ours: exactly, for nothing else says that it is meant.

    Of several for one lead the first that is about it counts; those that may be about others are all returned.
    """
    named = [result for result in answer.results if result.crm_id and result.is_verbatim]
    known = registry.keys({result.crm_id for result in named})
    # As the database has them: a host's own manager may hide some, and they are written all the same.
    models = {crm_id: mapping.label for mapping, keys in known for crm_id in keys.values()}
    leads = reading.candidates((label, crm_id) for crm_id, label in models.items())
    ours: list[_Named] = []
    served = set()
    for result in named:
        # A collation may have found a lead by another spelling: that one is not named.
        if lead := leads.get(result.crm_id):
            doubt = difference(kind, lead, result.echo)
            if doubt or result.crm_id not in served:
                ours.append(_Named(models[result.crm_id], lead, result, doubt))
            if not doubt:
                served.add(result.crm_id)
    return ours


def _write(kind: Kind, enrow_id: str, answer: Answer, ours: Sequence[_Named]) -> bool:
    now = timezone.now()
    cost = _cost(kind, answer)
    job = SearchJob(
        run=uuid.uuid4(),
        kind=kind,
        state=SearchJob.State.FINISHED,
        enrow_id=enrow_id,
        requested=len(ours),
        credits_reserved=cost,
        credits_cost=cost,
        requested_by=REQUESTED_BY,
        launched_elsewhere=True,
        result_via=SearchJob.Via.WEBHOOK,
        finished_at=now,
        sent_at=now,
    )
    searches = [_search(job, position, named) for position, named in enumerate(ours)]
    job.kept_aside = sum(search.effect == LeadSearch.Effect.ASIDE for search in searches)
    job.found = sum(search.outcome == LeadSearch.Outcome.FOUND and not search.effect for search in searches)

    def insert() -> None:
        job.save(force_insert=True)
        LeadSearch.objects.bulk_create(searches)

    try:
        sql.transact(insert)
    except IntegrityError:
        return True  # another worker took the same search a moment earlier: its job carries the id
    writeback.write(job.pk)
    return True


def _cost(kind: Kind, answer: Answer) -> Decimal:
    """Return what the whole search cost its launcher: Enrow's figure, else our price of what it takes credits for."""
    if answer.cost is not None:
        return answer.cost
    hits = max(sum(result.is_hit for result in answer.results), answer.hits or 0)
    return lead_settings.price(kind) * (len(answer.results) if KINDS[kind].misses_cost else hits)


def _search(job: SearchJob, position: int, named: _Named) -> LeadSearch:
    if named.doubt:
        return orphans.aside(job, named.result, named.doubt)
    settled = settle_one(Kind(job.kind), 0, named.result)
    return LeadSearch(
        job=job,
        model=named.model,
        crm_id=named.result.crm_id,
        kind=job.kind,
        position=position,
        # It may be written later, and only while the lead still is whom it was compared with.
        **belonging.as_searched(Kind(job.kind), named.lead, named.result.value),
        outcome=settled.outcome,
        value=settled.value,
        country=settled.country,
        error=settled.error,
    )
