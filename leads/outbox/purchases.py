"""What was bought, is being bought, and may be shared: one purchase per person and kind, for all who ask.

A person is named by the fingerprint of the inputs. Somebody else who wants a person that is being bought joins that
job as a row without a position; a person who was bought lately is copied from the row that bought it.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from django.db.models import Exists, OuterRef
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads import sql
from leads.conf import lead_settings
from leads.kinds import KINDS
from leads.models import LeadSearch, SearchJob
from leads.outbox.batches import Wanted


class Known(enum.StrEnum):
    """What is known of a person."""

    PENDING = "pending"
    FOUND = "found"
    NOT_FOUND = "not_found"
    # Bought without a result, in a job with results that fit nobody: one of them may be this person's.
    ASIDE = "error"
    # Bought, but what came cannot be used.
    UNUSABLE = "unusable"
    # Found once, too long ago to be used again.
    OLD = "old"


class Shared(NamedTuple):
    """One row that shares a purchase, and the job in which its search stands."""

    crm_id: str
    job_id: uuid.UUID
    outcome: Known

    def __repr__(self) -> str:
        return f"<Shared {self.job_id} {self.outcome}>"


# The one purchase of a person that a new row may share: one in flight first, else the latest that is young enough; else
# one that must not be repeated: a person has to look at what its job kept aside, or what came cannot be used.
# What was launched elsewhere is about whom a lead says, not about these very inputs: it is no purchase to share.
# Always asked for as a value, never by EXISTS or IN: those PostgreSQL may answer for all rows at once, by reading every
# purchase ever made, and a planner of a million leads would do so for each batch.
_SHAREABLE = """
SELECT {column} FROM (
    SELECT q.id, q.job_id, q.outcome, q.value, j.sent_at, j.created_at, CASE q.outcome
        WHEN 'pending' THEN j.state IN ('queued', 'sending', 'running', 'unconfirmed', 'held')
        WHEN 'found' THEN j.finished_at > %s
        WHEN 'not_found' THEN j.finished_at > %s
        WHEN 'unusable' THEN j.finished_at > %s OR j.kept_aside > 0
        WHEN 'error' THEN j.kept_aside > 0 ELSE false END AND NOT j.launched_elsewhere AS is_young
    FROM {S} q JOIN {J} j ON j.id = q.job_id
    WHERE q.fingerprint = r.fingerprint AND q.kind = %s AND q.position IS NOT NULL
) q
WHERE q.is_young {or_older}
ORDER BY CASE WHEN NOT q.is_young THEN 3 WHEN q.outcome = 'pending' THEN 0
    WHEN q.outcome IN ('error', 'unusable') THEN 2 ELSE 1 END, q.id DESC
LIMIT 1
"""


def _shareable(kind: Kind, column: str = "q.id", or_older: str = "") -> sql.Fragment:
    found, not_found = (sql.stamp(timezone.now() - days) for days in lead_settings.reuse(kind))
    text = _SHAREABLE.format(column=column, or_older=or_older, **sql.names())
    return sql.Fragment(text=text, params=(found, not_found, found, kind))


def known_purchases(kind: Kind, fingerprints: Collection[str]) -> dict[str, Known]:
    """Return what is known of each person; one query, however many."""
    rows = sql.table_of("r", {"fingerprint": "uuid"}, list(zip(set(fingerprints))))
    outcome = _shareable(kind, "CASE WHEN q.is_young THEN q.outcome ELSE 'old' END", or_older="OR q.outcome = 'found'")
    found = sql.fetch(
        f"WITH known AS MATERIALIZED (SELECT r.fingerprint, ({outcome.text}) AS outcome FROM {rows.text}) "  # noqa: S608 - only names of ours
        "SELECT fingerprint, outcome FROM known WHERE outcome IS NOT NULL",
        [*outcome.params, *rows.params],
    )
    return {uuid.UUID(str(fingerprint)).hex: Known(outcome) for fingerprint, outcome in found}


def jobs_to_look_at(kind: Kind, fingerprints: Collection[str]) -> dict[str, uuid.UUID]:
    """Return for each person who is ASIDE or UNUSABLE the job of the purchase; one query, however many."""
    rows = sql.table_of("r", {"fingerprint": "uuid"}, list(zip(set(fingerprints))))
    job = _shareable(kind, "q.job_id")
    found = sql.fetch(f"SELECT r.fingerprint, ({job.text}) FROM {rows.text}", [*job.params, *rows.params])  # noqa: S608 - only names of ours
    return {uuid.UUID(str(name)).hex: uuid.UUID(str(pk)) for name, pk in found if pk}


# What a lead was told of the person that it is now: by searches that were written, since the lead was made. It may have
# joined a search that had begun before.
_TOLD = """
SELECT
    (SELECT MAX(CASE n.outcome WHEN 'found' THEN 1 ELSE 0 END) {told}),
    (SELECT MAX(COALESCE(n.asked_at, k.sent_at, k.created_at)) {told}) >= ({asked}),
    (SELECT MAX(COALESCE(n.asked_at, k.sent_at, k.created_at)) {beaten}) >= ({asked}),
    ({value}),
    (SELECT n.effect {told} ORDER BY n.id DESC LIMIT 1) = 'undone'
FROM {rows} ORDER BY r.place
"""
_TOLD_BY = """
FROM {S} n JOIN {J} k ON k.id = n.job_id WHERE n.crm_id = r.crm_id AND n.kind = %s AND n.fingerprint = r.fingerprint
    AND n.effect IN ({effects}) AND n.outcome IN ('found', 'not_found')
    AND (r.made_at IS NULL OR COALESCE(k.written_at, k.finished_at, k.created_at) >= r.made_at)
"""


class Told(NamedTuple):
    """What a lead was told of the person that it is now."""

    # A value was found for it and written.
    had_value: bool
    # By a search that is as new as the purchase that could be reused.
    is_up_to_date: bool
    # That purchase was tried, and a newer search says otherwise.
    was_beaten: bool
    # What that purchase found.
    value: str
    # A person put back what the lead had before the last of them.
    was_undone: bool = False

    def __repr__(self) -> str:
        return "<Told>"

    def knows_all(self, kind: Kind, row: Wanted, known: Known) -> bool:
        """Tell whether reusing the purchase would change nothing on the lead."""
        facts = KINDS[kind]
        if known is Known.NOT_FOUND and row.value_before and not facts.judges:
            return True  # a miss erases nothing
        if known in {Known.OLD, Known.PENDING}:
            return False
        if self.was_beaten and (facts.judges or row.value_before == self.value):
            return True
        if not self.is_up_to_date:
            return False
        if facts.judges:
            return row.status == (facts.found if known is Known.FOUND else facts.not_found)
        return known is Known.NOT_FOUND or row.value_before == self.value


def told_leads(kind: Kind, rows: Sequence[Wanted], made: Mapping[str, dt.datetime]) -> list[Told]:
    """Return for each row what its lead was told since it was made, if that is known; one query, however many."""
    times = {crm_id: sql.stamp(at) for crm_id, at in made.items()}
    places = [(place, row.crm_id, row.fingerprint, times.get(row.crm_id)) for place, row in enumerate(rows)]
    columns = {"place": "int", "crm_id": "text", "fingerprint": "uuid", "made_at": "timestamptz"}
    table = sql.table_of("r", columns, places)
    told, beaten = (_TOLD_BY.format(effects=effects, **sql.names()) for effects in ("'written', 'undone'", "'stale'"))
    asked, value = _shareable(kind, "COALESCE(q.sent_at, q.created_at)"), _shareable(kind, "q.value")
    text = _TOLD.format(told=told, beaten=beaten, asked=asked.text, value=value.text, rows=table.text)
    params = [kind, kind, *asked.params, kind, *asked.params, *value.params, kind, *table.params]
    found = sql.fetch(text, params)
    return [
        Told(bool(had), bool(new), bool(beat), value or "", bool(undone)) for had, new, beat, value, undone in found
    ]


# A value that stands in a lead is ours where a search wrote it there.
_OURS = """
SELECT r.crm_id FROM {rows} WHERE (
    SELECT 1 FROM {S} n WHERE n.crm_id = r.crm_id AND n.kind IN ({kinds}) AND n.outcome = 'found'
        AND n.effect = 'written' AND n.value = r.value_before LIMIT 1) IS NOT NULL
"""


def written_values(kind: Kind, rows: Sequence[Wanted]) -> set[str]:
    """Return the crm_ids of those who still have a value that a search wrote; one query, however many."""
    if not rows:
        return set()
    finders = [f"'{other}'" for other, facts in KINDS.items() if facts.value == KINDS[kind].value and not facts.judges]
    values = [(row.crm_id, row.value_before) for row in rows]
    table = sql.table_of("r", {"crm_id": "text", "value_before": "text"}, values)
    text = _OURS.format(rows=table.text, kinds=", ".join(finders), **sql.names())
    return {crm_id for (crm_id,) in sql.fetch(text, table.params)}


# What a new search holds where nothing else is said: what was asked for, and no result yet.
_NEW = {name: f"r.{name}" for name in ("crm_id", "fingerprint", "value_before", "inputs")}
_NEW |= dict.fromkeys(["value", "country", "effect", "error"], "''")


_ASKED = {"crm_id": "text", "fingerprint": "uuid", "value_before": "text", "inputs": "uuid"}


def _asked(row: Wanted) -> tuple[str, str, str, str]:
    return row.crm_id, row.fingerprint, row.value_before, row.inputs


def _insert(**values: str) -> str:
    """Return the INSERT of searches from a table ``r``; the arguments are columns and the SQL of their values."""
    columns = _NEW | values
    return "INSERT INTO {S} ({}) SELECT {}".format(", ".join(columns), ", ".join(columns.values()), **sql.names())


# In one order, so that two planners who want the same persons wait for each other instead of deadlocking.
_BUY = """
{insert} FROM {rows}
WHERE %s OR ({known}) IS NULL
ORDER BY r.fingerprint
ON CONFLICT DO NOTHING RETURNING position
"""


def buy(job: SearchJob, model: str, rows: Sequence[Wanted], *, again: bool = False) -> set[int]:
    """Insert a pending search per row; return the positions, in the order of the rows, that nobody had taken.

    Somebody may have bought a person since the batch was planned: nobody is bought twice, but ``again`` on purpose.
    """
    columns = {"position": "int", **_ASKED}
    numbered = [(position, *_asked(row)) for position, row in enumerate(rows)]
    table = sql.table_of("r", columns, numbered)
    insert = _insert(job_id="%s", model="%s", kind="%s", position="r.position", outcome="'pending'")
    known = _shareable(Kind(job.kind))
    text = _BUY.format(insert=insert, rows=table.text, known=known.text)
    inserted = sql.fetch(text, [sql.key(job.pk), model, job.kind, *table.params, again, *known.params])
    return {position for (position,) in inserted}


# FOR SHARE: a job that is being settled at this moment either waits for our row and settles it too, or is no longer
# open and then is not joined. What was bought before is copied into the new job, so that its own results are complete.
_SHARE = """
WITH asked AS MATERIALIZED (SELECT r.*, ({shareable}) AS purchase FROM {rows})
{insert} FROM asked r JOIN {S} p ON p.id = r.purchase JOIN {J} k ON k.id = p.job_id
WHERE p.outcome IN ('found', 'not_found')
    OR (p.outcome = 'pending' AND k.state IN ('queued', 'sending', 'running', 'unconfirmed', 'held'))
ORDER BY r.fingerprint {lock}
ON CONFLICT DO NOTHING RETURNING crm_id, job_id, outcome
"""


def share(job: SearchJob, model: str, rows: Sequence[Wanted]) -> list[Shared]:
    """Let each row share a purchase; return those that could.

    A job that was settled, or taken apart, while we waited for it is not joined; a second statement sees what it
    brought, or where the purchase is. The rest has a search in flight already, or its purchase ended this very moment
    without a result.
    """
    shared = _share(job, model, rows)
    served = {row.crm_id for row in shared}
    left = [row for row in rows if row.crm_id not in served]
    return [*shared, *_share(job, model, left)] if left else shared


def _share(job: SearchJob, model: str, rows: Sequence[Wanted]) -> list[Shared]:
    table = sql.table_of("r", _ASKED, list(map(_asked, rows)))
    shareable = _shareable(Kind(job.kind))
    own = "%s::uuid" if sql.connect().vendor == "postgresql" else "%s"
    insert = _insert(
        job_id=f"CASE WHEN p.outcome = 'pending' THEN p.job_id ELSE {own} END",
        model="%s",
        kind="p.kind",
        position="NULL",
        outcome="p.outcome",
        value="p.value",
        country="p.country",
        asked_at="CASE WHEN p.outcome = 'pending' THEN NULL ELSE k.sent_at END",
    )
    lock = sql.lock("FOR SHARE OF k")
    text = _SHARE.format(insert=insert, rows=table.text, shareable=shareable.text, lock=lock, **sql.names())
    inserted = sql.fetch(text, [*shareable.params, *table.params, sql.key(job.pk), model])
    shared = [Shared(crm_id, uuid.UUID(str(job_id)), Known(outcome)) for crm_id, job_id, outcome in inserted]
    return _without_strays(shared, {row.job_id for row in shared} - {job.pk})


def _without_strays(shared: list[Shared], others: Collection[uuid.UUID]) -> list[Shared]:
    """Take back what joined a job whose refused batch became two while we waited for it, if the purchase went away.

    We hold the jobs now, so that no purchase leaves them before our commit.
    """
    if not others:
        return shared
    pending = LeadSearch.objects.pending().filter(job__in=others)
    buyer = pending.filter(job=OuterRef("job"), fingerprint=OuterRef("fingerprint"), position__isnull=False)
    strays = pending.filter(~Exists(buyer), position__isnull=True)
    gone = set(strays.values_list("crm_id", "job"))
    if gone:
        strays.delete()
    return [row for row in shared if (row.crm_id, row.job_id) not in gone]
