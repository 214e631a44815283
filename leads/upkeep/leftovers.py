"""What is known of leads that are gone: a project deletes its rows without telling anybody.

Piece by piece, in the order of our own ids: so many rows an hour, and their leads are looked up by key. The project's
table is never read from end to end.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import partial
from typing import Any

from django.db import DatabaseError, transaction

from enrow_webhooks.client.scrub import log_failure
from enrow_webhooks.models import Heartbeat
from enrow_webhooks.transactions import avoid_seqscan, repeated
from leads import sql
from leads.mapping import LeadMapping, registry
from leads.models import LeadEnrichment

logger = logging.getLogger(__name__)

LEFTOVERS = "leftovers"
_EVERY = dt.timedelta(hours=1)
# Rows that are looked at in one turn, and keys that are looked up at once.
_MOST, _AT_ONCE = 5000, 1000

# Primary key, label of the model, key.
Row = tuple[int, str, str]


def delete_in_turn() -> int:
    """Look at the next rows if nobody has within the hour; return how many went.

    A database of the project that fails is logged, and keeps nothing else from its turn.
    """
    if not Heartbeat.objects.claim(LEFTOVERS, every=_EVERY):
        return 0
    try:
        return _delete_next()
    except DatabaseError as error:
        log_failure(logger, error, "It could not be looked up which leads are gone; the next turn tries again:")
        return 0


def _delete_next() -> int:
    turn = Heartbeat.objects.filter(name=LEFTOVERS)
    place = turn.values_list("next_place", flat=True).first() or 0
    after = LeadEnrichment.objects.filter(pk__gt=place).order_by("pk")
    rows: list[Row] = list(after.values_list("pk", "model", "key")[:_MOST])
    gone = _gone(rows)
    # A lead may have come back while we looked; then its row is locked, or has its lead by now.
    number = sql.transact(partial(_delete, gone)) if gone else 0
    turn.update(next_place=rows[-1][0] if len(rows) == _MOST else 0)
    return number


def _delete(pks: Collection[int]) -> int:
    locked = LeadEnrichment.objects.select_for_update(skip_locked=True).filter(pk__in=pks).order_by("pk")
    gone = _gone(locked.values_list("pk", "model", "key"))
    return LeadEnrichment.objects.filter(pk__in=gone).delete()[0]


def _gone(rows: Iterable[Row]) -> list[int]:
    """Return the rows whose leads are not there. Of a model that is not mapped any more, nothing can be said."""
    by_label: dict[str, dict[str, int]] = defaultdict(dict)
    for pk, label, key in rows:
        by_label[label][key] = pk
    gone: list[int] = []
    for label, pks in by_label.items():
        if mapping := registry.labelled(label):
            there = _there(mapping, list(pks))
            gone += [pk for key, pk in pks.items() if key not in there]
    return gone


def _there(mapping: LeadMapping, texts: list[str]) -> set[str]:
    """Return which of the keys have a lead, whatever the project's own managers hide."""
    found: set[str] = set()
    for at in range(0, len(texts), _AT_ONCE):
        crm_ids = [f"{mapping.crm_id_prefix}{text}" for text in texts[at : at + _AT_ONCE]]
        keys = [key for crm_id in crm_ids if (key := mapping.key(crm_id)) is not None]
        found |= {str(key) for key in repeated(mapping.alias, partial(_look_up, mapping, keys))}
    return found


def _look_up(mapping: LeadMapping, keys: list[Any]) -> list[Any]:
    with transaction.atomic(using=mapping.alias):
        avoid_seqscan(mapping.alias)
        return list(mapping.by_keys(keys).values_list(mapping.crm_id_field, flat=True))
