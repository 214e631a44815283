"""Leads that come one by one, from views and signals, gathered into few runs.

To add one is to insert a row. One worker at a time takes what is there: the first at once, then it looks every two
seconds until a look is empty. What it misses, the sweep takes.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef
from django.utils import timezone

from enrow_webhooks.client.scrub import log_failure
from enrow_webhooks.client.values import Kind
from enrow_webhooks.models import Heartbeat
from leads import sql
from leads.credits import budget
from leads.lookups import among
from leads.mapping import LeadMapping, registry
from leads.models import BatchedLead, EnrichmentRun, RunLead, SearchJob
from leads.outbox.in_flight import in_flight
from leads.runs import controlling, planning, selecting

logger = logging.getLogger(__name__)

# Held by the worker that gathers; one that died keeps the others waiting for as long as this.
GATHERING = "batched leads"
_LEASE = dt.timedelta(minutes=1)
# Rows that one look takes.
_MOST = 5000
# A lead that is being searched is looked at again after this: its inputs may be others by then.
_LATER = dt.timedelta(seconds=30)


def gather(*, pause: float = 0.0, seconds: float = 0.0, send: Callable[[], object] | None = None) -> int:
    """Take and plan what came, until a look is empty; return how many looks found some.

    After each of these it calls ``send``. With a ``pause`` it looks again so many seconds later, for about so many
    ``seconds`` in all. Does nothing while another worker does it.
    """
    since = Heartbeat.objects.claim(GATHERING, every=_LEASE)
    if since is None:
        return 0
    looks, end = 0, time.monotonic() + seconds
    try:
        while _take_and_plan():
            looks += 1
            if send:
                send()
            if pause and time.monotonic() >= end:
                break
            time.sleep(pause)
            now = timezone.now()
            if not Heartbeat.objects.filter(name=GATHERING, at=since).update(at=now):
                break  # it took too long, and another worker goes on
            since = now
    except Exception as error:  # noqa: BLE001 - a project's own key field, and its own database, may raise anything
        log_failure(logger, error, "Leads that came one by one could not be gathered; it is tried again:")
        _postpone()
    finally:
        Heartbeat.objects.release(GATHERING, claimed_at=since)
    return looks


def _take_and_plan() -> bool:
    """Take the leads that came first, and plan the run that they make; return whether there were some."""
    taken = sql.transact(_take)
    while taken.run and EnrichmentRun.objects.to_plan().filter(pk=taken.run).exists():
        planning.plan_page(taken.run)
    return taken.leads > 0


class _Taken(NamedTuple):
    """How many leads were taken, and their run; None where none of them can be searched now."""

    leads: int
    run: uuid.UUID | None = None


def _take() -> _Taken:
    """Move the leads that came first, and others that ask for the same, into a run; the caller holds a transaction."""
    rows = list(BatchedLead.objects.due().select_for_update(skip_locked=True)[:_MOST])
    rows = [row for row in rows if _asks(row) == _asks(rows[0])]
    if not rows:
        return _Taken(0)
    first = rows[0]
    mapping, kinds = registry.labelled(first.model), [Kind(kind) for kind in first.kinds.split(",")]
    there, busy = _sorted(mapping, kinds, {row.key for row in rows}) if mapping else (set(), set())
    later = {row.pk for row in rows if row.key in busy}
    BatchedLead.objects.filter(pk__in=later).update(due_at=timezone.now() + _LATER)
    BatchedLead.objects.filter(pk__in={row.pk for row in rows} - later).delete()
    if not there:
        return _Taken(len(rows))
    run = EnrichmentRun.objects.create(
        model=first.model,
        kinds=first.kinds,
        requested_by=first.requested_by,
        via=EnrichmentRun.Via.BATCHED,
        max_credits=max(Decimal(0), first.daily_credits - _committed_today()),
        has_selection=True,
        selected=len(there),
    )
    RunLead.objects.bulk_create(RunLead(run=run, key=key) for key in sorted(there))
    return _Taken(len(rows), run.pk)


def _postpone() -> None:
    """Let those that ask for what failed wait, so that they keep no others waiting."""
    if first := BatchedLead.objects.due().first():
        same = BatchedLead.objects.filter(model=first.model, kinds=first.kinds, requested_by=first.requested_by)
        same.filter(daily_credits=first.daily_credits).update(due_at=timezone.now() + _LATER)


def _asks(row: BatchedLead) -> tuple[object, ...]:
    return row.model, row.kinds, row.requested_by, row.daily_credits


def _sorted(mapping: LeadMapping, kinds: Sequence[Kind], texts: Collection[str]) -> tuple[set[str], set[str]]:
    """Return the keys of the leads that are there and free, and of those that are being searched."""
    field = mapping.model._meta.pk
    keys: dict[Any, str] = dict(zip(selecting.keys_of(field, list(texts)), texts, strict=True))
    rows = mapping.rows().filter(among("pk", field, list(keys))).values_list("pk", mapping.crm_id_field)
    names = {mapping.crm_id(key): keys[pk] for pk, key in rows}
    searched = set().union(*in_flight(kinds, list(names)).values())
    return {text for name, text in names.items() if name not in searched}, {names[name] for name in searched}


def _committed_today() -> Decimal:
    """Return what the runs of such leads cost today, or may cost: also one that another worker plans at this moment."""
    batched = EnrichmentRun.objects.filter(via=EnrichmentRun.Via.BATCHED)
    today = budget.start_of(timezone.localdate())
    jobs = SearchJob.objects.filter(Exists(batched.filter(pk=OuterRef("run"))), created_at__gte=today)
    return jobs.credits() + controlling.may_still_cost(batched)
