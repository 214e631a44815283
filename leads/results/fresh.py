"""A search with its outcome, of which its lead knows nothing yet, and whether a newer one says otherwise."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from enrow_webhooks.client.values import Kind
from leads import sql
from leads.kinds import KINDS
from leads.mapping import Change
from leads.models import SearchJob


class Fresh(NamedTuple):
    """One search with its outcome, of which its lead knows nothing yet."""

    pk: int
    model: str
    crm_id: str
    fingerprint: uuid.UUID | None
    inputs: uuid.UUID | None
    value_before: str
    asked_at: dt.datetime | None
    outcome: str
    value: str
    country: str
    error: str
    # Blank, or the crm_id that it was sent with, where the lead was merged into another since.
    sent_as: str = ""
    # It came after the search was given up.
    is_late: bool = False

    def __repr__(self) -> str:
        return f"<Fresh {self.pk} {self.outcome}>"


@dataclass(slots=True, repr=False)
class Updated:
    """What became of leads, by crm_id. Who is in none of the lists keeps what they have."""

    written: list[str] = field(default_factory=list)
    # Their inputs are not those that were searched.
    changed: list[str] = field(default_factory=list)
    # There is no such lead.
    gone: list[str] = field(default_factory=list)
    # What was written, where somebody wants to know.
    changes: list[Change] = field(default_factory=list)

    def add(self, other: Updated) -> None:
        """Take over what became of other leads."""
        self.written += other.written
        self.changed += other.changed
        self.gone += other.gone
        self.changes += other.changes


# Enrow was asked later for the same person, or about the same value, and the lead says what came. The date tells as
# much, also of what another process wrote while we waited for the lead's lock; but a person may have typed it, or it is
# about a company that stood there before. So only the searches decide, once the lead is locked. A result that comes
# after its search was given up is compared with them whatever the date says: else nothing newer can be in flight.
# Asked for as a value: for EXISTS, PostgreSQL may read all searches.
_NEWER = """(
    SELECT 1 FROM {S} n JOIN {J} k ON k.id = n.job_id
    WHERE n.crm_id = r.crm_id AND n.effect IN ('written', 'undone') AND n.outcome IN ('found', 'not_found')
        AND COALESCE(n.asked_at, k.sent_at) > r.asked_at
        AND ((n.kind = '{kind}' AND n.fingerprint = r.fingerprint) OR (r.value <> '' AND n.kind IN ({kinds})
            AND r.value = CASE WHEN n.value = '' THEN n.value_before ELSE n.value END))
    LIMIT 1) IS NOT NULL"""
_COMPARED = {"crm_id": "text", "fingerprint": "uuid", "asked_at": "timestamptz", "value": "text"}


def newer(kind: Kind) -> str:
    """Return the SQL of whether a newer search than ``r`` was written to its lead."""
    kinds = ", ".join(f"'{other}'" for other, facts in KINDS.items() if facts.value == KINDS[kind].value)
    return _NEWER.format(kind=kind, kinds=kinds, **sql.names())


def superseded(job: SearchJob, rows: Sequence[Fresh]) -> set[str]:
    """Return the crm_ids of the rows whose leads say what a newer search brought; one query, however many."""
    if not rows:
        return set()
    times = zip(rows, asked_at(job, rows), strict=True)
    compared = [(row.crm_id, row.fingerprint, at, row.value) for row, at in times]
    table = sql.table_of("r", _COMPARED, compared)
    text = f"SELECT r.crm_id FROM {table.text} WHERE {newer(Kind(job.kind))}"  # noqa: S608 - only names of ours
    return {crm_id for (crm_id,) in sql.fetch(text, table.params)}


def asked_at(job: SearchJob, rows: Sequence[Fresh]) -> list[object]:
    """Return for each row when Enrow was asked for what it brings, as the database stores it."""
    times = [when(job, row) for row in rows]
    stored = {at: sql.stamp(at) for at in set(times)}  # nearly always one
    return [stored[at] for at in times]


def when(job: SearchJob, row: Fresh) -> dt.datetime:
    """Return the same as a time."""
    return row.asked_at or job.sent_at or job.created_at
