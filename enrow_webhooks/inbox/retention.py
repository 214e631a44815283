"""How long the bodies of events are kept: ``ENROW["PAYLOAD_DAYS"]``; the rows that know repeats stay."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from enrow_webhooks.conf import enrow_settings
from enrow_webhooks.models import Heartbeat, WebhookEvent

PRUNE = "prune"
_HOURLY = dt.timedelta(hours=1)
# Beat prunes once a day; two days late means that nobody does.
_GRACE = dt.timedelta(days=2)


def prune_in_turn() -> int:
    """Blank old bodies if nobody has within the hour; return how many. The sweep of every process may call it."""
    if not Heartbeat.objects.claim(PRUNE, every=_HOURLY):
        return 0
    return prune(older_than=dt.timedelta(days=enrow_settings.payload_days))


def overdue() -> dt.datetime | None:
    """Return when the oldest event was processed whose body should be gone for days; None when all is well."""
    limit = timezone.now() - dt.timedelta(days=enrow_settings.payload_days) - _GRACE
    old = WebhookEvent.objects.filter(processed_at__lt=limit).exclude(payload="").order_by("processed_at")
    return old.values_list("processed_at", flat=True).first()


def prune(*, older_than: dt.timedelta, batch: int = 2000) -> int:
    """Blank the bodies of events processed before that age, in batches; return how many.

    The rows stay, so that repeats are still known.
    """
    limit = timezone.now() - older_than
    old = WebhookEvent.objects.filter(processed_at__lt=limit).exclude(payload="").order_by("processed_at")
    total = 0
    while pks := list(old.values_list("pk", flat=True)[:batch]):
        total += WebhookEvent.objects.filter(pk__in=pks).update(payload="")
    return total
