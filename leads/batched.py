"""Leads that come one by one, from views and signals: gathered into few POSTs, under a daily cap."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from enrow_webhooks.wake import wake
from leads import arguments, sql
from leads.arguments import kinds_of
from leads.conf import lead_settings
from leads.mapping import LeadMapping
from leads.models import BatchedLead
from leads.models.runs import MOST_CREDITS
from leads.runs import selecting
from leads.tasks import gather_leads


def enrich_batched(
    leads: QuerySet[Any] | Model | Iterable[Model],
    *,
    find: Collection[str] = (),
    verify: bool = False,
    daily_credits: Decimal | float | None = None,
    requested_by: str = "",
) -> int:
    """Let leads that come one by one, from a view or a signal, be searched with others that come about now.

    Only adds a row for each; returns how many. Part of a transaction of the caller: a rollback leaves nothing, and
    nobody waits for anybody. Workers take the first at once, then all that came within two seconds. A lead that is
    being searched is looked at again afterwards, for its inputs may be others.

    ``daily_credits`` is the most that all leads which come so may cost in a day; without it
    ``ENROW["BATCHED_DAILY_CREDITS"]``. Raises ValueError where neither is given, else TypeError and ValueError as
    enrich().
    """
    cap = arguments.cap(lead_settings.batched_daily_credits if daily_credits is None else daily_credits)
    if cap is None:
        raise ValueError('Say daily_credits=…, or set ENROW["BATCHED_DAILY_CREDITS"]: leads may come without end.')
    values = {
        "kinds": ",".join(kinds_of(find, verify=verify)),
        "requested_by": requested_by[:150],
        "daily_credits": min(cap, MOST_CREDITS),
        "due_at": timezone.now(),
    }
    number = 0
    for mapping, some in arguments.leads_by_mapping(leads):
        number += sql.transact(partial(_store, mapping, some, {"model": mapping.label, **values}))
    transaction.on_commit(partial(wake, gather_leads), using=sql.alias())
    return number


def _store(mapping: LeadMapping, leads: QuerySet[Any] | Sequence[Model], values: Mapping[str, Any]) -> int:
    if isinstance(leads, QuerySet):
        return selecting.store(BatchedLead, values, mapping, leads)
    keys = (mapping.model._meta.pk.value_from_object(lead) for lead in leads)
    return len(BatchedLead.objects.bulk_create(BatchedLead(key=str(key), **values) for key in keys))
