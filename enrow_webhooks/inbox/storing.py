"""Store an event once, in one statement; a repeat only counts up."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from django.db import connections, router
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from enrow_webhooks.client import events
from enrow_webhooks.inbox import reconnecting
from enrow_webhooks.models import WebhookEvent

# A repeat only counts up: the same event and id, by the same URL. What came on another URL is an event of its own, so
# that nobody can make the genuine one a repeat.
_STORE = """
INSERT INTO {table}
    (event, enrow_id, reference, payload, state, deliveries, attempts, next_attempt_at, last_error, received_at)
VALUES (%s, %s, %s, %s, %s, 1, 0, %s, '', %s)
ON CONFLICT (event, enrow_id, reference) DO UPDATE SET deliveries = {table}.deliveries + 1
RETURNING state
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An event that is safe in its row."""

    # False for a repeat of an event that is dealt with.
    needs_work: bool


@sensitive_variables()
def store(body: bytes, *, reference: str) -> Stored:
    """Commit an event to its row, in one statement.

    Raises UnreadableEvent for a body that is no event, and any database error. Nothing is kept of such a body: no
    worker can use it, and nobody can tell whom it is about.
    """
    names = events.envelope(events.decode(body))
    # An event without an id is named by its own text, so that a repeat of it is still a repeat.
    names = replace(names, enrow_id=names.enrow_id or _digest(body))
    return _insert(names, reference, _storable(body))


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _storable(body: bytes) -> str:
    """Return the text of a body as a database can keep it; PostgreSQL keeps no NUL."""
    return body.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _insert(names: events.Envelope, reference: str, text: str) -> Stored:
    connection = connections[router.db_for_write(WebhookEvent)]
    table = connection.ops.quote_name(WebhookEvent._meta.db_table)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    [stored_state] = reconnecting.fetch_one(
        connection,
        _STORE.format(table=table),  # the only words put in are the table's own name
        [names.event, names.enrow_id, reference, text, WebhookEvent.State.RECEIVED, now, now],
    )
    return Stored(needs_work=stored_state in WebhookEvent.WAITING)
