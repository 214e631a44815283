"""Store a notice once; later read it, hand it up, and write down how that went."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import math
import random
import time
from dataclasses import dataclass, replace

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from enrow_webhooks.client import events
from enrow_webhooks.client.errors import UnreadableNotice
from enrow_webhooks.client.inputs import clean_text
from enrow_webhooks.client.scrub import describe, log_failure
from enrow_webhooks.conf import enrow_settings
from enrow_webhooks.inbox import reconnecting
from enrow_webhooks.inbox.rejections import Reason, counting
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.signals import KeepAside, TryLater, notice_received

logger = logging.getLogger(__name__)

UNREADABLE = "unreadable"
# What is kept of a body that is no notice: enough for a person to see what came.
_UNREADABLE_CHARACTERS = 4000
_CLAIM = 50

# A repeat only counts up, with one exception: when the first copy came by a shared secret and this one proves its job,
# the proof and its body replace it and are processed.
_STORE = """
INSERT INTO {table}
    (event, enrow_id, reference, payload, state, deliveries, attempts, next_attempt_at, last_error, received_at)
VALUES (%s, %s, %s, %s, %s, 1, 0, %s, %s, %s)
ON CONFLICT (event, enrow_id) DO UPDATE SET
    deliveries = {table}.deliveries + 1,
    payload = CASE WHEN {better} THEN excluded.payload ELSE {table}.payload END,
    state = CASE WHEN {better} THEN excluded.state ELSE {table}.state END,
    attempts = CASE WHEN {better} THEN 0 ELSE {table}.attempts END,
    next_attempt_at = CASE WHEN {better} THEN excluded.next_attempt_at ELSE {table}.next_attempt_at END,
    reference = CASE WHEN {better} THEN excluded.reference ELSE {table}.reference END
RETURNING state
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A notice that is safe in its row."""

    # False for a repeat of a notice that is dealt with.
    needs_work: bool


@sensitive_variables()
def store(body: bytes, *, reference: str) -> Stored:
    """Commit a notice to its row, in one statement.

    Raises UnreadableNotice for a body that is no notice (its text is kept all the same, bounded), and any database
    error.
    """
    try:
        names = events.envelope(events.decode(body))
    except UnreadableNotice as error:
        names = events.Envelope(event=UNREADABLE, enrow_id=_digest(body))
        text = _storable(body[: 4 * _UNREADABLE_CHARACTERS])[:_UNREADABLE_CHARACTERS]
        _insert(names, reference, text, WebhookEvent.State.DEAD, error=str(error))
        raise
    # A notice without an id is named by its own text, so that a repeat of it is still a repeat.
    names = replace(names, enrow_id=names.enrow_id or _digest(body))
    return _insert(names, reference, _storable(body), WebhookEvent.State.RECEIVED)


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _storable(body: bytes) -> str:
    """Return the text of a body as a database can keep it; PostgreSQL keeps no NUL."""
    return body.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _insert(names: events.Envelope, reference: str, text: str, state: str, *, error: str = "") -> Stored:
    connection = connections[router.db_for_write(WebhookEvent)]
    table = connection.ops.quote_name(WebhookEvent._meta.db_table)
    better = f"({table}.reference = '' AND excluded.reference <> '')"
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    [stored_state] = reconnecting.fetch_one(
        connection,
        _STORE.format(table=table, better=better),  # the only words put in are the table's own name
        [names.event, names.enrow_id, reference, text, state, now, error, now],
    )
    return Stored(needs_work=stored_state in WebhookEvent.WAITING)


def drain(*, limit: int = 10_000, until: float = math.inf) -> int:
    """Process what is due, oldest first, until nothing is or ``limit`` is reached; return how many were processed.

    A notice that ends at ``until``, by the monotonic clock, or later is the last one.
    """
    done = 0
    while done < limit:
        before = done
        due = WebhookEvent.objects.due().order_by("next_attempt_at").values_list("pk", flat=True)
        for pk in list(due[: min(_CLAIM, limit - done)]):
            done += process(pk)
            if time.monotonic() >= until:
                return done
        if done == before:
            break
    return done


def process(pk: int) -> bool:
    """Take one notice, hand it up, write down the outcome; return False when it was not free."""
    lease = dt.timedelta(seconds=enrow_settings.event_lease_seconds)
    row = WebhookEvent.objects.claim(pk, lease=lease)
    if row is None:
        return False
    if row.attempts > enrow_settings.event_max_attempts:
        # Failures are counted when they end; only workers that died over it lead here.
        _bury(row, row.last_error or "No worker lived to finish it.")
        return True
    try:
        state, note = _hand_up(row)
    except TryLater as error:
        _postpone(row, str(error))
    except KeepAside as error:
        _finish(row, WebhookEvent.State.IGNORED, str(error))
        counting.note(Reason.CONTRADICTS)
        counting.flush()
    except ImproperlyConfigured as error:
        _postpone(row, str(error))
    except Exception as error:  # noqa: BLE001 - receivers of the host may raise anything
        log_failure(logger, error, "Webhook event %s failed at attempt %s:", pk, row.attempts)
        _postpone(row, describe(error))
    else:
        _finish(row, state, note)
    return True


def _finish(row: WebhookEvent, state: str, note: str) -> None:
    WebhookEvent.objects.settle(row, state=state, processed_at=timezone.now(), last_error=clean_text(note)[:500])


def _bury(row: WebhookEvent, reason: str) -> None:
    WebhookEvent.objects.settle(row, state=WebhookEvent.State.DEAD, last_error=clean_text(reason)[:500])


def read(row: WebhookEvent) -> events.Notice:
    """Return what a stored notice says. Raises UnreadableNotice."""
    return events.understand(events.decode(row.payload.encode()), reference=row.reference)


def _hand_up(row: WebhookEvent) -> tuple[WebhookEvent.State, str]:
    notice = read(row)
    if notice.event is events.Event.UNKNOWN:
        return WebhookEvent.State.IGNORED, "Enrow's documentation does not know this event."
    # Every receiver gets its turn before the first failure is raised: a host's handler cannot keep a notice from ours.
    answers = [answer for _, answer in notice_received.send_robust(sender=WebhookEvent, notice=notice)]
    failures = [answer for answer in answers if isinstance(answer, Exception)]
    for failure in failures:
        raise failure
    if any(answer is True for answer in answers):
        return WebhookEvent.State.PROCESSED, ""
    return WebhookEvent.State.IGNORED, "No search job or lead of ours belongs to this notice."


def _postpone(row: WebhookEvent, reason: str) -> None:
    if row.attempts >= enrow_settings.event_max_attempts:
        _bury(row, reason)
        return
    # 2, 4, 8 … seconds up to an hour, a little apart, so that a burst of failures does not come back as a burst.
    delay = min(2**row.attempts, 3600) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret is made of it
    WebhookEvent.objects.settle(
        row,
        state=WebhookEvent.State.FAILED,
        last_error=clean_text(reason)[:500],
        next_attempt_at=timezone.now() + dt.timedelta(seconds=delay),
    )


def prune(*, older_than: dt.timedelta, batch: int = 2000) -> int:
    """Blank the bodies of notices processed before that age, in batches; return how many.

    The rows stay, so that repeats are still known.
    """
    limit = timezone.now() - older_than
    old = WebhookEvent.objects.filter(processed_at__lt=limit).exclude(payload="").order_by("processed_at")
    total = 0
    while pks := list(old.values_list("pk", flat=True)[:batch]):
        total += WebhookEvent.objects.filter(pk__in=pks).update(payload="")
    return total
