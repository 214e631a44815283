"""Two leads turn out to be one: history, state and what is in flight follow to the one that stays.

``merge(duplicate, into=contact)`` takes two rows of mapped models, or their crm_ids: the first may be gone already.
What Enrow was told of the other lead is kept in ``LeadSearch.sent_as``: its result names that one.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from django.db import IntegrityError
from django.db.models import Case, F, Model, Q, Value, When

from leads import arguments, reading, sql
from leads.kinds import KINDS, VALUES, Candidate, KindFacts
from leads.mapping import LeadMapping, registry
from leads.models import LeadEnrichment, LeadSearch, SearchJob

Outcome, Effect = LeadSearch.Outcome, LeadSearch.Effect
# A planner may have begun a search of the same kind a moment earlier; it is seen with the next try.
_TRIES = 5
_LET_GO = "Its lead was merged into another, for which this is being searched already."


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What followed to the lead that stays."""

    searches: int = 0
    # Searches in flight that were let go, because the other lead is being searched already; nothing paid is lost.
    let_go: int = 0


class _Lead(NamedTuple):
    """One of the two."""

    mapping: LeadMapping
    crm_id: str

    def __repr__(self) -> str:
        return "<_Lead>"


class _Pending(NamedTuple):
    """A search in flight."""

    pk: int
    job: uuid.UUID
    kind: str
    fingerprint: uuid.UUID | None
    position: int | None
    sent_as: str

    def __repr__(self) -> str:
        return "<_Pending>"


def merge(source: Model | str, *, into: Model | str) -> Merged:
    """Give everything that is known of a lead to another one, in one transaction; return what followed.

    Neither row of the project is touched; the first may be deleted before or after. What is in flight is written to
    the lead that stays if that has the inputs which were searched, else it is kept, and reused free of charge. Harmless
    to repeat. Inside the caller's transaction it is a part of that one.

    Raises TypeError for what is neither a row nor a crm_id, and ValueError for a row of a model that is not mapped or
    that has no key (any more), a crm_id of no mapped model, a lead merged into itself, and no lead to merge into.
    """
    old, new = _named(source), _named(into)
    if old.crm_id == new.crm_id:
        raise ValueError(f"{old.crm_id!r} cannot be merged into itself.")
    if not new.mapping.by_keys([new.mapping.key(new.crm_id)]).exists():
        raise ValueError(f"There is no lead {new.crm_id!r} to merge into.")
    for _ in range(_TRIES - 1):
        try:
            return sql.transact(partial(_merge, old, new))
        except IntegrityError:
            continue
    return sql.transact(partial(_merge, old, new))


def _named(given: object) -> _Lead:
    if isinstance(given, Model):
        return _of_row(given)
    if not isinstance(given, str):
        raise TypeError(f"merge() takes rows of mapped models, or their crm_ids, not {type(given).__name__}.")
    mapping = registry.owner(given)
    if mapping is None or mapping.key(given) is None:
        raise ValueError(f"{given!r} is the crm_id of no mapped model.")
    return _Lead(mapping, given)


def _of_row(row: Model) -> _Lead:
    model: type[Model] = row._meta.model
    mapping = registry.of(model)
    if mapping is None:
        raise ValueError(f"{model._meta.label} is not mapped to leads. {arguments.how_to_map(model)}")
    key = mapping.key_of(row)
    if key is None:
        raise ValueError(
            f"This {row._meta.verbose_name} has no key, because it was deleted or never saved; give its crm_id instead."
        )
    return _Lead(mapping, mapping.crm_id(key))


def _merge(old: _Lead, new: _Lead) -> Merged:
    # Jobs first, as the writer of results locks them: a result either reaches the old lead before, or the new one.
    of_both = LeadSearch.objects.filter(Q(crm_id=old.crm_id) | Q(crm_id=new.crm_id, outcome=Outcome.PENDING))
    locked = SearchJob.objects.select_for_update().filter(pk__in=of_both.values("job")).order_by("pk")
    jobs = dict(locked.values_list("pk", "state"))
    pending = _pending(old, jobs)
    losers = _losers(pending, _pending(new, jobs), jobs)
    _let_go(losers)
    lead = reading.candidates([(new.mapping.label, new.crm_id)]).get(new.crm_id)
    followed = _follow(old, new, jobs, lead)
    if lead is not None:
        _follow_state(old, new, lead)
    SearchJob.objects.filter(pk__in={row.job for row in (*pending, *losers)}).prepare_again()
    return Merged(searches=followed, let_go=len(losers))


def _pending(lead: _Lead, jobs: Collection[uuid.UUID]) -> list[_Pending]:
    rows = LeadSearch.objects.pending().filter(crm_id=lead.crm_id, job__in=list(jobs)).order_by("pk")
    return [_Pending(*row) for row in rows.values_list("pk", "job", "kind", "fingerprint", "position", "sent_as")]


def _losers(moving: Sequence[_Pending], staying: Sequence[_Pending], jobs: Mapping[uuid.UUID, str]) -> set[_Pending]:
    """Return which searches in flight are let go, for one lead has one of a kind.

    Of one person, the purchase is kept. What Enrow works on is kept beside another: it is paid for.
    """
    losers: set[_Pending] = set()
    for row in moving:
        rivals = [other for other in staying if other.kind == row.kind]
        same = next((other for other in rivals if other.fingerprint == row.fingerprint), None)
        if same:
            losers.add(same if row.position is not None else row)
        elif row.position is not None and jobs[row.job] not in SearchJob.UNSENT:
            continue
        elif any(other.sent_as == row.sent_as for other in rivals):
            losers.add(row)
    return losers


def _let_go(losers: Collection[_Pending]) -> None:
    """Cancel searches in flight; another lead that shares a purchase not sent yet takes its place."""
    if not losers:
        return
    LeadSearch.objects.filter(pk__in=[row.pk for row in losers]).update(
        outcome=Outcome.CANCELLED, position=None, error=_LET_GO
    )
    for row in losers:
        if row.position is not None:
            sharing = LeadSearch.objects.pending().filter(job=row.job, kind=row.kind, fingerprint=row.fingerprint)
            if heir := sharing.order_by("pk").first():
                LeadSearch.objects.filter(pk=heir.pk).update(position=row.position)


def _follow(old: _Lead, new: _Lead, jobs: Mapping[uuid.UUID, str], lead: Candidate | None) -> int:
    """Give the searches to the other lead; return how many.

    What was written to the old lead is only kept for the new one, unless that has the very value: so a blank is filled
    from what was bought, and is not taken for a value that somebody cleared.
    """
    awaited = [pk for pk, state in jobs.items() if state in SearchJob.AWAITING and state not in SearchJob.UNSENT]
    is_named = Q(position__isnull=False) | Q(effect__in=[Effect.ASIDE, Effect.DROPPED])
    has_value = Q(pk__in=[])
    for kind, facts in KINDS.items():
        if value := getattr(lead, facts.value, ""):
            has_value |= Q(kind=kind, outcome=Outcome.FOUND, value=value)
    return LeadSearch.objects.filter(crm_id=old.crm_id, job__in=list(jobs)).update(
        # What is kept aside fits no lead yet.
        model=Case(When(model="", then=Value("")), default=Value(new.mapping.label)),
        crm_id=new.crm_id,
        sent_as=Case(When(is_named, sent_as="", job__in=awaited, then=Value(old.crm_id)), default=F("sent_as")),
        effect=Case(When(~has_value, effect=Effect.WRITTEN, then=Value(Effect.KEPT)), default=F("effect")),
    )


def _follow_state(old: _Lead, new: _Lead, lead: Candidate) -> None:
    """Give what LeadEnrichment has of the old lead to the new one, as far as it is about the value that this has."""
    theirs, own = _state(old), _state(new)
    if theirs is None:
        return
    values: dict[str, Any] = {}
    for facts in VALUES:
        is_known = own is not None and reading.status(own, facts, lead)
        if not is_known and reading.status(theirs, facts, lead) and _is_beside(new.mapping, facts):
            names = [facts.value, f"{facts.value}_inputs", facts.status, facts.checked_at, facts.country]
            values |= {name: getattr(theirs, name) for name in names if name}
    theirs.delete()
    if values:
        LeadEnrichment.objects.update_or_create(
            model=new.mapping.label, key=_key_text(new), defaults=values, create_defaults=values
        )


def _state(lead: _Lead) -> LeadEnrichment | None:
    states = LeadEnrichment.objects.select_for_update()
    return states.filter(model=lead.mapping.label, key=_key_text(lead)).first()


def _key_text(lead: _Lead) -> str:
    return lead.crm_id.removeprefix(lead.mapping.crm_id_prefix)


def _is_beside(mapping: LeadMapping, facts: KindFacts) -> bool:
    """Tell whether the lead's own table lacks a column for what is known of a value."""
    return not all(mapping.source(name) for name in (facts.status, facts.checked_at, facts.country) if name)
