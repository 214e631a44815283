"""What is remembered of a rule: since when it is on, how far it came, who paused it; and the leads it asked for."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.rows import OwnQuerySet


class EnrichmentRuleState(models.Model):
    """One row for each name in ``ENROW["RULES"]``; the rule itself stands there."""

    name = models.CharField(_("name"), max_length=100, primary_key=True)
    # Label of the leads' model, and what the bookkeeping rests on: with another one the rule is switched on anew.
    model = models.CharField(_("model"), max_length=100, blank=True)
    basis = models.CharField(max_length=300, blank=True, editable=False)
    switched_on_at = models.DateTimeField(_("switched on at"), null=True, blank=True)
    # When it last stood in the settings.
    seen_at = models.DateTimeField(default=timezone.now, editable=False)
    next_look_at = models.DateTimeField(default=timezone.now, editable=False)
    looked_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    # Places in the order of the rows. Up to ``settled`` all is done; up to ``mark`` too, and once what was late at
    # ``marked_at`` is committed, it is looked at a second time; up to ``cursor`` all was looked at once.
    settled = models.JSONField(default=list, editable=False)
    mark = models.JSONField(default=list, editable=False)
    cursor = models.JSONField(default=list, editable=False)
    marked_at = models.DateTimeField(null=True, editable=False)
    # Leads that are due: beyond the cursor, or too old; as counted at the last look.
    due = models.PositiveIntegerField(_("due"), default=0)
    # How many leads the rule checks again on a day, and how many of them it has taken.
    quota_day = models.DateField(null=True, editable=False)
    quota = models.PositiveIntegerField(default=0, editable=False)
    taken = models.PositiveIntegerField(default=0, editable=False)
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    paused_by = models.CharField(_("paused by"), max_length=150, blank=True, help_text=_("Blank: an error did."))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    last_run = models.UUIDField(_("last run"), null=True, blank=True)
    last_run_at = models.DateTimeField(_("last run at"), null=True, blank=True)

    objects = OwnQuerySet["EnrichmentRuleState"].as_manager()

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class RuleLead(models.Model):
    """A lead for which a rule asked lately: it is not asked for twice. The row goes when nobody could ask again."""

    id = models.BigAutoField(primary_key=True)
    rule = models.CharField(max_length=100)
    # The primary key as the database writes it.
    key = models.CharField(max_length=128)
    # The run that it went into, until it is known what became of it there.
    run = models.UUIDField(null=True)
    at = models.DateTimeField()
    # When its verdict was of, for a rule that checks again.
    checked_at = models.DateTimeField(null=True)
    # Set where no credits were left for it: when it is asked for once more.
    again_at = models.DateTimeField(null=True)

    objects = OwnQuerySet["RuleLead"].as_manager()

    class Meta:
        verbose_name = _("lead of a rule")
        verbose_name_plural = _("leads of rules")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rule", "key"], name="leads_rulelead_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["rule", "at"], name="leads_rulelead_at"),
            # Few are in these two.
            models.Index(fields=["rule", "run"], name="leads_rulelead_run", condition=Q(run__isnull=False)),
            models.Index(fields=["rule", "again_at"], name="leads_rulelead_again", condition=Q(again_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.pk}"
