"""Which database the rows belong to: a copy of them must not buy."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.rows import OwnQuerySet


class Home(models.Model):
    """The one place that sends searches of these rows. One row, written with the first search job.

    It travels with every copy of the rows; the place that it names does not.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    database = models.CharField(
        _("database"), max_length=100, blank=True, help_text=_("What the server or the file says of itself.")
    )
    environment = models.CharField(_("environment"), max_length=100, blank=True)
    since = models.DateTimeField(_("since"), default=timezone.now)

    objects = OwnQuerySet["Home"].as_manager()

    class Meta:
        verbose_name = _("home")
        verbose_name_plural = _("homes")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(id=1), name="leads_home_once"),
        ]

    def __str__(self) -> str:
        return f"{self.database} {self.environment}".strip()
