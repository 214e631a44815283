"""Outcomes into leads: who may be written, then one update of the leads and one of the searches.

A person's edit wins, and an older search never beats a newer one: the database compares, on the row that it has locked.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from django.db import transaction
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads import sql
from leads.models import LeadSearch, SearchJob
from leads.results import refusals, updating
from leads.results.fresh import Fresh, Updated, asked_at, newer
from leads.signals import values_written

logger = logging.getLogger(__name__)

Outcome, Effect = LeadSearch.Outcome, LeadSearch.Effect
# Refused leads that a job names.
_NAMED = 3


class _WriteSome(Protocol):
    """Writes one search of each lead, by crm_id, and tells what became of the leads."""

    def __call__(self, newest: Mapping[str, Fresh], *, is_first: bool) -> Updated: ...


_COLUMNS = {
    "id": "bigint",
    "crm_id": "text",
    "fingerprint": "uuid",
    "asked_at": "timestamptz",
    "outcome": "text",
    "value": "text",
    "country": "text",
    "error": "text",
    "effect": "text",
}
_STORED = [name for name in Fresh._fields if name != "is_late"]
_STORE = """
UPDATE {S} SET outcome = r.outcome, value = r.value, country = r.country, error = r.error, effect = {effect}
FROM {rows} WHERE {S}.id = r.id
"""
# Who was not written says why.
_REASON = """
CASE WHEN r.effect <> '' OR r.outcome = 'cancelled' THEN r.effect WHEN {newer} THEN 'stale' ELSE 'kept' END
"""


def write(pk: uuid.UUID, *, is_asked: bool = False) -> int:
    """Write what a job's searches brought to their leads, in one transaction; return how many leads were written.

    Leads that their table refuses are marked, and all others are written. Where it refuses everybody, DatabaseError is
    raised and nothing changes: the sweep repeats it. Repeating it writes nothing else: each search says what became of
    it in ``effect``. ``is_asked``: somebody wants it now, also for those who were refused; all who are refused again
    are marked.
    """
    return sql.transact(lambda: _write(pk, is_asked=is_asked))


def _write(pk: uuid.UUID, *, is_asked: bool) -> int:
    effects = [Effect.NONE, Effect.REFUSED] if is_asked else [Effect.NONE]
    job = SearchJob.objects.select_for_update().get(pk=pk)
    waiting = LeadSearch.objects.filter(
        job=job, effect__in=effects, outcome__in=[Outcome.FOUND, Outcome.NOT_FOUND, *LeadSearch.FAILURES]
    )
    rows = [Fresh(*row) for row in waiting.order_by("pk").values_list(*_STORED)]
    written = _spare(job, rows, mark_all=is_asked)
    SearchJob.objects.filter(pk=pk, state__in=SearchJob.ENDED).update(written_at=timezone.now())
    return written


def _spare(job: SearchJob, rows: Sequence[Fresh], *, mark_all: bool) -> int:
    """Store as store() does, but leave out the leads that their table refuses, and say why."""
    if not rows:
        return 0
    sql.look_up_by_index()
    notes: dict[int, str] = {}

    def write_some(newest: Mapping[str, Fresh], *, is_first: bool) -> Updated:
        updated, refused = _write_sparing(job, newest, mark_all=mark_all or not is_first)
        notes.update({newest[crm_id].pk: note for crm_id, note in refused.items()})
        return updated

    updated, effects = _in_rounds(rows, write_some)
    told = [row._replace(error=refusals.retold(row.error, notes.get(row.pk, ""))[:300]) for row in rows]
    written = _book(job, told, dict.fromkeys(notes, Effect.REFUSED) | effects)
    _tell_project(job, updated)
    if notes or job.refused:
        _tell(job, list(notes.values()), of=len({row.crm_id for row in rows}))
    return written


def _write_sparing(job: SearchJob, newest: Mapping[str, Fresh], *, mark_all: bool) -> tuple[Updated, dict[str, str]]:
    """Write leads, each with one search; return what became of them, and a note on each that its table refuses."""
    in_order = sorted(newest.values(), key=attrgetter("model", "crm_id"))
    updated = Updated()

    def write_some(some: Sequence[Fresh]) -> list[str]:
        part = updating.update(job, some)
        updated.add(part)
        return part.written

    spared = refusals.spare(in_order, write_some, mark_all=mark_all)
    # What a try wrote before its table refused it is not written.
    updated.written = spared.written
    return updated, refusals.notes(spared.refused)


def _tell(job: SearchJob, notes: Sequence[str], *, of: int) -> None:
    """Say in the job how many of its leads are refused by now, and which to look at."""
    note = f"{len(notes):,} of {of:,} leads. {'; '.join(notes[:_NAMED])}" if notes else ""
    SearchJob.objects.filter(pk=job.pk).update(
        refused=LeadSearch.objects.filter(job=job, effect=Effect.REFUSED).count(),
        last_error=refusals.retold(job.last_error, note)[:500],
    )
    if notes:
        logger.warning("Search job %s: their table refused %s of %s leads.", job.pk, len(notes), of)


def store(job: SearchJob, rows: Sequence[Fresh], *, to_leads: bool) -> int:
    """Write outcomes to the searches, and ``to_leads`` too; return how many leads were written.

    The caller holds a transaction and the lock of the job. Without ``to_leads``, write() brings them later.
    """
    if not rows:
        return 0
    sql.look_up_by_index()
    if not to_leads:
        _store(job, rows, {}, reason="''")
        return 0

    def write_some(newest: Mapping[str, Fresh], *, is_first: bool) -> Updated:
        return updating.update(job, list(newest.values()))

    updated, effects = _in_rounds(rows, write_some)
    _tell_project(job, updated)
    return _book(job, rows, effects)


def _in_rounds(rows: Sequence[Fresh], write_some: _WriteSome) -> tuple[Updated, dict[int, str]]:
    """Write one search of each lead; return what became of the leads, and of the searches by their ids.

    A job holds two searches of one lead where leads were merged: the lead's own is tried first, else the newer one.
    Where the lead is not whom that searched, another is tried, until none is left; the rest is kept.
    """
    left = sorted((row for row in rows if row.outcome != Outcome.CANCELLED), key=lambda row: (not row.sent_as, row.pk))
    updated, effects, is_first = Updated(), dict[int, str](), True
    while left:
        newest = {row.crm_id: row for row in left}
        part = write_some(newest, is_first=is_first)
        updated.add(part)
        effects |= _effects(newest, part)
        tried, again = {row.pk for row in newest.values()}, {*part.changed, *part.gone}
        left, is_first = [row for row in left if row.crm_id in again and row.pk not in tried], False
    return updated, effects


def _effects(newest: Mapping[str, Fresh], updated: Updated) -> dict[int, str]:
    effects = dict.fromkeys(updated.gone, Effect.ORPHAN) | dict.fromkeys(updated.changed, Effect.CHANGED)
    effects |= dict.fromkeys(updated.written, Effect.WRITTEN)
    return {newest[crm_id].pk: effect for crm_id, effect in effects.items()}


def _book(job: SearchJob, rows: Sequence[Fresh], effects: Mapping[int, str]) -> int:
    """Store the outcomes with what became of them; return how many leads were written."""
    _store(job, rows, effects, reason=_REASON.format(newer=newer(Kind(job.kind))))
    return sum(effect == Effect.WRITTEN for effect in effects.values())


def _tell_project(job: SearchJob, updated: Updated) -> None:
    """Send values_written after the commit, for each model."""
    written = set(updated.written)
    changes = {change.crm_id: change for change in updated.changes if change.crm_id in written}
    # What a table refused at first may have been written behind another model's leads.
    in_order = sorted(changes.values(), key=lambda change: change.model._meta.label)
    for model, some in groupby(in_order, key=attrgetter("model")):
        transaction.on_commit(
            partial(values_written.send_robust, model, changes=list(some), job_id=job.pk), using=sql.alias()
        )


def _store(job: SearchJob, rows: Sequence[Fresh], effects: Mapping[int, str], *, reason: str) -> None:
    stored = [
        (
            row.pk,
            row.crm_id,
            row.fingerprint,
            at,
            row.outcome,
            row.value,
            row.country,
            row.error,
            effects.get(row.pk, Effect.NONE),
        )
        for row, at in zip(rows, asked_at(job, rows), strict=True)
    ]
    outcomes = sql.table_of("r", _COLUMNS, stored)
    sql.run(_STORE.format(effect=reason, rows=outcomes.text, **sql.names()), outcomes.params)
