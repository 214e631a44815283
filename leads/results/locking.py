"""Leads of any shape: their rows are locked, read, compared in Python, and written in a constant number of statements.

Inputs over relations, NULL, a field that turns its value, a parent's table, another database, the project's own
``write()``; and status and dates that stand in LeadEnrichment, because the lead's table has no column for them.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import DatabaseError, Error

from enrow_webhooks.client.values import Kind
from enrow_webhooks.transactions import owned
from leads import reading, sql
from leads.digests import digest
from leads.eligibility import value_before
from leads.kinds import KINDS, Candidate, KindFacts
from leads.mapping import Change, LeadMapping
from leads.models import LeadEnrichment, LeadSearch, SearchJob
from leads.results import belonging, statement
from leads.results.fresh import Fresh, Updated, asked_at, superseded, when


class WriteError(DatabaseError):
    """Code of the project failed as it wrote leads: its ``write()``, or a field that turns its value."""


class _Known(NamedTuple):
    """What is known of a lead's value before it is written."""

    status: str = ""
    checked_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Batch:
    """The leads of one model with what came for them."""

    job: SearchJob
    mapping: LeadMapping
    kind: Kind
    leads: Mapping[str, Candidate]

    @property
    def facts(self) -> KindFacts:
        return KINDS[self.kind]

    def change(self, row: Fresh) -> Change | None:
        """Return what a row changes about its lead's value, if anything."""
        old = value_before(self.kind, self.leads[row.crm_id])
        if self.facts.judges or row.outcome != "found" or old == row.value:
            return None
        return Change(
            model=self.mapping.model,
            key=self.mapping.key(row.crm_id),
            crm_id=row.crm_id,
            field=self.facts.value,
            old=old,
            new=row.value,
        )


def update(job: SearchJob, mapping: LeadMapping, rows: Sequence[Fresh]) -> Updated:
    """Write the leads that may be written, in the caller's transaction; of another database in one of its own there."""
    if mapping.alias == sql.alias():
        return _update(job, mapping, rows)
    return owned(mapping.alias, lambda: _update(job, mapping, rows))


def _update(job: SearchJob, mapping: LeadMapping, rows: Sequence[Fresh]) -> Updated:
    kind = Kind(job.kind)
    is_orm = not mapping.has_own_write and not statement.can_be_set(mapping, KINDS[kind])
    instances = _lock(mapping, rows, whole=is_orm)
    leads = reading.candidates([(row.model, row.crm_id) for row in rows])
    batch = _Batch(job=job, mapping=mapping, kind=kind, leads=leads)
    found = belonging.sort(kind, rows, leads)
    chosen = _chosen(batch, [*found.may, *_written_before(batch, rows, found)])
    changes = {row.crm_id: change for row in chosen if (change := batch.change(row))}
    if mapping.has_own_write:
        with _code_of_the_project():
            chosen = _written_by_project(mapping, chosen, changes)
    elif is_orm:
        with _code_of_the_project():
            _write_by_orm(batch, chosen, instances)
    elif touched := [row for row in chosen if row.crm_id in changes or _has_columns(mapping, batch.facts)]:
        statement.write(job, mapping, touched)
    if _is_beside(mapping, batch.facts):
        _enrich(batch, chosen)
    written = statement.names(chosen)
    return Updated(
        written=written,
        changed=statement.names(found.changed),
        gone=statement.names(found.gone),
        changes=[changes[crm_id] for crm_id in written if crm_id in changes],
    )


@contextlib.contextmanager
def _code_of_the_project() -> Iterator[None]:
    """Let whatever the project's code raises count as a refusal, so that it costs nobody else a result."""
    try:
        yield
    except Error:
        raise  # the database's own
    except Exception as error:
        # It shows the way to the line that failed.
        raise WriteError().with_traceback(error.__traceback__) from error


def _lock(mapping: LeadMapping, rows: Sequence[Fresh], *, whole: bool) -> list[Any]:
    """Lock the leads in the order of their keys; return them as instances where the ORM is to write them."""
    keys = [mapping.key(row.crm_id) for row in rows]
    leads = mapping.by_keys(keys).order_by(mapping.crm_id_field).select_for_update()
    return list(leads) if whole else list(leads.values_list("pk"))


def _written_before(batch: _Batch, rows: Sequence[Fresh], found: belonging.Split[Fresh]) -> list[Fresh]:
    """Return the rows whose lead has what came: written by a try whose own transaction was lost, or by a person."""
    others = {row.crm_id for row in (*found.may, *found.changed, *found.gone)}
    return [
        row
        for row in rows
        if row.crm_id not in others
        and row.outcome == "found"
        and value_before(batch.kind, batch.leads[row.crm_id]) == row.value
    ]


def _chosen(batch: _Batch, rows: Sequence[Fresh]) -> list[Fresh]:
    """Return who is written: no newer search says otherwise, and nothing that is known is lost."""
    known = _known(batch, rows)
    doubtful = [row for row in rows if row.is_late or _is_older(batch, row, known)]
    stale = superseded(batch.job, doubtful)
    return [row for row in rows if row.crm_id not in stale and _brings(batch, row, known)]


def _is_older(batch: _Batch, row: Fresh, known: Mapping[str, _Known]) -> bool:
    checked = known.get(row.crm_id, _Known()).checked_at
    return checked is not None and checked > when(batch.job, row)


def _brings(batch: _Batch, row: Fresh, known: Mapping[str, _Known]) -> bool:
    """Tell whether a lead may be told this outcome: a failure replaces no verdict, a miss no value."""
    if batch.facts.judges:
        return row.outcome not in LeadSearch.FAILURES or not known.get(row.crm_id, _Known()).status
    return row.outcome == "found" or not value_before(batch.kind, batch.leads[row.crm_id])


def _known(batch: _Batch, rows: Sequence[Fresh]) -> dict[str, _Known]:
    """Return status and date of each lead, from its own columns or from LeadEnrichment; at most two queries."""
    mapping, facts = batch.mapping, batch.facts
    crm_ids = [row.crm_id for row in rows]
    known: dict[str, _Known] = {}
    if _is_beside(mapping, facts):
        for crm_id, state in reading.enrichments(mapping, crm_ids).items():
            status = reading.status(state, facts, batch.leads[crm_id])
            known[crm_id] = _Known(status, getattr(state, facts.checked_at))
    own = [name for name in (facts.status, facts.checked_at) if mapping.source(name)]
    if own:
        keys = {mapping.key(crm_id): crm_id for crm_id in crm_ids}
        fields = [mapping.source(name) for name in own]
        for key, *values in mapping.by_keys(keys).values_list(mapping.crm_id_field, *fields):
            told = dict(zip(own, values, strict=True))
            before = known.get(keys[key], _Known())
            status = reading.text(told[facts.status]) if facts.status in told else before.status
            known[keys[key]] = _Known(status, told.get(facts.checked_at, before.checked_at))
    return known


def _has_columns(mapping: LeadMapping, facts: KindFacts) -> bool:
    """Tell whether the lead's table has a column for status or date."""
    return bool(mapping.source(facts.status) or mapping.source(facts.checked_at))


def _is_beside(mapping: LeadMapping, facts: KindFacts) -> bool:
    """Tell whether something is kept in LeadEnrichment because the lead's table has no column for it."""
    return not all(mapping.source(name) for name in (facts.status, facts.checked_at, facts.country) if name)


def _written_by_project(mapping: LeadMapping, rows: Sequence[Fresh], changes: dict[str, Change]) -> list[Fresh]:
    """Let the project write the values; return the rows of those that it wrote, and of those without a new value."""
    done = {mapping.crm_id(key) for key in mapping.write(list(changes.values()))} if changes else set()
    return [row for row in rows if row.crm_id not in changes or row.crm_id in done]


def _write_by_orm(batch: _Batch, rows: Sequence[Fresh], instances: Collection[Any]) -> None:
    """Write values that only the ORM can write, like those of a field that encrypts."""
    mapping = batch.mapping
    by_crm_id = {mapping.crm_id(mapping.key_of(lead)): lead for lead in instances}
    told = {row.crm_id: own for row in rows if (own := _own_values(batch, row))}
    times = [field for field in mapping.model._meta.concrete_fields if getattr(field, "auto_now", False)]
    for crm_id, own in told.items():
        for name, value in own.items():
            setattr(by_crm_id[crm_id], name, value)
        for field in times:
            field.pre_save(by_crm_id[crm_id], add=False)
    fields = {str(mapping.source(name)) for name in _written_fields(batch.facts) if mapping.source(name)}
    touched = [by_crm_id[crm_id] for crm_id in told]
    if touched:
        mapping.rows().bulk_update(touched, sorted({*fields, *(field.name for field in times)}), batch_size=500)


def _own_values(batch: _Batch, row: Fresh) -> dict[str, object]:
    """Return what a row brings for the columns that the lead's table has, by their names."""
    facts = batch.facts
    told: dict[str, object] = {facts.status: _word(facts, row)}
    if row.outcome not in LeadSearch.FAILURES:
        told[facts.checked_at] = when(batch.job, row)
    if row.outcome == "found" and not facts.judges:
        told |= {facts.value: row.value, facts.country: row.country}
    return {
        str(batch.mapping.source(name)): value for name, value in told.items() if name and batch.mapping.source(name)
    }


def _written_fields(facts: KindFacts) -> list[str]:
    found = [] if facts.judges else [facts.value, *filter(None, [facts.country])]
    return [*found, facts.status, facts.checked_at]


def _word(facts: KindFacts, row: Fresh) -> str:
    return {"found": facts.found, "not_found": facts.not_found}.get(row.outcome, "failed")


_ENRICH = """
INSERT INTO {E} ({columns}) SELECT {values} FROM {rows} WHERE true ORDER BY r.key
ON CONFLICT (key, model) DO UPDATE SET {sets}
"""


def _enrich(batch: _Batch, rows: Sequence[Fresh]) -> None:
    """Write what is known of the leads beside their table, with what it is about; one statement."""
    if not rows:
        return
    facts, mapping = batch.facts, batch.mapping
    told = {
        "key": "text",
        facts.value: "text",
        f"{facts.value}_inputs": "uuid",
        facts.status: "text",
        facts.checked_at: "timestamptz",
    }
    if facts.country:
        told[facts.country] = "text"
    values = [_told(batch, row, at) for row, at in zip(rows, asked_at(batch.job, rows), strict=True)]
    table = sql.table_of("r", told, [row[: len(told)] for row in values])
    others = {str(field.column): "''" for field in LeadEnrichment._meta.concrete_fields if reading.is_plain(field)}
    columns = others | {name: f"r.{name}" for name in told} | {"model": "%s"}
    sets = {name: f"excluded.{name}" for name in told if name != "key"}
    # A failure has no date of its own.
    sets[facts.checked_at] = f"COALESCE(excluded.{facts.checked_at}, {{E}}.{facts.checked_at})".format(**sql.names())
    text = _ENRICH.format(
        columns=", ".join(columns),
        values=", ".join(columns.values()),
        rows=table.text,
        sets=", ".join(f"{name} = {value}" for name, value in sets.items()),
        **sql.names(),
    )
    sql.run(text, [mapping.label, *table.params])


def _told(batch: _Batch, row: Fresh, at: object) -> tuple[object, ...]:
    facts, lead = batch.facts, batch.leads[row.crm_id]
    about = row.value if row.outcome == "found" and not facts.judges else value_before(batch.kind, lead)
    return (
        row.crm_id.removeprefix(batch.mapping.crm_id_prefix),
        about,
        digest(lead),
        _word(facts, row),
        None if row.outcome in LeadSearch.FAILURES else at,
        row.country if row.outcome == "found" else "",
    )
