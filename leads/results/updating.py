"""The statement that writes leads: who may be written, and with what.

A person's edit wins, an older search never beats a newer one, and a result reaches nobody but whom it was searched for:
the database compares, on the row that it has locked.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads import sql
from leads.digests import digest_sql
from leads.kinds import KINDS
from leads.models import SearchJob, get_lead_model
from leads.results import belonging


class Fresh(NamedTuple):
    """One search with its outcome, of which its lead knows nothing yet."""

    pk: int
    crm_id: str
    fingerprint: uuid.UUID | None
    inputs: uuid.UUID | None
    value_before: str
    asked_at: dt.datetime | None
    outcome: str
    value: str
    country: str
    error: str
    # It came after the search was given up.
    is_late: bool = False

    def __repr__(self) -> str:
        return f"<Fresh {self.pk} {self.outcome}>"


# When the lead ``l`` may be written with the outcome ``r``: by a kind that finds, and by one that judges. What a lead
# had at planning was to be overwritten, or is no value, like "n/a": it is replaced while it stands. A failure says
# nothing, so it never replaces a verdict that is known.
_FINDS = "(l.{value} = '') OR (r.outcome = 'found' AND l.{value} = r.value_before)"
_JUDGES = "NOT (r.outcome = 'error' AND l.{status} <> '')"
# The lead's inputs are those that were searched. A verdict is about the address that was sent.
_SAME = "(r.inputs IS NULL OR r.inputs = {digest})"
_SAME_ADDRESS = "l.{value} = r.value_before"
# Enrow was asked later for the same person, or about the same value, and the lead says what came. The date tells as
# much, also of what another process wrote while we waited for the lead's lock; but a person may have typed it, or it is
# about a company that stood there before. So only the searches decide, once the lead is locked. A result that comes
# after its search was given up is compared with them whatever the date says: else nothing newer can be in flight.
# Asked for as a value: for EXISTS, PostgreSQL may read all searches.
_NEWER = """(
    SELECT 1 FROM {S} n JOIN {J} k ON k.id = n.job_id
    WHERE n.crm_id = r.crm_id AND n.effect = 'written' AND n.outcome IN ('found', 'not_found')
        AND COALESCE(n.asked_at, k.sent_at) > r.asked_at
        AND ((n.kind = '{kind}' AND n.fingerprint = r.fingerprint) OR (r.value <> '' AND n.kind IN ({kinds})
            AND r.value = CASE WHEN n.value = '' THEN n.value_before ELSE n.value END))
    LIMIT 1) IS NOT NULL"""
_STALE = "CASE WHEN l.{checked} > r.asked_at THEN true WHEN r.is_late THEN {newer} ELSE false END"

# Only who is to be written is locked, in the order of the crm_ids, so that batches that share leads wait for each other
# instead of deadlocking. A lead that somebody else holds is judged anew once it is free.
# CASE hides the comparisons from the planner, which would otherwise trust stale statistics ("no lead has a blank
# e-mail"), and start from "the one" that has by reading all that there really are.
_WRITE = """
UPDATE {L} SET {brings}
    {status} = CASE w.outcome WHEN 'found' THEN '{found}' WHEN 'not_found' THEN '{not_found}' ELSE 'failed' END,
    {checked} = CASE WHEN w.outcome = 'error' THEN {L}.{checked} ELSE w.asked_at END,
    updated_at = %s
FROM (
    SELECT l.{pk} AS lead, r.outcome, r.value, r.country, r.asked_at FROM {rows} JOIN {L} l ON l.crm_id = r.crm_id
    WHERE CASE WHEN {fits} THEN {writable} ELSE false END
    ORDER BY l.crm_id {lock}
) w
WHERE {L}.{pk} = w.lead RETURNING {L}.crm_id
"""
# Who was not written says why.
_REASON = """
CASE WHEN r.effect <> '' OR r.outcome = 'cancelled' THEN r.effect ELSE COALESCE(
    (SELECT CASE WHEN {newer} THEN 'stale' ELSE 'kept' END FROM {L} l WHERE l.crm_id = r.crm_id), 'orphan')
END
"""
# What the statement reads of each row.
_COLUMNS = {
    "crm_id": "text",
    "is_late": "boolean",
    "fingerprint": "uuid",
    "inputs": "uuid",
    "value_before": "text",
    "asked_at": "timestamptz",
    "outcome": "text",
    "value": "text",
    "country": "text",
}


def update(job: SearchJob, rows: Sequence[Fresh]) -> tuple[list[str], list[str]]:
    """Write the leads that may be written, with one row for each.

    Return the crm_ids that were written, and of the others those whose inputs are not those that were searched.
    One statement where all are written, up to four where some are not. The caller holds a transaction.
    """
    kind = Kind(job.kind)
    written = _update(job, rows, _fits_by_digest(kind))
    left = set(written).symmetric_difference(row.crm_id for row in rows)
    if not left:
        return written, []
    may, changed = belonging.split(kind, [row for row in rows if row.crm_id in left], lock=False)
    if may:
        may, others = belonging.split(kind, may, lock=True)
        changed += others
    if may:
        written += _update(job, may, f"NOT {_newer(kind)}")
    return written, [row.crm_id for row in changed]


def reason(kind: Kind) -> str:
    """Return the SQL of why a row ``r`` was not written to its lead, as an effect."""
    return _REASON.format(newer=_newer(kind), **sql.names())


def asked_at(job: SearchJob, row: Fresh) -> object:
    """Return when Enrow was asked for what a row brings, as the database stores it."""
    return sql.stamp(row.asked_at or job.sent_at or job.created_at)


def _newer(kind: Kind) -> str:
    kinds = ", ".join(f"'{other}'" for other, facts in KINDS.items() if facts.value == KINDS[kind].value)
    return _NEWER.format(kind=kind, kinds=kinds, **sql.names())


def _fits_by_digest(kind: Kind) -> str:
    facts = KINDS[kind]
    same = _SAME_ADDRESS.format(value=facts.value) if facts.judges else _SAME
    stale = _STALE.format(checked=facts.checked_at, newer=_newer(kind))
    return f"{same.replace('{digest}', digest_sql(get_lead_model(), 'l', sql.connect()))} AND NOT {stale}"


def _update(job: SearchJob, rows: Sequence[Fresh], fits: str) -> list[str]:
    """Write the leads that fit and may be written; return their crm_ids."""
    facts = KINDS[Kind(job.kind)]
    values = [
        (
            row.crm_id,
            row.is_late,
            row.fingerprint,
            row.inputs,
            row.value_before,
            asked_at(job, row),
            row.outcome,
            row.value,
            row.country,
        )
        for row in rows
    ]
    outcomes = sql.table_of("r", _COLUMNS, values)
    tables = sql.names()
    brings = {} if facts.judges else {facts.value: "value", facts.country: "country"}
    sets = (
        f"{column} = CASE WHEN w.outcome = 'found' THEN w.{source} ELSE {tables['L']}.{column} END,"
        for column, source in brings.items()
        if column
    )
    writable = _JUDGES if facts.judges else _FINDS
    text = _WRITE.format(
        brings=" ".join(sets),
        status=facts.status,
        found=facts.found,
        not_found=facts.not_found,
        checked=facts.checked_at,
        pk=sql.connect().ops.quote_name(str(get_lead_model()._meta.pk.column)),
        rows=outcomes.text,
        fits=fits,
        writable=writable.format(value=facts.value, status=facts.status),
        lock=sql.lock("FOR UPDATE OF l"),
        **tables,
    )
    return [crm_id for (crm_id,) in sql.fetch(text, [sql.stamp(timezone.now()), *outcomes.params])]
