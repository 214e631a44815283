"""What the account's balance was, from time to time: to see what was spent that no job of ours explains."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.rows import OwnQuerySet


class AccountReading(models.Model):
    """The balance at one moment."""

    credits = models.DecimalField(
        _("credits"), max_digits=14, decimal_places=2, null=True, blank=True, help_text=_("Blank: Enrow did not say.")
    )
    taken_at = models.DateTimeField(_("taken at"), default=timezone.now)

    objects = OwnQuerySet["AccountReading"].as_manager()

    class Meta:
        verbose_name = _("account reading")
        verbose_name_plural = _("account readings")
        ordering: ClassVar[list[str]] = ["-taken_at"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["-taken_at"], name="leads_reading_taken_at")]

    def __str__(self) -> str:
        balance = "unknown" if self.credits is None else self.credits
        return f"{balance} at {self.taken_at:%Y-%m-%d %H:%M}"
