"""The first answer to a request that somebody may send again without knowing whether it arrived."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.rows import OwnQuerySet


class IdempotencyKey(models.Model):
    """One key of one user, written in the transaction of what was asked for: neither is there without the other."""

    id = models.BigAutoField(primary_key=True)
    # The primary key of the user as text; a name may pass to somebody else.
    user = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    # SHA-256 of method, path and body: what the key was first used for.
    digest = models.CharField(max_length=64)
    # Status, headers and body of the answer: ids and counts, and nothing of a lead.
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    objects = OwnQuerySet["IdempotencyKey"].as_manager()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "key"], name="leads_idempotency_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["created_at"], name="leads_idempotency_created")]

    def __str__(self) -> str:
        return f"idempotency key {self.pk}"
