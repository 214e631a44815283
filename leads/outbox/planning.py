"""Sort every lead of a queryset into "search", "share", "reuse" or "skip", and gather what is searched in batches.

Reading streams by primary key: memory does not grow with the queryset, and a page costs a constant number of queries.
``plan`` writes nothing, so an estimate and a purchase are the same code; ``enqueueing`` writes a batch.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from enrow_webhooks.client.values import Kind, Query
from enrow_webhooks.transactions import repeated
from leads import sql
from leads.conf import lead_settings
from leads.digests import digest
from leads.eligibility import judge, value_before
from leads.kinds import KINDS, Candidate, finder_of
from leads.models import AbstractLead, LeadSearch
from leads.outbox.batches import Batch, Order, Wanted
from leads.outbox.purchases import Known, jobs_to_look_at, known_purchases, told_leads
from leads.outbox.tally import Tally
from leads.skips import Reason, Skip, cleared, in_flight, kept_aside, nothing_new

# Who is wanted, and the country where the company's name is looked up.
Located = tuple[Wanted, str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Page:
    """Some leads: the values of a Candidate, and per kind the search in flight, None where there is none.

    Bare tuples of bare values, because the garbage collector looks through everything else again and again.
    """

    columns: Sequence[str]
    rows: list[tuple[Any, ...]]

    def read(self, *columns: str) -> Iterator[Any]:
        """Yield of each lead the value in a column, or a tuple of the values in several."""
        return map(itemgetter(*map(self.columns.index, columns)), self.rows)


def pages(queryset: QuerySet[AbstractLead], kinds: Collection[Kind], size: int) -> Iterator[Page]:
    """Yield the leads in pages; one query a page, by primary key, where they are written: a replica is behind."""
    columns = [*Candidate._fields, *map(_busy, kinds)]
    for source in _sources(queryset.using(sql.alias()), size):
        leads = source.annotate(**{_busy(kind): _in_flight(kind) for kind in kinds}).values_list(*columns)
        rows = _read(leads[:size])
        while rows:
            yield Page(columns=columns, rows=rows)
            last = rows[-1][columns.index("pk")]
            rows = _read(leads.filter(pk__gt=last)[:size]) if len(rows) == size else []


def _read(leads: QuerySet[AbstractLead, tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return one page; under SERIALIZABLE a query alone may be broken off, too."""
    return repeated(sql.alias(), partial(list, leads))


def _busy(kind: Kind) -> str:
    """Return the name of the column with the search in flight."""
    return f"busy_{kind}"


def _sources(queryset: QuerySet[AbstractLead], size: int) -> Iterator[QuerySet[AbstractLead]]:
    """Yield the same leads as querysets that may be filtered, ordered by primary key.

    A slice is read once, by primary keys: asked again after the first results, ``leads.filter(email="")[:100]`` would
    let others in. That is the one case in which memory grows with the queryset, by a key for each lead.
    """
    query, leads = queryset.query, queryset.model._default_manager.using(queryset.db)
    if query.is_sliced:
        keys = sorted(queryset.values_list("pk", flat=True))
        yield from (leads.filter(pk__in=keys[at : at + size]).order_by("pk") for at in range(0, len(keys), size))
    elif query.combinator or query.distinct or query.group_by:
        yield leads.filter(pk__in=queryset.values("pk")).order_by("pk")
    else:
        yield queryset.order_by("pk")


def _in_flight(kind: Kind) -> Subquery:
    """Return the search in flight of a lead, if any.

    Not EXISTS: PostgreSQL may answer that for all leads at once, by reading every pending search for each page.
    """
    return Subquery(
        LeadSearch.objects.pending().filter(crm_id=OuterRef("crm_id"), kind=kind).order_by().values("pk")[:1]
    )


def plan(queryset: QuerySet[AbstractLead], order: Order, tally: Tally) -> Iterator[Batch]:
    """Yield batches as soon as they are full; what is not searched goes into the tally. Writes nothing."""
    open_batches: dict[tuple[Kind, str], Batch] = {}
    for page in pages(queryset, order.kinds, max(map(lead_settings.batch_size, order.kinds))):
        for kind in order.kinds:
            for batch in _sort(kind, page, order, tally, open_batches):
                yield batch
                del open_batches[batch.kind, batch.country_code]
    yield from open_batches.values()


def _sort(
    kind: Kind, page: Page, order: Order, tally: Tally, batches: dict[tuple[Kind, str], Batch]
) -> Iterator[Batch]:
    """Put one page into the batches of one kind; yield each batch that is full."""
    wanted: Sequence[Located] = list(_wanted(kind, page, order, tally))
    known = known_purchases(kind, [row.fingerprint for row, _ in wanted])
    if not order.force:
        wanted = _without_told(kind, _without_aside(kind, wanted, known, tally), known, tally)
    known = {name: status for name, status in known.items() if status is not Known.OLD}
    size, price = lead_settings.batch_size(kind), lead_settings.price(kind)
    for row, country in wanted:
        batch = batches.get((kind, country))
        if batch is None:
            batch = batches[kind, country] = Batch(kind=kind, country_code=country)
        status = known.get(row.fingerprint)
        if status is Known.PENDING or row.fingerprint in batch.purchases:
            batch.shares.append(row)
        elif status and not order.force:
            batch.reuses.append(row)
            batch.missed += status is Known.NOT_FOUND
        elif reason := tally.buy(kind, price):
            tally.unpaid(kind, row.crm_id, reason)
        else:
            batch.purchases[row.fingerprint] = row
            tally.again[kind] += status is not None
        if len(batch) >= size:
            yield batch


def _without_aside(
    kind: Kind, wanted: Sequence[Located], known: Mapping[uuid.UUID, Known], tally: Tally
) -> Sequence[Located]:
    """Skip who was bought without a result while the job keeps results aside that may be theirs; return the others."""
    aside = [name for name, status in known.items() if status is Known.ASIDE]
    if not aside:
        return wanted
    jobs = jobs_to_look_at(kind, aside)
    for row, _ in wanted:
        if row.fingerprint in jobs:
            tally.skip(kept_aside(kind, row.crm_id, jobs[row.fingerprint]))
    return [(row, country) for row, country in wanted if row.fingerprint not in jobs]


def _without_told(
    kind: Kind, wanted: Sequence[Located], known: Mapping[uuid.UUID, Known], tally: Tally
) -> Sequence[Located]:
    """Skip whose value we wrote and is blank now, and who has all that there is to reuse; return the others."""
    asked = [row for row, _ in wanted if row.fingerprint in known]
    if not asked:
        return wanted
    skips: dict[str, Skip] = {}
    for row, told in zip(asked, told_leads(kind, asked), strict=True):
        if told.had_value and not row.value_before:
            skips[row.crm_id] = cleared(kind, row.crm_id)
        elif told.knows_all(kind, row, known[row.fingerprint]):
            skips[row.crm_id] = nothing_new(kind, row.crm_id)
    for skip in skips.values():
        tally.skip(skip)
    return [(row, country) for row, country in wanted if row.crm_id not in skips]


def _wanted(kind: Kind, page: Page, order: Order, tally: Tally) -> Iterator[Located]:
    """Judge one page for one kind; yield who is wanted, with the country where the company's name is looked up."""
    leads = map(Candidate._make, page.read(*Candidate._fields))
    for lead, search in zip(leads, page.read(_busy(kind)), strict=True):
        verdict = _judge(kind, lead, order) if search is None else in_flight(kind, lead.crm_id)
        if isinstance(verdict, Skip):
            tally.skip(verdict)
        else:
            status = getattr(lead, KINDS[kind].status) if KINDS[kind].judges else ""
            row = Wanted(lead.crm_id, verdict.fingerprint, value_before(kind, lead), digest(lead), status)
            yield row, verdict.country_code


def _judge(kind: Kind, lead: Candidate, order: Order) -> Query | Skip:
    """Judge one lead; what is found anew comes verified, and a verdict on the old address would only make it stale."""
    finder = finder_of(kind)
    finds_anew = order.overwrite and finder in order.kinds
    if finder and finds_anew and not isinstance(judge(finder, lead, overwrite=True), Skip):
        sentence = f"Its {KINDS[kind].bare_noun} is searched anew in this run, and comes verified."
        return Skip(crm_id=lead.crm_id, kind=kind, reason=Reason.ALREADY, sentence=sentence)
    return judge(kind, lead, overwrite=order.overwrite)
