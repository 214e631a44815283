"""The person whose e-mail and phone are wanted."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.client.names import person
from leads.models.prefixes import prefix_index

# What a person looks for leads by; ``leads.search_indexes`` can do more for them.
SEARCHED = ("crm_id", "firstname", "lastname", "fullname", "company_name", "company_domain", "email")


def new_crm_id() -> str:
    """Make up a crm_id for a lead that has none."""
    return uuid.uuid4().hex


class EmailStatus(models.TextChoices):
    """What is known of an address. Blank: never tried; "not found" and "failed" are different things."""

    UNKNOWN = "", _("never tried")
    VALID = "valid", _("valid")
    INVALID = "invalid", _("invalid")
    NOT_FOUND = "not_found", _("nothing found")
    FAILED = "failed", _("failed")


class PhoneStatus(models.TextChoices):
    """The same of a phone number."""

    UNKNOWN = "", _("never tried")
    FOUND = "found", _("found")
    NOT_FOUND = "not_found", _("nothing found")
    FAILED = "failed", _("failed")


class Lead(models.Model):
    """The lead of projects that map no table of their own. It is mapped like any other model."""

    EmailStatus = EmailStatus
    PhoneStatus = PhoneStatus

    crm_id = models.CharField(
        _("CRM id"),
        max_length=128,
        unique=True,
        blank=True,
        help_text=_("The id that travels to Enrow and back. Made up when left blank."),
    )
    firstname = models.CharField(_("first name"), max_length=200, blank=True)
    lastname = models.CharField(_("last name"), max_length=200, blank=True)
    fullname = models.CharField(
        _("full name"), max_length=400, blank=True, help_text=_("Used when first or last name is blank.")
    )
    company_name = models.CharField(_("company name"), max_length=300, blank=True)
    company_domain = models.CharField(_("company domain"), max_length=300, blank=True)
    linkedin_url = models.CharField(_("LinkedIn profile"), max_length=500, blank=True)
    country_code = models.CharField(_("country"), max_length=2, blank=True, help_text=_("ISO 3166-1 alpha-2."))

    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    email_status = models.CharField(_("e-mail status"), max_length=10, choices=EmailStatus.choices, blank=True)
    email_checked_at = models.DateTimeField(_("e-mail checked at"), null=True, blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True, help_text=_("E.164, like +15705551234."))
    phone_country = models.CharField(_("phone country"), max_length=2, blank=True)
    phone_status = models.CharField(_("phone status"), max_length=10, choices=PhoneStatus.choices, blank=True)
    phone_checked_at = models.DateTimeField(_("phone checked at"), null=True, blank=True)

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(crm_id=""), name="leads_lead_has_crm_id"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["email"], name="leads_lead_email"),
            models.Index(fields=["company_domain"], name="leads_lead_company_domain"),
            # With the id, in which lists are sorted: a batch is updated at one time, and a status is shared by many.
            models.Index(fields=["-updated_at", "-id"], name="leads_lead_updated_at"),
            models.Index(fields=["email_status", "id"], name="leads_lead_email_status"),
            models.Index(fields=["phone_status", "id"], name="leads_lead_phone_status"),
            models.Index(
                fields=["email_checked_at", "id"],
                name="leads_lead_email_at",
                condition=Q(email_checked_at__isnull=False),
            ),
            models.Index(
                fields=["phone_checked_at", "id"],
                name="leads_lead_phone_at",
                condition=Q(phone_checked_at__isnull=False),
            ),
            *(prefix_index("leads_lead", name) for name in SEARCHED),
        ]

    # What a page calls it. Logs and error mails, which hold no names, have the CRM id.
    called = ""

    def __str__(self) -> str:
        return self.called or self.crm_id

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Save, with a crm_id generated when it is blank."""
        if not self.crm_id:
            self.crm_id = new_crm_id()
            fields: Iterable[str] | None = kwargs.get("update_fields")
            if fields is not None:
                kwargs["update_fields"] = {*fields, "crm_id"}
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Make up a blank crm_id before a form checks it against the database's constraints."""
        super().clean()
        self.crm_id = self.crm_id or new_crm_id()

    def display_name(self) -> str:
        """Return the name that is sent to Enrow."""
        return " ".join(filter(None, person(self.firstname, self.lastname, self.fullname)))
