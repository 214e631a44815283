"""Sort every lead of a queryset into "search", "share", "reuse" or "skip", and gather what is searched in batches.

Reading streams by primary key: memory does not grow with the queryset, and a page costs a constant number of queries.
``plan`` writes nothing, so an estimate and a purchase are the same code; ``enqueueing`` writes a batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Model, QuerySet

from enrow_webhooks.client.values import Kind, Query
from enrow_webhooks.transactions import repeated
from leads import reading
from leads.conf import lead_settings
from leads.digests import digest
from leads.eligibility import judge, value_before
from leads.kinds import KINDS, Candidate, finder_of
from leads.mapping import LONGEST_CRM_ID, LeadMapping, registry
from leads.outbox.batches import Batch, Order, Wanted
from leads.outbox.in_flight import in_flight
from leads.outbox.purchases import Known, jobs_to_look_at, known_purchases, told_leads, written_values
from leads.outbox.tally import Tally
from leads.skips import Reason, Skip, cleared, kept_aside, left_out, nothing_new, typed_since, undone, unusable
from leads.skips import in_flight as under_way

_USELESS = {Known.ASIDE: kept_aside, Known.UNUSABLE: unusable}

# Who is wanted, and the country where the company's name is looked up.
Located = tuple[Wanted, str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Page:
    """Some leads: the values of a Candidate each, and who of them may not be searched now.

    Bare tuples of bare values, because the garbage collector looks through everything else again and again.
    """

    mapping: LeadMapping
    rows: list[tuple[Any, ...]]
    # By crm_id, those with a search under way; by primary key, those that the project leaves out.
    busy: Mapping[Kind, Collection[str]]
    left_out: Collection[Any]


def pages(mapping: LeadMapping, queryset: QuerySet[Any], kinds: Sequence[Kind], size: int) -> Iterator[Page]:
    """Yield the leads in pages, by primary key, read where they are written; a constant number of queries a page."""
    for source in _sources(mapping, queryset.using(mapping.alias), size):
        for page in reading.pages(mapping, source, size):
            judges = any(KINDS[kind].judges for kind in kinds)
            rows = reading.with_statuses(mapping, page) if judges else page
            busy = in_flight(kinds, [row[1] for row in rows])
            yield Page(mapping=mapping, rows=rows, busy=busy, left_out=_left_out(mapping, rows))


def _left_out(mapping: LeadMapping, rows: Sequence[tuple[Any, ...]]) -> set[Any]:
    """Return the primary keys of the leads that the project's own queryset does not have."""
    allowed = mapping.get_queryset()
    if not reading.narrows(allowed):
        return set()
    pks = {row[0] for row in rows}
    some = allowed.using(mapping.alias).order_by().filter(pk__in=pks).values_list("pk", flat=True)
    return pks.difference(repeated(mapping.alias, partial(list, some)))


def _sources(mapping: LeadMapping, queryset: QuerySet[Any], size: int) -> Iterator[QuerySet[Any]]:
    """Yield the same leads as querysets that may be filtered, and whose primary key is that of the mapped table.

    A slice is read once, by primary keys: asked again after the first results, ``leads.filter(email="")[:100]`` would
    let others in. That is the one case in which memory grows with the queryset, by a key for each lead.
    """
    query, leads, name = queryset.query, queryset.model._base_manager.using(queryset.db), "pk"
    if is_other := _has_another_key(queryset.model, mapping.model):
        leads, name = mapping.rows(), _primary_key(mapping.model).name
    if query.is_sliced:
        keys = sorted(queryset.values_list(name, flat=True))
        yield from (leads.filter(pk__in=keys[at : at + size]) for at in range(0, len(keys), size))
    elif is_other or query.combinator or query.distinct or query.group_by:
        yield leads.filter(pk__in=queryset.values(name))
    else:
        yield queryset


def _has_another_key(model: type[Model], mapped: type[Model]) -> bool:
    """Tell whether a child of the mapped model has a primary key that is not the parent's: of its own, or another's."""
    key = _primary_key(model)
    while key.model._meta.concrete_model is not mapped and getattr(key.remote_field, "parent_link", False):
        key = key.target_field
    return key is not mapped._meta.pk


def _primary_key(model: type[Model]) -> Any:  # noqa: ANN401 - a field, or a relation
    return model._meta.pk


def plan(queryset: QuerySet[Any], order: Order, tally: Tally) -> Iterator[Batch]:
    """Yield batches as soon as they are full; what is not searched goes into the tally. Writes nothing.

    Raises LookupError for a model that is not mapped.
    """
    mapping = registry.mapped(queryset.model)
    open_batches: dict[tuple[Kind, str], Batch] = {}
    for page in pages(mapping, queryset, order.kinds, max(map(lead_settings.batch_size, order.kinds))):
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
    if order.is_rule or not order.force:
        wanted = _without_useless(kind, wanted, known, tally)
        spare = _without_peoples if order.force else _without_told
        wanted = spare(kind, page.mapping, wanted, known, tally)
    known = {name: status for name, status in known.items() if status is not Known.OLD}
    size, price = lead_settings.batch_size(kind), lead_settings.price(kind)
    for row, country in wanted:
        batch = batches.get((kind, country))
        if batch is None:
            batch = batches[kind, country] = Batch(kind=kind, model=page.mapping.label, country_code=country)
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


def _without_useless(
    kind: Kind, wanted: Sequence[Located], known: Mapping[str, Known], tally: Tally
) -> Sequence[Located]:
    """Skip who was bought without a result of use: nonsense came, or it is kept aside. Return the others."""
    useless = [name for name, status in known.items() if status in _USELESS]
    if not useless:
        return wanted
    jobs = jobs_to_look_at(kind, useless)
    for row, _ in wanted:
        if row.fingerprint in jobs:
            skip = _USELESS[known[row.fingerprint]]
            tally.skip(skip(kind, row.crm_id, jobs[row.fingerprint]))
    return [(row, country) for row, country in wanted if row.fingerprint not in jobs]


def _without_told(
    kind: Kind, mapping: LeadMapping, wanted: Sequence[Located], known: Mapping[str, Known], tally: Tally
) -> Sequence[Located]:
    """Skip whose value we wrote and is blank now, and who has all that there is to reuse; return the others."""
    asked = [row for row, _ in wanted if row.fingerprint in known]
    if not asked:
        return wanted
    skips: dict[str, Skip] = {}
    made = reading.made(mapping, [row.crm_id for row in asked])
    for row, told in zip(asked, told_leads(kind, asked, made), strict=True):
        if told.had_value and not KINDS[kind].is_value(row.value_before):
            skips[row.crm_id] = cleared(kind, row.crm_id)
        elif told.was_undone:
            skips[row.crm_id] = undone(kind, row.crm_id)
        elif told.knows_all(kind, row, known[row.fingerprint]):
            skips[row.crm_id] = nothing_new(kind, row.crm_id)
    for skip in skips.values():
        tally.skip(skip)
    return [(row, country) for row, country in wanted if row.crm_id not in skips]


def _without_peoples(
    kind: Kind, mapping: LeadMapping, wanted: Sequence[Located], known: Mapping[str, Known], tally: Tally
) -> Sequence[Located]:
    """Skip whose value a person typed, or cleared, since we wrote ours; return the others."""
    if KINDS[kind].judges:
        return wanted
    valued = [row for row, _ in wanted if KINDS[kind].is_value(row.value_before)]
    ours = written_values(kind, valued)
    skips = {row.crm_id: typed_since(kind, row.crm_id) for row in valued if row.crm_id not in ours}
    blank = [row for row, _ in wanted if not KINDS[kind].is_value(row.value_before)]
    told = told_leads(kind, blank, reading.made(mapping, [row.crm_id for row in blank]))
    skips |= {row.crm_id: cleared(kind, row.crm_id) for row, was in zip(blank, told, strict=True) if was.had_value}
    for skip in skips.values():
        tally.skip(skip)
    return [(row, country) for row, country in wanted if row.crm_id not in skips]


def _wanted(kind: Kind, page: Page, order: Order, tally: Tally) -> Iterator[Located]:
    """Judge one page for one kind; yield who is wanted, with the country where the company's name is looked up."""
    facts, busy = KINDS[kind], page.busy[kind]
    unnamed, finder = _Unnamed(page.mapping), _finder(kind, order)
    for lead in map(Candidate._make, page.rows):
        if lead.pk in page.left_out:
            verdict: Query | Skip = left_out(kind, lead.crm_id)
        elif lead.crm_id in busy:
            verdict = under_way(kind, lead.crm_id)
        else:
            verdict = unnamed.skip(kind, lead.crm_id) or _judge(kind, lead, order, finder)
        if isinstance(verdict, Skip):
            tally.skip(verdict)
        else:
            status = getattr(lead, facts.status) if facts.judges else ""
            row = Wanted(lead.crm_id, verdict.fingerprint, value_before(kind, lead), digest(lead), status)
            yield row, verdict.country_code


class _Unnamed:
    """Leads whose crm_id is blank, cannot be told from another model's, or does not fit."""

    def __init__(self, mapping: LeadMapping) -> None:
        self._mapping = mapping
        self._others = () if mapping.crm_id_prefix else registry.prefixes()

    def skip(self, kind: Kind, crm_id: str) -> Skip | None:
        """Return the skip of such a lead, None for all others."""
        if crm_id == self._mapping.crm_id_prefix:
            sentence = "Its key is blank, so a result could not name it; give it one."
        elif len(crm_id) > LONGEST_CRM_ID:
            sentence = f"Its crm_id has {len(crm_id):,} characters; {LONGEST_CRM_ID} fit."
        elif self._others and crm_id.startswith(self._others):
            other = registry.owner(crm_id)
            sentence = f"Its crm_id begins like those of {other.model._meta.label if other else ''}; change it."
        else:
            return None
        return Skip(crm_id=crm_id, kind=kind, reason=Reason.BAD_INPUT, sentence=sentence)


def _finder(kind: Kind, order: Order) -> Kind | None:
    """Return the kind that finds anew, in this very run, the value which this one judges."""
    finder = finder_of(kind)
    finds_anew = order.overwrite and finder in order.kinds
    return finder if finds_anew else None


def _judge(kind: Kind, lead: Candidate, order: Order, finder: Kind | None) -> Query | Skip:
    """Judge one lead; what is found anew comes verified, and a verdict on the old address would only make it stale."""
    if finder and not isinstance(judge(finder, lead, overwrite=True), Skip):
        sentence = f"Its {KINDS[kind].bare_noun} is searched anew in this run, and comes verified."
        return Skip(crm_id=lead.crm_id, kind=kind, reason=Reason.ALREADY, sentence=sentence)
    return judge(kind, lead, overwrite=order.overwrite)
