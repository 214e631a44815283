"""Outcomes into leads: who may be written, then one update of the leads and one of the searches.

A person's edit wins, and an older search never beats a newer one: the database compares, on the row that it has locked.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads import sql
from leads.kinds import KINDS
from leads.models import LeadSearch, SearchJob, get_lead_model
from leads.signals import leads_written

Outcome, Effect = LeadSearch.Outcome, LeadSearch.Effect


class Fresh(NamedTuple):
    """One search with its outcome, of which its lead knows nothing yet."""

    pk: int
    crm_id: str
    value_before: str
    outcome: str
    value: str
    country: str
    error: str

    def __repr__(self) -> str:
        return f"<Fresh {self.pk} {self.outcome}>"


# When the lead ``l`` may be written with the outcome ``r``: by a kind that finds, one that judges, and one that finds
# and whose job overwrites. A verdict is about the address that was sent: it is written only while the lead still has
# it; and a failure says nothing, so it never replaces a verdict that is known.
_FINDS = "l.{value} = ''"
_JUDGES = "l.{value} = r.value_before AND NOT (r.outcome = 'error' AND l.{status} <> '')"
_OVERWRITES = "(l.{value} = '') OR (r.outcome = 'found' AND l.{value} = r.value_before)"

# Only who is to be written is locked, in the order of the crm_ids, so that batches that share leads wait for each other
# instead of deadlocking. A lead that somebody else holds is judged anew once it is free.
# CASE hides the comparisons from the planner, which would otherwise trust stale statistics ("no lead has a blank
# e-mail"), and start from "the one" that has by reading all that there really are.
_WRITE = """
UPDATE {L} SET {brings}
    {status} = CASE w.outcome WHEN 'found' THEN '{found}' WHEN 'not_found' THEN '{not_found}' ELSE 'failed' END,
    {checked} = CASE WHEN w.outcome = 'error' THEN {L}.{checked} ELSE %s END,
    updated_at = %s
FROM (
    SELECT l.{pk} AS lead, r.outcome, r.value, r.country FROM {rows} JOIN {L} l ON l.crm_id = r.crm_id
    WHERE CASE WHEN l.{checked} > %s THEN false ELSE {writable} END
    ORDER BY l.crm_id {lock}
) w
WHERE {L}.{pk} = w.lead RETURNING {L}.crm_id
"""
# Who was not written says why.
_REASON = """
CASE WHEN r.effect <> '' OR r.outcome = 'cancelled' THEN r.effect ELSE COALESCE(
    (SELECT CASE WHEN l.{checked} > %s THEN 'stale' ELSE 'kept' END FROM {L} l WHERE l.crm_id = {S}.crm_id), 'orphan')
END
"""
_STORE = """
UPDATE {S} SET outcome = r.outcome, value = r.value, country = r.country, error = r.error, effect = {effect}
FROM {rows} WHERE {S}.id = r.id
"""


def write(pk: uuid.UUID) -> int:
    """Write what a job's searches brought to their leads, in one transaction; return how many leads were written.

    Repeating it writes nothing: each search says what became of it in ``effect``.
    """
    return sql.transact(lambda: _write(pk))


def _write(pk: uuid.UUID) -> int:
    job = SearchJob.objects.select_for_update().get(pk=pk)
    waiting = LeadSearch.objects.filter(
        job=job, effect=Effect.NONE, outcome__in=[Outcome.FOUND, Outcome.NOT_FOUND, Outcome.ERROR]
    )
    rows = [Fresh._make(row) for row in waiting.order_by("pk").values_list(*Fresh._fields)]
    written = store(job, rows, to_leads=True)
    SearchJob.objects.filter(pk=pk, state__in=SearchJob.ENDED).update(written_at=timezone.now())
    return written


def store(job: SearchJob, rows: Sequence[Fresh], *, to_leads: bool) -> int:
    """Write outcomes to the searches, and ``to_leads`` too; return how many leads were written.

    The caller holds a transaction and the lock of the job. Without ``to_leads``, write() brings them later.
    """
    if not rows:
        return 0
    sql.look_up_by_index()
    if not to_leads:
        _store(rows, frozenset(), sql.Fragment(text="''", params=()))
        return 0
    # Should a job hold two searches for one lead, the newer one is written. What was cancelled says nothing.
    newest = {row.crm_id: row for row in sorted(rows) if row.outcome != Outcome.CANCELLED}
    written = _write_leads(job, list(newest.values()))
    reason = sql.Fragment(
        text=_REASON.format(checked=KINDS[Kind(job.kind)].checked_at, **sql.names()),
        params=(sql.stamp(job.created_at),),
    )
    _store(rows, {newest[crm_id].pk for crm_id in written}, reason)
    if written:
        transaction.on_commit(
            lambda: leads_written.send_robust(SearchJob, job_id=job.pk, written=len(written)), using=sql.alias()
        )
    return len(written)


def _write_leads(job: SearchJob, rows: Sequence[Fresh]) -> list[str]:
    """Write the leads that may be written, with one row for each; return their crm_ids."""
    facts = KINDS[Kind(job.kind)]
    columns = {"crm_id": "text", "value_before": "text", "outcome": "text", "value": "text", "country": "text"}
    outcomes = sql.table_of("r", columns, list(map(attrgetter(*columns), rows)))
    tables = sql.names()
    brings = {} if facts.judges else {facts.value: "value", facts.country: "country"}
    sets = (
        f"{column} = CASE WHEN w.outcome = 'found' THEN w.{source} ELSE {tables['L']}.{column} END,"
        for column, source in brings.items()
        if column
    )
    writable = _JUDGES if facts.judges else _OVERWRITES if job.overwrite else _FINDS
    text = _WRITE.format(
        brings=" ".join(sets),
        status=facts.status,
        found=facts.found,
        not_found=facts.not_found,
        checked=facts.checked_at,
        pk=sql.connect().ops.quote_name(str(get_lead_model()._meta.pk.column)),
        rows=outcomes.text,
        writable=writable.format(value=facts.value, status=facts.status),
        lock=sql.lock("FOR UPDATE OF l"),
        **tables,
    )
    launched = sql.stamp(job.created_at)
    params = [launched, sql.stamp(timezone.now()), *outcomes.params, launched]
    return [crm_id for (crm_id,) in sql.fetch(text, params)]


def _store(rows: Sequence[Fresh], written: Collection[int], reason: sql.Fragment) -> None:
    columns = {"id": "bigint", "outcome": "text", "value": "text", "country": "text", "error": "text", "effect": "text"}
    stored = [
        (row.pk, row.outcome, row.value, row.country, row.error, Effect.WRITTEN if row.pk in written else Effect.NONE)
        for row in rows
    ]
    outcomes = sql.table_of("r", columns, stored)
    sql.run(_STORE.format(effect=reason.text, rows=outcomes.text, **sql.names()), [*reason.params, *outcomes.params])
