"""Read a stored event, hand it up to the receivers, and write down how that went."""

from __future__ import annotations

import datetime as dt
import logging
import math
import random
import time

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from enrow_webhooks.client import events
from enrow_webhooks.client.inputs import clean_text
from enrow_webhooks.client.scrub import describe, log_failure
from enrow_webhooks.conf import enrow_settings
from enrow_webhooks.inbox.rejections import Reason, counting
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.signals import KeepAside, TryLater, event_received, may_keep

logger = logging.getLogger(__name__)

_CLAIM = 50
# One message is worth at most so many seconds of work; then a fresh message continues, behind those that wait
# already: sending, polling and the events of others get their turn, also while Enrow is slow.
TURN_SECONDS = 2.0


def drain(*, limit: int = 10_000, until: float = math.inf) -> int:
    """Process what is due until nothing is or ``limit`` is reached; return how many were processed.

    Proved events first: most of them need no question to Enrow, and what they wrote may explain the others. Each
    of the two lines has its oldest first. An event that ends at ``until``, by the monotonic clock, or later is the
    last one.
    """
    done = 0
    while done < limit:
        before = done
        for pk in _next(min(_CLAIM, limit - done)):
            done += process(pk)
            if time.monotonic() >= until:
                return done
        if done == before:
            break
    return done


def _next(most: int) -> list[int]:
    due = WebhookEvent.objects.due().order_by("next_attempt_at")
    proved = list(due.proved().values_list("pk", flat=True)[:most])
    return proved + list(due.unproved().values_list("pk", flat=True)[: most - len(proved)])


def process(pk: int) -> bool:
    """Take one event, hand it up, write down the outcome; return False when it was not free."""
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


def _finish(row: WebhookEvent, state: str, note: str, *, is_wanted: bool = False) -> None:
    changes = {"state": state, "processed_at": timezone.now(), "last_error": clean_text(note)[:500]}
    if state != WebhookEvent.State.PROCESSED and not _may_keep(row, is_wanted=is_wanted):
        changes["payload"] = ""
    WebhookEvent.objects.settle(row, **changes)


def _may_keep(row: WebhookEvent, *, is_wanted: bool) -> bool:
    return may_keep(WebhookEvent, reference=row.reference, payload=row.payload, is_wanted=is_wanted)


def _bury(row: WebhookEvent, reason: str) -> None:
    if _may_keep(row, is_wanted=True):
        WebhookEvent.objects.settle(row, state=WebhookEvent.State.DEAD, last_error=clean_text(reason)[:500])
    else:
        # Without a body nobody can do anything about it.
        _finish(row, WebhookEvent.State.IGNORED, reason, is_wanted=True)


def read(row: WebhookEvent) -> events.Event:
    """Return what a stored event says. Raises UnreadableEvent."""
    return events.understand(events.decode(row.payload.encode()), reference=row.reference)


def _hand_up(row: WebhookEvent) -> tuple[WebhookEvent.State, str]:
    event = read(row)
    if event.type is events.EventType.UNKNOWN:
        return WebhookEvent.State.IGNORED, "Enrow's documentation does not know this event."
    # Every receiver gets its turn before the first failure is raised: a host's handler cannot keep an event from ours.
    answers = [answer for _, answer in event_received.send_robust(sender=WebhookEvent, event=event)]
    failures = [answer for answer in answers if isinstance(answer, Exception)]
    for failure in failures:
        if not isinstance(failure, KeepAside):
            raise failure
    if any(answer is True for answer in answers):
        return WebhookEvent.State.PROCESSED, ""
    for verdict in failures:
        raise verdict  # what contradicts one receiver may be another's; here nobody took it
    return WebhookEvent.State.IGNORED, "No search job or lead of ours belongs to this event."


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
