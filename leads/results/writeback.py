"""Outcomes into leads: who may be written, then one update of the leads and one of the searches.

A person's edit wins, and an older search never beats a newer one: the database compares, on the row that it has locked.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from operator import attrgetter

from django.db import transaction
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads import sql
from leads.models import LeadSearch, SearchJob
from leads.results import refusals, updating
from leads.results.updating import Fresh
from leads.signals import leads_written

logger = logging.getLogger(__name__)

Outcome, Effect = LeadSearch.Outcome, LeadSearch.Effect
# Refused leads that a job names.
_NAMED = 3

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
        job=job, effect__in=effects, outcome__in=[Outcome.FOUND, Outcome.NOT_FOUND, Outcome.ERROR]
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
    newest = _newest(rows)
    in_order = sorted(newest.values(), key=attrgetter("crm_id"))
    changed: list[str] = []

    def write_some(some: Sequence[Fresh]) -> list[str]:
        written, others = updating.update(job, some)
        changed.extend(others)
        return written

    spared = refusals.spare(in_order, write_some, mark_all=mark_all)
    notes = {newest[crm_id].pk: note for crm_id, note in refusals.notes(spared.refused).items()}
    told = [row._replace(error=refusals.retold(row.error, notes.get(row.pk, ""))[:300]) for row in rows]
    effects = dict.fromkeys(notes, Effect.REFUSED) | _effects(newest, spared.written, changed)
    written = _book(job, told, effects)
    if notes or job.refused:
        _tell(job, list(notes.values()), of=len(newest))
    return written


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
    newest = _newest(rows)
    written, changed = updating.update(job, list(newest.values()))
    return _book(job, rows, _effects(newest, written, changed))


def _newest(rows: Sequence[Fresh]) -> dict[str, Fresh]:
    """Return one row for each lead, by crm_id.

    Should a job hold two searches for one lead, the newer one is written. What was cancelled says nothing.
    """
    return {row.crm_id: row for row in sorted(rows) if row.outcome != Outcome.CANCELLED}


def _effects(newest: Mapping[str, Fresh], written: Sequence[str], changed: Sequence[str]) -> dict[int, str]:
    effects = dict.fromkeys(changed, Effect.CHANGED) | dict.fromkeys(written, Effect.WRITTEN)
    return {newest[crm_id].pk: effect for crm_id, effect in effects.items()}


def _book(job: SearchJob, rows: Sequence[Fresh], effects: Mapping[int, str]) -> int:
    """Store the outcomes with what became of them; tell the project; return how many leads were written."""
    _store(job, rows, effects, reason=updating.reason(Kind(job.kind)))
    written = sum(effect == Effect.WRITTEN for effect in effects.values())
    if written:
        transaction.on_commit(
            lambda: leads_written.send_robust(SearchJob, job_id=job.pk, written=written), using=sql.alias()
        )
    return written


def _store(job: SearchJob, rows: Sequence[Fresh], effects: Mapping[int, str], *, reason: str) -> None:
    stored = [
        (
            row.pk,
            row.crm_id,
            row.fingerprint,
            updating.asked_at(job, row),
            row.outcome,
            row.value,
            row.country,
            row.error,
            effects.get(row.pk, Effect.NONE),
        )
        for row in rows
    ]
    outcomes = sql.table_of("r", _COLUMNS, stored)
    sql.run(_STORE.format(effect=reason, rows=outcomes.text, **sql.names()), outcomes.params)
