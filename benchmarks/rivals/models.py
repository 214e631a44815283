"""Tables like the inbox's, with the one constraint that de-duplicates and no other index."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class BareEvent(models.Model):
    """A row of the bare insert."""

    event = models.CharField(max_length=64)
    enrow_id = models.CharField(max_length=128)
    payload = models.TextField()
    state = models.CharField(max_length=10, default="received")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "rivals"
        constraints = [models.UniqueConstraint(fields=["event", "enrow_id"], name="bare_once")]  # noqa: RUF012 - Django declares it so

    def __str__(self) -> str:
        return self.enrow_id


class HandEvent(models.Model):
    """A row of the recipe."""

    event = models.CharField(max_length=64)
    enrow_id = models.CharField(max_length=128)
    payload = models.JSONField()
    processed = models.BooleanField(default=False)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "rivals"
        constraints = [models.UniqueConstraint(fields=["event", "enrow_id"], name="hand_once")]  # noqa: RUF012 - Django declares it so

    def __str__(self) -> str:
        return self.enrow_id
