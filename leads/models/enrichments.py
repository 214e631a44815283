"""What is known of a lead whose own table has no column for it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.rows import OwnQuerySet
from leads.models.leads import EmailStatus, PhoneStatus


class LeadEnrichment(models.Model):
    """Status and dates of one lead of a mapped model, and what they are about.

    A status counts only while the lead still holds the value that it judged, and "not found" only while its inputs are
    the same: so no row here can outlive an edit, or pass to a stranger who gets the key.
    """

    id = models.BigAutoField(primary_key=True)
    model = models.CharField(_("model"), max_length=100)
    key = models.CharField(_("key"), max_length=128)

    email = models.CharField(_("e-mail"), max_length=254, blank=True, help_text=_("What the status is about."))
    email_status = models.CharField(_("e-mail status"), max_length=10, choices=EmailStatus.choices, blank=True)
    email_checked_at = models.DateTimeField(_("e-mail checked at"), null=True, blank=True)
    email_inputs = models.UUIDField(null=True, blank=True, editable=False)
    phone = models.CharField(_("phone"), max_length=254, blank=True, help_text=_("What the status is about."))
    phone_country = models.CharField(_("phone country"), max_length=2, blank=True)
    phone_status = models.CharField(_("phone status"), max_length=10, choices=PhoneStatus.choices, blank=True)
    phone_checked_at = models.DateTimeField(_("phone checked at"), null=True, blank=True)
    phone_inputs = models.UUIDField(null=True, blank=True, editable=False)

    objects = OwnQuerySet["LeadEnrichment"].as_manager()

    class Meta:
        verbose_name = _("lead enrichment")
        verbose_name_plural = _("lead enrichments")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key", "model"], name="leads_enrichment_of_lead"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["model", "email_status"], name="leads_enrichment_email"),
            models.Index(fields=["model", "email_checked_at"], name="leads_enrichment_email_at"),
            models.Index(fields=["model", "phone_status"], name="leads_enrichment_phone"),
            models.Index(fields=["model", "phone_checked_at"], name="leads_enrichment_phone_at"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.key}"
