"""One POST to Enrow and what became of it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.rows import OwnQuerySet
from leads.kinds import CHOICES


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSums:
    """Search jobs, added up."""

    jobs: int = 0
    # Leads in the POSTs, and for how many of those something was found.
    searched: int = 0
    found: int = 0
    # Credits that are settled; the worst case of what is not; what had been reserved and then was not needed.
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    released: Decimal = Decimal(0)
    # What of the spent was launched elsewhere.
    elsewhere: Decimal = Decimal(0)

    @property
    def committed(self) -> Decimal:
        """Credits that are spent, or may be while they are reserved: what counts against the day's limit."""
        return self.spent + self.reserved - self.elsewhere


def aggregates(among: Q | None = None) -> dict[str, models.Aggregate]:
    """Return what adds jobs up, by the fields of JobSums; only the jobs ``among`` count."""
    own, zero = among or Q(), Decimal(0)
    is_open, settled = own & Q(credits_cost__isnull=True), own & Q(credits_cost__isnull=False)
    return {
        "sum_jobs": Count("pk", filter=among),
        "sum_searched": Sum("requested", filter=among, default=0),
        "sum_found": Sum("found", filter=among, default=0),
        "sum_spent": Sum("credits_cost", filter=among, default=zero),
        "sum_reserved": Sum("credits_reserved", filter=is_open, default=zero),
        "sum_elsewhere": Sum("credits_cost", filter=own & Q(launched_elsewhere=True), default=zero),
        "sum_released": Sum(F("credits_reserved") - F("credits_cost"), filter=settled, default=zero),
    }


def added_up(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of JobSums from a row that ``aggregates`` made."""
    return {field.name: row[f"sum_{field.name}"] for field in fields(JobSums)}


class SearchJobQuerySet(OwnQuerySet["SearchJob"]):
    """Jobs by state, and the transitions: each a conditional update whose row count is the verdict."""

    def queued(self) -> SearchJobQuerySet:
        """Those that wait to be sent."""
        return self.filter(state=SearchJob.State.QUEUED)

    def unsent(self) -> SearchJobQuerySet:
        """Those of which Enrow knows nothing yet."""
        return self.filter(state__in=SearchJob.UNSENT)

    def running(self) -> SearchJobQuerySet:
        """Those that Enrow works on."""
        return self.filter(state=SearchJob.State.RUNNING)

    def open(self) -> SearchJobQuerySet:
        """Those that may still bring a result by themselves."""
        return self.filter(state__in=SearchJob.OPEN)

    def due(self) -> SearchJobQuerySet:
        """Those whose next look has come."""
        return self.filter(next_check_at__lte=timezone.now())

    def unwritten(self) -> SearchJobQuerySet:
        """Those that ended, but whose results did not reach the leads yet."""
        return self.filter(state__in=SearchJob.ENDED, written_at__isnull=True)

    def of_run(self, run: uuid.UUID) -> SearchJobQuerySet:
        """The jobs of one call of enrich()."""
        return self.filter(run=run)

    def batch_of(self, job: SearchJob) -> SearchJobQuerySet:
        """The jobs that were one batch with this one before Enrow refused it; it is one of them."""
        first = job.part_of or job.pk
        return self.filter(Q(pk=first) | Q(part_of=first))

    def move(self, pk: uuid.UUID, states: Sequence[str], to: str, **changes: object) -> bool:
        """Move one job out of one of the states and write the changes; return whether it was in one of them."""
        return bool(self.filter(pk=pk, state__in=states).update(state=to, **changes))

    def claim_for_preparing(self, pk: uuid.UUID, *, lease: dt.timedelta) -> bool:
        """Take one due queued job to prepare its POST. It stays queued: should its worker die now, it is due again."""
        waiting = self.due().filter(pk=pk, state=SearchJob.State.QUEUED)
        return bool(waiting.update(attempts=F("attempts") + 1, next_check_at=timezone.now() + lease))

    def claim_for_sending(self, pk: uuid.UUID, *, lease: dt.timedelta) -> bool:
        """Take one queued job to POST it now; a lease that has run out means that its worker died."""
        now = timezone.now()
        return self.move(pk, [SearchJob.State.QUEUED], SearchJob.State.SENDING, next_check_at=now + lease, sent_at=now)

    def claim_for_check(self, pk: uuid.UUID, *, until: dt.datetime) -> bool:
        """Take one due job to look at it; nobody else does before ``until``."""
        return bool(self.due().filter(pk=pk).update(next_check_at=until, checks=F("checks") + 1))

    def prepare_again(self) -> int:
        """Let a worker that prepares one of these at this moment start anew: it has read the leads as they were."""
        return self.queued().update(attempts=F("attempts") + 1, next_check_at=timezone.now())

    def stop(self, *, until: dt.datetime, note: str) -> int:
        """Hold these; a worker that prepares one at this moment finds that it is not its own any more."""
        return self.update(state=SearchJob.State.HELD, attempts=F("attempts") + 1, next_check_at=until, last_error=note)

    def sums(self) -> JobSums:
        """Add the jobs up; one query."""
        return JobSums(**added_up(self.aggregate(**aggregates())))

    def credits(self) -> Decimal:
        """Sum what the jobs cost, or may cost while that is not settled."""
        cost = Coalesce(F("credits_cost"), F("credits_reserved"))
        return self.aggregate(sum=Sum(cost))["sum"] or Decimal(0)


class SearchJob(models.Model):
    """One POST to Enrow, single or bulk, of one kind."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        RUNNING = "running", _("running")
        FINISHED = "finished", _("finished")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("expired: nothing came by the deadline")
        UNCONFIRMED = "unconfirmed", _("unconfirmed: sent, the answer was lost")
        HELD = "held", _("held")
        CANCELLED = "cancelled", _("cancelled")

    class Via(models.TextChoices):
        WEBHOOK = "webhook", _("webhook")
        POLL = "poll", _("polling")

    OPEN: ClassVar[tuple[str, ...]] = (State.QUEUED, State.SENDING, State.RUNNING, State.UNCONFIRMED, State.HELD)
    ENDED: ClassVar[tuple[str, ...]] = (State.FINISHED, State.FAILED, State.EXPIRED, State.CANCELLED)
    # Ended, and says why its results could not be written to the leads.
    UNWRITABLE: ClassVar[Q] = Q(state__in=ENDED, written_at__isnull=True) & ~Q(last_error="")
    # Nothing was accepted by Enrow yet, nothing is billed.
    UNSENT: ClassVar[tuple[str, ...]] = (State.QUEUED, State.HELD)
    # States in which a result may still arrive and is welcome: even an expired search is paid for.
    AWAITING: ClassVar[tuple[str, ...]] = (*OPEN, State.EXPIRED)
    # States that the sweep looks at when ``next_check_at`` has come.
    SWEPT: ClassVar[tuple[str, ...]] = (State.QUEUED, State.SENDING, State.RUNNING, State.HELD)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.UUIDField(_("run"), help_text=_("Ties the jobs of one call of enrich()."))
    part_of = models.UUIDField(
        _("part of"),
        null=True,
        blank=True,
        help_text=_("The job whose batch Enrow refused, without saying for which row; each part is sent alone."),
    )
    kind = models.CharField(_("kind"), max_length=12, choices=CHOICES)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED)
    enrow_id = models.CharField(
        _("Enrow id"), max_length=128, blank=True, help_text=_("Opaque text; blank until Enrow answered.")
    )
    country_code = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("Where company names are looked up.")
    )
    overwrite = models.BooleanField(
        _("overwrite"), default=False, help_text=_("Replace the value that the lead had at search time.")
    )
    requested = models.PositiveIntegerField(
        _("searches"), default=0, help_text=_("Leads that are paid for; others may share or reuse a search.")
    )
    found = models.PositiveIntegerField(_("found"), default=0, help_text=_("Of the searches that are paid for."))
    refused = models.PositiveIntegerField(
        _("refused"), default=0, help_text=_("Leads that the database did not let us write.")
    )
    kept_aside = models.PositiveIntegerField(
        _("kept aside"),
        default=0,
        help_text=_("Results that fit no lead of the job and wait for a person. Until then its failed are not bought."),
    )
    credits_reserved = models.DecimalField(_("credits reserved"), max_digits=12, decimal_places=2, default=Decimal(0))
    credits_cost = models.DecimalField(_("credits cost"), max_digits=12, decimal_places=2, null=True, blank=True)
    requested_by = models.CharField(_("requested by"), max_length=150, blank=True)
    launched_elsewhere = models.BooleanField(
        _("launched elsewhere"),
        default=False,
        help_text=_(
            "By Enrow's dashboard or another tool: it explains the balance and counts against no limit of ours."
        ),
    )
    attempts = models.PositiveSmallIntegerField(_("attempts to send"), default=0)
    checks = models.PositiveSmallIntegerField(_("checks"), default=0)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    result_via = models.CharField(_("result via"), max_length=8, choices=Via.choices, blank=True)
    next_check_at = models.DateTimeField(_("next check at"), default=timezone.now)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    written_at = models.DateTimeField(
        _("written at"), null=True, blank=True, help_text=_("When the results reached the leads.")
    )

    has_forgotten = models.BooleanField(
        _("has forgotten"),
        default=False,
        help_text=_("Somebody of it was forgotten: a result that fits nobody any more is not kept."),
    )

    objects = SearchJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("search job")
        verbose_name_plural = _("search jobs")
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["kind", "enrow_id"], condition=~Q(enrow_id=""), name="leads_job_enrow_id_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-created_at"], name="leads_job_created"),
            models.Index(fields=["state", "-created_at"], name="leads_job_state"),
            # With the id, so that a list's count is read from the index alone.
            models.Index(fields=["kind", "-created_at", "-id"], name="leads_job_kind"),
            models.Index(fields=["requested_by", "-created_at", "-id"], name="leads_job_requested_by"),
            # For what was spent since the balance was read.
            models.Index(fields=["sent_at"], name="leads_job_sent"),
            models.Index(fields=["-finished_at"], name="leads_job_finished"),
            models.Index(fields=["run"], name="leads_job_run"),
            models.Index(fields=["enrow_id"], name="leads_job_enrow_id"),
            # Few jobs are in these three.
            models.Index(fields=["part_of"], name="leads_job_part_of", condition=Q(part_of__isnull=False)),
            models.Index(fields=["-created_at"], name="leads_job_refused", condition=Q(refused__gt=0)),
            models.Index(fields=["-created_at"], name="leads_job_kept_aside", condition=Q(kept_aside__gt=0)),
            # What the sweep looks through; it stays small however many jobs have ended.
            models.Index(
                fields=["next_check_at"],
                name="leads_job_due",
                condition=Q(state__in=["queued", "sending", "running", "held"]),
            ),
            models.Index(
                fields=["created_at"],
                name="leads_job_unwritten",
                condition=Q(state__in=["finished", "failed", "expired", "cancelled"], written_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def spent(self) -> Decimal:
        """Credits that it cost; zero while that is not settled."""
        return Decimal(0) if self.credits_cost is None else self.credits_cost

    @property
    def reserved(self) -> Decimal:
        """Credits that it may cost; zero once that is settled."""
        return self.credits_reserved if self.credits_cost is None else Decimal(0)

    @property
    def released(self) -> Decimal:
        """Credits that were reserved and then not needed."""
        return self.credits_reserved - self.spent - self.reserved

    @property
    def is_bulk(self) -> bool:
        """Whether it went, or will go, to the bulk endpoint."""
        return self.requested > 1
