"""Searches into leads: who may be written, then one update.

A person's edit wins, and an older search never beats a newer one.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from enrow_webhooks.values import Kind
from leads import sql
from leads.models import SearchJob
from leads.signals import leads_written


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Which columns of the lead a kind writes."""

    value: str
    status: str
    checked: str
    found: str
    not_found: str
    # What else is set when something was found.
    extra: str = ""
    # When the lead may be written.
    writable: str = "l.{value} = '' OR (j.overwrite AND s.outcome = 'found' AND l.{value} = s.seen)"


_TARGETS = {
    Kind.FIND_EMAIL: _Target(
        value="email", status="email_status", checked="email_checked_at", found="valid", not_found="not_found"
    ),
    # A verdict is about the address that was sent: it is written only while the lead still has it.
    Kind.VERIFY_EMAIL: _Target(
        value="email",
        status="email_status",
        checked="email_checked_at",
        found="valid",
        not_found="invalid",
        # A failure says nothing, so it never replaces a verdict that is known.
        writable="l.{value} = s.seen AND NOT (s.outcome = 'error' AND l.email_status <> '')",
    ),
    Kind.FIND_PHONE: _Target(
        value="phone",
        status="phone_status",
        checked="phone_checked_at",
        found="found",
        not_found="not_found",
        extra="phone_country = CASE WHEN s.outcome = 'found' THEN s.country ELSE {L}.phone_country END,",
    ),
}

_FRESH = "s.job_id = %s AND s.effect = '' AND s.outcome IN ('found', 'not_found', 'error')"

# Batches that share leads lock them in one order.
_LOCK = """
SELECT count(*) FROM (
    SELECT 1 FROM {L} l JOIN {S} s ON s.crm_id = l.crm_id WHERE {fresh} ORDER BY l.crm_id FOR UPDATE OF l) locked
"""
_DECIDE = """
UPDATE {S} AS s SET effect = COALESCE((
    SELECT CASE WHEN l.{checked} > j.created_at THEN 'stale' WHEN {writable} THEN 'writing' ELSE 'kept' END
    FROM {L} l, {J} j WHERE l.crm_id = s.crm_id AND j.id = s.job_id), 'orphan')
WHERE {fresh}
"""
_WRITE = """
UPDATE {L} SET
    {value} = CASE WHEN s.outcome = 'found' AND j.kind <> 'verify_email' THEN s.value ELSE {L}.{value} END,
    {extra}
    {status} = CASE s.outcome WHEN 'found' THEN '{found}' WHEN 'not_found' THEN '{not_found}' ELSE 'failed' END,
    {checked} = CASE WHEN s.outcome = 'error' THEN {L}.{checked} ELSE j.created_at END,
    updated_at = %s
FROM {S} s JOIN {J} j ON j.id = s.job_id
WHERE s.crm_id = {L}.crm_id AND s.job_id = %s AND s.effect = 'writing'
"""
_DONE = "UPDATE {S} SET effect = 'written' WHERE job_id = %s AND effect = 'writing'"


def write(pk: uuid.UUID) -> int:
    """Write what a job's searches brought to their leads, in one transaction; return how many leads were written.

    Repeating it writes nothing: each search says what became of it in ``effect``.
    """
    job = SearchJob.objects.get(pk=pk)
    key = sql.key(pk)
    words = _words(Kind(job.kind))
    with transaction.atomic(using=sql.alias()):
        if clause := sql.lock(_LOCK):
            sql.fetch(clause.format(**words), [key])
        sql.run(_DECIDE.format(**words), [key])
        written = sql.run(_WRITE.format(**words), [sql.stamp(timezone.now()), key])
        sql.run(_DONE.format(**words), [key])
        SearchJob.objects.filter(pk=pk, state__in=SearchJob.ENDED).update(written_at=timezone.now())
        if written:
            transaction.on_commit(
                lambda: leads_written.send_robust(SearchJob, job_id=pk, written=written), using=sql.alias()
            )
    return written


def _words(kind: Kind) -> dict[str, str]:
    target, tables = _TARGETS[kind], sql.names()
    return {
        **tables,
        "fresh": _FRESH,
        "value": target.value,
        "status": target.status,
        "checked": target.checked,
        "found": target.found,
        "not_found": target.not_found,
        "extra": target.extra.format(**tables),
        "writable": target.writable.format(value=target.value),
    }
