"""Leads as they are judged and compared, whatever their model: each becomes a Candidate, all of its fields text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from django.db import transaction
from django.db.models import CharField, Field, QuerySet, TextField

from enrow_webhooks.transactions import avoid_seqscan, repeated
from leads.digests import digest
from leads.kinds import VALUES, Candidate, KindFacts
from leads.mapping import LeadMapping, Source, registry
from leads.models import LeadEnrichment

# The fields of a Candidate behind its primary key and its crm_id.
_FIELDS = Candidate._fields[2:]
_STATUSES = {facts.status: facts for facts in VALUES if facts.status in _FIELDS}

Row = tuple[Any, ...]


def pages(mapping: LeadMapping, leads: QuerySet[Any], size: int) -> Iterable[list[Row]]:
    """Yield leads by primary key as the values of Candidates, in pages of this size; a query each."""
    read = reader(mapping)
    source = leads.order_by("pk")
    rows = read(source[:size])
    while rows:
        yield rows
        rows = read(source.filter(pk__gt=rows[-1][0])[:size]) if len(rows) == size else []


def narrows(leads: QuerySet[Any]) -> bool:
    """Tell whether a project's queryset may leave out some of the table's rows."""
    query = leads.query
    return bool(query.where or query.is_sliced or query.combinator or query.distinct or query.group_by)


def candidates(names: Iterable[tuple[str, str]], *, eligible: bool = False, lock: bool = False) -> dict[str, Candidate]:
    """Return leads by crm_id, of pairs of a model's label and a crm_id; one query for each model.

    ``eligible``: only those that the project lets be searched. ``lock``: until the caller's transaction ends; only for
    a mapping whose inputs are columns of its own, because PostgreSQL locks nothing behind a LEFT JOIN.
    """
    found: dict[str, Candidate] = {}
    for mapping, keys in by_mapping(names):
        leads = mapping.by_keys(keys)
        if eligible:
            leads = mapping.get_queryset().using(mapping.alias).filter(**{f"{mapping.crm_id_field}__in": keys})
        if lock:
            leads = leads.select_for_update()
        rows = _by_index(mapping, leads.order_by(mapping.crm_id_field))
        found |= {row[1]: Candidate._make(row) for row in rows}
    return found


def _by_index(mapping: LeadMapping, leads: QuerySet[Any]) -> list[Row]:
    """Read leads by their keys. PostgreSQL would rather read a table of up to some 700,000 rows whole for thousands."""

    def read() -> list[Row]:
        with transaction.atomic(using=mapping.alias):
            avoid_seqscan(mapping.alias)
            return reader(mapping)(leads)

    return repeated(mapping.alias, read)


def by_mapping(names: Iterable[tuple[str, str]]) -> Iterable[tuple[LeadMapping, dict[Any, str]]]:
    """Yield each mapping with the crm_ids of its leads by their keys, of pairs of a model's label and a crm_id.

    A model that is not mapped any more has no leads.
    """
    found: dict[str, dict[Any, str]] = {}
    for label, crm_id in names:
        mapping = registry.labelled(label)
        key = mapping.key(crm_id) if mapping else None
        if key is not None:
            found.setdefault(label, {})[key] = crm_id
    for label, keys in found.items():
        if mapping := registry.labelled(label):
            yield mapping, keys


def reader(mapping: LeadMapping) -> Callable[[QuerySet[Any]], list[Row]]:
    """Return what reads leads as the values of Candidates; statuses that stand in LeadEnrichment are blank."""
    select: list[Source] = ["pk"]
    places = [0, _place(select, mapping.crm_id_field), *(_place(select, mapping.source(name)) for name in _FIELDS)]

    def read(leads: QuerySet[Any]) -> list[Row]:
        # Under SERIALIZABLE a query alone may be broken off, too.
        rows: list[Row] = repeated(mapping.alias, partial(list, leads.values_list(*select)))
        return rows if is_plain else list(map(convert, rows))

    is_plain = places == list(range(len(places))) and not mapping.crm_id_prefix and _are_texts(mapping)
    convert = _converter(mapping, places)
    return read


def _place(select: list[Source], source: Source) -> int | None:
    """Return where a source stands in the select list; put it there if it is new."""
    if isinstance(source, str):
        if not source:
            return None
        if source in select:
            return select.index(source)
    select.append(source)
    return len(select) - 1


def _are_texts(mapping: LeadMapping) -> bool:
    """Tell whether the database returns every field as the text that it is."""
    return all(map(_is_text, [mapping.own_key_field, *map(mapping.column, _FIELDS)]))


def is_plain(field: Field[Any, Any] | None) -> bool:
    """Tell whether a column holds the very text that the field takes and gives, or NULL; one that encrypts does not."""
    if not isinstance(field, CharField | TextField) or hasattr(field, "from_db_value"):
        return False
    kind = type(field)
    own = (kind.get_prep_value, kind.get_db_prep_value, kind.get_db_prep_save)
    django = (Field.get_db_prep_value, Field.get_db_prep_save)
    return own[0] in {CharField.get_prep_value, TextField.get_prep_value} and own[1:] == django


def _is_text(field: Field[Any, Any] | None) -> bool:
    return field is not None and is_plain(field) and not field.null


def _converter(mapping: LeadMapping, places: Sequence[int | None]) -> Callable[[Row], Row]:
    # One place behind the row is blank, for what the mapping leaves out.
    pick = itemgetter(*(-1 if place is None else place for place in places))
    prefix = mapping.crm_id_prefix

    def convert(row: Row) -> Row:
        pk, key, *values = pick((*row, ""))
        return (pk, f"{prefix}{key}", *(text(value) for value in values))

    return convert


def text(value: object) -> str:
    """Return a value as text; NULL is ''."""
    if type(value) is str:
        return value
    return "" if value is None else str(value)


def made(mapping: LeadMapping, crm_ids: Collection[str]) -> dict[str, dt.datetime]:
    """Return when leads were made, by crm_id, where the mapping knows it."""
    if not mapping.created_at:
        return {}
    keys = {mapping.key(crm_id): crm_id for crm_id in crm_ids}
    rows = mapping.by_keys(keys).values_list(mapping.crm_id_field, mapping.created_at)
    times: list[tuple[Any, dt.datetime]] = repeated(mapping.alias, partial(list, rows))
    return {keys[key]: at for key, at in times if key in keys}


def with_statuses(mapping: LeadMapping, rows: list[Row]) -> list[Row]:
    """Return the same leads with the statuses that LeadEnrichment has of them, as far as they count; one query."""
    beside = [name for name in _STATUSES if not mapping.source(name)]
    if not beside or not rows:
        return rows
    known = enrichments(mapping, [row[1] for row in rows])
    filled: list[Row] = []
    for row in rows:
        lead, state = Candidate._make(row), known.get(row[1])
        if state:
            lead = lead._replace(**{name: status(state, _STATUSES[name], lead) for name in beside})
        filled.append(lead)
    return filled


def enrichments(mapping: LeadMapping, crm_ids: Collection[str]) -> dict[str, LeadEnrichment]:
    """Return what is known of leads beside their table, by crm_id; one query."""
    keys = {crm_id.removeprefix(mapping.crm_id_prefix): crm_id for crm_id in crm_ids}
    rows = LeadEnrichment.objects.filter(model=mapping.label, key__in=keys).order_by()
    return {keys[row.key]: row for row in rows}


def known(mapping: LeadMapping, leads: Collection[Candidate]) -> dict[str, str]:
    """Return in words what is known of each value of leads, by crm_id; at most two queries."""
    own = [facts for facts in VALUES if mapping.source(facts.value) and mapping.source(facts.status)]
    beside = [facts for facts in VALUES if mapping.source(facts.value) and not mapping.source(facts.status)]
    words: dict[str, list[str]] = {lead.crm_id: [] for lead in leads}
    if own:
        keys = {mapping.key(crm_id): crm_id for crm_id in words}
        rows = mapping.by_keys(keys).values_list(mapping.crm_id_field, *(mapping.source(facts.status) for facts in own))
        for key, *statuses in rows:
            pairs = zip(own, map(text, statuses), strict=True)
            words[keys[key]] += [_in_words(facts, said) for facts, said in pairs if said]
    states = enrichments(mapping, words) if beside and words else {}
    for lead in leads:
        if state := states.get(lead.crm_id):
            told = ((facts, status(state, facts, lead)) for facts in beside)
            words[lead.crm_id] += [_in_words(facts, said) for facts, said in told if said]
    return {crm_id: ", ".join(said) for crm_id, said in words.items()}


def verdicts(mapping: LeadMapping, lead: Candidate) -> dict[str, tuple[str, dt.datetime | None]]:
    """Return status and date of each value of one lead, by the value's name; at most two queries."""
    names = [name for facts in VALUES for name in (facts.status, facts.checked_at) if mapping.source(name)]
    rows = mapping.by_keys([mapping.key(lead.crm_id)]).values_list(*(mapping.source(name) for name in names))
    own = dict(zip(names, next(iter(rows), ()), strict=False)) if names else {}
    needs_more = any(not mapping.source(name) for facts in VALUES for name in (facts.status, facts.checked_at))
    state = enrichments(mapping, [lead.crm_id]).get(lead.crm_id) if needs_more else None
    told: dict[str, tuple[str, dt.datetime | None]] = {}
    for facts in VALUES:
        beside = status(state, facts, lead) if state else ""
        said = text(own[facts.status]) if facts.status in own else beside
        at = own[facts.checked_at] if facts.checked_at in own else beside and getattr(state, facts.checked_at)
        told[facts.value] = (said, at or None)
    return told


def _in_words(facts: KindFacts, status: str) -> str:
    return f"{facts.bare_noun} {status.replace('_', ' ')}"


def status(state: LeadEnrichment, facts: KindFacts, lead: Candidate) -> str:
    """Return the status of one of a lead's values, blank when it is about another value or about other inputs."""
    value = getattr(state, facts.value)
    counts = value == getattr(lead, facts.value)
    if counts and not value:
        inputs = getattr(state, f"{facts.value}_inputs")
        counts = inputs is not None and inputs.hex == digest(lead)
    return str(getattr(state, facts.status)) if counts else ""
