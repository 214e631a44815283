"""One lead inside one search job."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.rows import OwnQuerySet
from leads.kinds import CHOICES
from leads.models.jobs import SearchJob


class LeadSearchQuerySet(OwnQuerySet["LeadSearch"]):
    """Searches by outcome."""

    def pending(self) -> LeadSearchQuerySet:
        """Those without an outcome yet."""
        return self.filter(outcome=LeadSearch.Outcome.PENDING)

    def sent(self) -> LeadSearchQuerySet:
        """Those that stand in the POST, in its order."""
        return self.filter(position__isnull=False).order_by("position")

    def sent_as(self, crm_ids: Collection[str]) -> LeadSearchQuerySet:
        """Those that Enrow knows by another crm_id than their lead has by now."""
        return self.filter(~Q(sent_as=""), sent_as__in=crm_ids)

    def found(self) -> LeadSearchQuerySet:
        """Those that brought a value."""
        return self.filter(outcome=LeadSearch.Outcome.FOUND)


class LeadSearch(models.Model):
    """What was asked for one lead and what came back. Slim on purpose: there may be tens of millions.

    It points at its lead by ``model`` and ``crm_id``, so that any model can be the lead and history survives a deleted
    one. No two leads have one crm_id, whatever their models: the prefixes of their mappings see to it. A row without a
    ``position`` was not sent: it shares the purchase of the row with the same fingerprint in the same job.
    """

    class Outcome(models.TextChoices):
        PENDING = "pending", _("pending")
        FOUND = "found", _("found")
        NOT_FOUND = "not_found", _("nothing found")
        ERROR = "error", _("error")
        UNUSABLE = "unusable", _("bought, but not usable")
        CANCELLED = "cancelled", _("cancelled")

    class Effect(models.TextChoices):
        NONE = "", _("not written yet")
        WRITTEN = "written", _("written")
        KEPT = "kept", _("kept what the lead had")
        STALE = "stale", _("a newer search had been written")
        ORPHAN = "orphan", _("no such lead")
        CHANGED = "changed", _("the lead changed meanwhile")
        ASIDE = "aside", _("kept aside: fits no search of its job")
        DROPPED = "dropped", _("kept aside, then dropped by a person")
        ERASED = "erased", _("its lead was forgotten")
        REFUSED = "refused", _("the lead's table refused it")
        UNDONE = "undone", _("written, then the old value was put back")

    # Outcomes that say nothing of the person.
    FAILURES: ClassVar[tuple[Outcome, ...]] = (Outcome.ERROR, Outcome.UNUSABLE)

    id = models.BigAutoField(primary_key=True)
    # No index of its own: leads_search_job starts with it.
    job = models.ForeignKey(
        SearchJob, on_delete=models.CASCADE, related_name="searches", verbose_name=_("job"), db_index=False
    )
    model = models.CharField(
        _("model"), max_length=100, blank=True, help_text=_("Label of the lead's model; blank: fits no lead.")
    )
    crm_id = models.CharField(_("CRM id"), max_length=128)
    sent_as = models.CharField(
        _("sent as"),
        max_length=128,
        blank=True,
        default="",
        db_default="",
        help_text=_("The CRM id that Enrow was told, where its lead was merged into another since; blank: the same."),
    )
    kind = models.CharField(_("kind"), max_length=12, choices=CHOICES)
    position = models.PositiveIntegerField(
        _("position"), null=True, blank=True, help_text=_("Place in the POST; blank: not sent.")
    )
    fingerprint = models.UUIDField(_("fingerprint"), null=True, blank=True, help_text=_("128-bit name of the inputs."))
    inputs = models.UUIDField(
        _("inputs"),
        null=True,
        blank=True,
        help_text=_("128-bit digest of the lead's inputs as they were; blank: nothing to compare."),
    )
    asked_at = models.DateTimeField(
        _("asked at"),
        null=True,
        blank=True,
        help_text=_("When Enrow was asked, for a result that was reused; blank: when the job was sent."),
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, default=Outcome.PENDING)
    value = models.CharField(_("value"), max_length=254, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    value_before = models.CharField(
        _("value before"), max_length=254, blank=True, help_text=_("What the lead had at search time.")
    )
    effect = models.CharField(_("effect"), max_length=8, choices=Effect.choices, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    objects = LeadSearchQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead search")
        verbose_name_plural = _("lead searches")
        permissions = (("view_found_values", "Can view found values"), ("forget_lead", "Can forget leads"))
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # Nothing is bought twice: one search of a kind in flight per lead, and one purchase in flight per person.
            # Where leads were merged while Enrow searched both, each search under the crm_id that it was sent with.
            models.UniqueConstraint(
                fields=["crm_id", "kind", "sent_as"], condition=Q(outcome="pending"), name="leads_search_one_pending"
            ),
            models.UniqueConstraint(
                fields=["fingerprint", "kind"],
                condition=Q(outcome="pending", position__isnull=False),
                name="leads_search_one_purchase",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["job", "position"], name="leads_search_job"),
            models.Index(fields=["crm_id", "-id"], name="leads_search_crm_id"),
            # Few have it.
            models.Index(fields=["sent_as"], name="leads_search_sent_as", condition=~Q(sent_as="")),
            models.Index(
                fields=["fingerprint", "kind"],
                name="leads_search_bought",
                condition=Q(position__isnull=False),
            ),
            # The few that a person looks for. An index on ``effect`` would keep its updates from being cheap (HOT).
            models.Index(
                fields=["outcome", "-id"],
                name="leads_search_trouble",
                condition=Q(outcome__in=["error", "unusable", "cancelled"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.crm_id}"
