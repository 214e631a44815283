"""The inbox: one row per webhook event; beside it what was turned away, counted, and when somebody last worked."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import IntegrityError, models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.rows import OwnQuerySet
from enrow_webhooks.transactions import repeated


class WebhookEventQuerySet(OwnQuerySet["WebhookEvent"]):
    """Events by what they wait for."""

    def waiting(self) -> WebhookEventQuerySet:
        """Those that some worker will still take."""
        return self.filter(state__in=WebhookEvent.WAITING)

    def due(self, now: dt.datetime | None = None) -> WebhookEventQuerySet:
        """Those that a worker may take now: new, or failed and rested, or left by a worker that died."""
        return self.waiting().filter(next_attempt_at__lte=now or timezone.now())

    def proved(self) -> WebhookEventQuerySet:
        """Those that came on the signed URL of a search job."""
        return self.exclude(reference="")

    def unproved(self) -> WebhookEventQuerySet:
        """Those that came by a shared secret: what they say is asked of Enrow first."""
        return self.filter(reference="")

    def dead(self) -> WebhookEventQuerySet:
        """Those that wait for a person."""
        return self.filter(state=WebhookEvent.State.DEAD)

    def claim(self, pk: int, *, lease: dt.timedelta) -> WebhookEvent | None:
        """Take one due event for the length of the lease; return it, None when it was not free."""
        now = timezone.now()
        taken = self.due(now).filter(pk=pk).update(attempts=F("attempts") + 1, next_attempt_at=now + lease)
        return self.filter(pk=pk).first() if taken else None

    def settle(self, claimed: WebhookEvent, **changes: object) -> bool:
        """Write the end of an attempt, unless the event was taken over or replayed since it was claimed.

        The end of the lease is the fence: unlike the number of attempts it never comes twice.
        """
        fence = {"attempts": claimed.attempts, "next_attempt_at": claimed.next_attempt_at}
        return bool(self.waiting().filter(pk=claimed.pk, **fence).update(**changes))

    def replay(self) -> int:
        """Put the events back in line; return how many."""
        now = timezone.now()
        return self.exclude(payload="").update(
            state=WebhookEvent.State.RECEIVED, attempts=0, next_attempt_at=now, last_error="", processed_at=None
        )


class WebhookEvent(models.Model):
    """One event from Enrow, kept as it came; repeats of it count up ``deliveries``."""

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        PROCESSED = "processed", _("processed")
        IGNORED = "ignored", _("ignored")
        FAILED = "failed", _("failed, will be tried again")
        DEAD = "dead", _("dead, needs a person")

    WAITING: ClassVar[tuple[str, ...]] = (State.RECEIVED, State.FAILED)

    event = models.CharField(_("event"), max_length=64)
    enrow_id = models.CharField(_("Enrow id"), max_length=128)
    reference = models.CharField(
        _("reference"),
        max_length=64,
        blank=True,
        help_text=_("The search job that the URL was signed for; blank when the event came by a shared secret."),
    )
    payload = models.TextField(_("payload"), blank=True, help_text=_("The body as it came; blank once pruned."))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RECEIVED)
    deliveries = models.PositiveIntegerField(_("deliveries"), default=1)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), default=timezone.now)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    received_at = models.DateTimeField(_("received at"), default=timezone.now)
    processed_at = models.DateTimeField(_("processed at"), null=True, blank=True)

    objects = WebhookEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # With the reference: what comes on another job's URL never makes the genuine event a repeat.
            # The id first: this is also the index that finds an event by its id.
            models.UniqueConstraint(fields=["enrow_id", "event", "reference"], name="enrow_event_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # The two lines of those that wait; they stay small however many are done. Each event stands in one of them.
            models.Index(
                fields=["next_attempt_at"],
                name="enrow_event_due_proved",
                condition=Q(state__in=["received", "failed"]) & ~Q(reference=""),
            ),
            models.Index(
                fields=["next_attempt_at"],
                name="enrow_event_due",
                condition=Q(state__in=["received", "failed"], reference=""),
            ),
            models.Index(fields=["state", "-id"], name="enrow_event_state"),
            models.Index(fields=["reference"], name="enrow_event_reference", condition=~Q(reference="")),
            models.Index(
                fields=["processed_at"],
                name="enrow_event_prunable",
                condition=Q(processed_at__isnull=False) & ~Q(payload=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.enrow_id}"


class Rejection(models.Model):
    """How many deliveries were turned away in one hour, and why: a bounded number of rows, however many come."""

    class Reason(models.TextChoices):
        STRANGER = "stranger", _("wrong token")
        UNREADABLE = "unreadable", _("unreadable")
        TOO_LARGE = "too_large", _("too large")
        NOT_STORED = "not_stored", _("could not be stored")
        CONTRADICTS = "contradicts", _("reference and content disagree")

    hour = models.DateTimeField(_("hour"))
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    count = models.PositiveBigIntegerField(_("count"), default=0)
    last_at = models.DateTimeField(_("last at"))

    objects = OwnQuerySet["Rejection"].as_manager()

    class Meta:
        verbose_name = _("rejection")
        verbose_name_plural = _("rejections")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["hour", "reason"], name="enrow_rejection_once"),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.reason} at {self.hour:%Y-%m-%d %H}h"


class HeartbeatQuerySet(OwnQuerySet["Heartbeat"]):
    """When things were last done."""

    def claim(self, name: str, *, every: dt.timedelta) -> dt.datetime | None:
        """Note that a thing is done now, unless it was within that time; return now if it is the caller's turn."""
        now = timezone.now()
        if self.filter(name=name, at__lte=now - every).update(at=now):
            return now
        try:
            is_new = repeated(self.db, lambda: self.get_or_create(name=name, defaults={"at": now}))[1]
        except IntegrityError:
            return None  # somebody came first, whom this transaction cannot see
        return now if is_new else None

    def release(self, name: str, *, claimed_at: dt.datetime) -> None:
        """Let the next one come before its time, unless somebody has come already."""
        self.filter(name=name, at=claimed_at).delete()


class Heartbeat(models.Model):
    """When one thing that recurs was last done."""

    name = models.CharField(_("name"), max_length=32, primary_key=True)
    at = models.DateTimeField(_("at"))
    next_place = models.BigIntegerField(
        _("next place"), default=0, db_default=0, help_text=_("Where a thing that is done piece by piece goes on.")
    )

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
