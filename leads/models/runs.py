"""What somebody asked for: one call of enrich(), and the leads of it that are still to be planned."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.client.values import Kind
from enrow_webhooks.rows import OwnQuerySet

# What a column of credits holds.
MOST_CREDITS = Decimal("9999999999.99")


class EnrichmentRunQuerySet(OwnQuerySet["EnrichmentRun"]):
    """Runs by what is to be done about them."""

    def to_plan(self) -> EnrichmentRunQuerySet:
        """Those whose next page of stored leads nobody is planning."""
        return self.filter(
            state=EnrichmentRun.State.PLANNING, has_selection=True, next_plan_at__lte=timezone.now()
        ).order_by("next_plan_at")

    def claim(self, pk: uuid.UUID, *, lease: dt.timedelta) -> bool:
        """Take a run to plan its next page; a lease that has run out means that its worker died."""
        return bool(
            self.to_plan().order_by().filter(pk=pk).update(
                attempts=F("attempts") + 1, next_plan_at=timezone.now() + lease
            )
        )  # fmt: skip

    def stopped(self) -> EnrichmentRunQuerySet:
        """Those of which nothing is sent: paused by a person, or cancelled."""
        return self.filter(state__in=[EnrichmentRun.State.PAUSED, EnrichmentRun.State.CANCELLED])


class EnrichmentRun(models.Model):
    """Who asked for what, for which leads, and what planning came to. Its search jobs carry its id."""

    class State(models.TextChoices):
        PLANNING = "planning", _("planning")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        FINISHED = "finished", _("finished")
        CANCELLED = "cancelled", _("cancelled")

    class Via(models.TextChoices):
        CODE = "code", _("code")
        COMMAND = "command", _("command")
        ADMIN = "admin", _("admin")
        RULE = "rule", _("rule")
        API = "api", _("API")
        BATCHED = "batched", _("one by one")

    ACTIVE: ClassVar[tuple[str, ...]] = (State.PLANNING, State.RUNNING)
    ENDED: ClassVar[tuple[str, ...]] = (State.FINISHED, State.CANCELLED)
    # Asked for by somebody who had to log in: the name is that of a user, whose limit of the day it counts against.
    BY_USER: ClassVar[tuple[str, ...]] = (Via.ADMIN, Via.API)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.CharField(_("model"), max_length=100, help_text=_("Label of the leads' model."))
    kinds = models.CharField(_("kinds"), max_length=60, help_text=_("Separated by commas."))
    overwrite = models.BooleanField(_("overwrite"), default=False)
    force = models.BooleanField(_("force"), default=False, help_text=_("Buys again what was bought lately."))
    max_credits = models.DecimalField(
        _("credits at most"), max_digits=12, decimal_places=2, null=True, blank=True, help_text=_("Blank: no cap.")
    )
    requested_by = models.CharField(_("requested by"), max_length=150, blank=True)
    via = models.CharField(_("through"), max_length=8, choices=Via.choices, default=Via.CODE)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PLANNING)
    note = models.CharField(_("note"), max_length=300, blank=True, help_text=_("Who paused it, or what went wrong."))
    # What planning came to so far: leads by kind and, where they are skipped, by reason; credits in the worst case.
    tally = models.JSONField(_("tally"), default=dict)
    worst_case = models.DecimalField(_("worst case"), max_digits=12, decimal_places=2, default=0)
    # Jobs of other runs that bring results for some of its leads.
    joined = models.JSONField(_("joined"), default=list)
    selected = models.PositiveIntegerField(
        _("selected"), null=True, blank=True, help_text=_("Leads that are planned by workers; blank: planned at once.")
    )
    planned = models.PositiveIntegerField(_("planned"), default=0, help_text=_("Of the selected leads."))
    has_selection = models.BooleanField(default=False, editable=False)
    # The selected lead that was planned last.
    place = models.BigIntegerField(default=0, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    next_plan_at = models.DateTimeField(default=timezone.now, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    planned_at = models.DateTimeField(_("planned at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = EnrichmentRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        permissions = (("spend_credits", "Can spend credits on leads"),)
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-created_at"], name="leads_run_created"),
            models.Index(fields=["state", "-created_at"], name="leads_run_state"),
            models.Index(fields=["requested_by", "-created_at"], name="leads_run_requested_by"),
            models.Index(fields=["ended_at"], name="leads_run_ended"),
            # Few are in these two.
            models.Index(
                fields=["next_plan_at"], name="leads_run_open", condition=Q(state__in=["planning", "running"])
            ),
            models.Index(fields=["id"], name="leads_run_selection", condition=Q(has_selection=True)),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.pk}"

    @property
    def credits_left(self) -> Decimal | None:
        """What planning may still reserve; None where the run has no cap."""
        return None if self.max_credits is None else max(Decimal(0), self.max_credits - self.worst_case)

    @property
    def asked_kinds(self) -> tuple[Kind, ...]:
        """What is searched."""
        return tuple(Kind(kind) for kind in self.kinds.split(","))


class RunLeadQuerySet(OwnQuerySet["RunLead"]):
    """Leads of runs."""


class RunLead(models.Model):
    """One lead of a run that workers plan; it goes when the run is planned."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(EnrichmentRun, on_delete=models.CASCADE, related_name="+", db_index=False)
    # The primary key as the database writes it.
    key = models.CharField(max_length=128)

    objects = RunLeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead of a run")
        verbose_name_plural = _("leads of runs")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["run", "id"], name="leads_runlead_run")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.pk}"


class BatchedLeadQuerySet(OwnQuerySet["BatchedLead"]):
    """Leads that came one by one."""

    def due(self) -> BatchedLeadQuerySet:
        """Those that may be planned now, in the order in which they came."""
        return self.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")


class BatchedLead(models.Model):
    """A lead that waits to be gathered with others into a run. Only added: nobody waits for anybody."""

    id = models.BigAutoField(primary_key=True)
    model = models.CharField(max_length=100)
    # The primary key as the database writes it.
    key = models.CharField(max_length=128)
    kinds = models.CharField(max_length=60)
    requested_by = models.CharField(max_length=150, blank=True)
    # The most that all runs of such leads may cost on the day on which it is planned.
    daily_credits = models.DecimalField(max_digits=12, decimal_places=2)
    due_at = models.DateTimeField(default=timezone.now)

    objects = BatchedLeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead that came alone")
        verbose_name_plural = _("leads that came alone")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["due_at", "id"], name="leads_batchedlead_due")]

    def __str__(self) -> str:
        return f"{self.model} {self.pk}"
