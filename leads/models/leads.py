"""The person whose e-mail and phone are wanted."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.client.names import person
from leads.conf import lead_settings


def new_crm_id() -> str:
    """Make up a crm_id for a lead that has none."""
    return uuid.uuid4().hex


class AbstractLead(models.Model):
    """The fields that enrichment reads and writes; a project's own lead model inherits this.

    It is then named in ``ENROW["LEAD_MODEL"]``. A blank status means "never tried"; "not found" and "failed" are
    different things.
    """

    class EmailStatus(models.TextChoices):
        UNKNOWN = "", _("never tried")
        VALID = "valid", _("valid")
        INVALID = "invalid", _("invalid")
        NOT_FOUND = "not_found", _("nothing found")
        FAILED = "failed", _("failed")

    class PhoneStatus(models.TextChoices):
        UNKNOWN = "", _("never tried")
        FOUND = "found", _("found")
        NOT_FOUND = "not_found", _("nothing found")
        FAILED = "failed", _("failed")

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
        abstract = True

    def __str__(self) -> str:
        return self.crm_id

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


class Lead(AbstractLead):
    """The lead of projects that bring no model of their own."""

    class Meta(AbstractLead.Meta):
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
        ]


def get_lead_model() -> type[AbstractLead]:
    """Return the model that ``ENROW["LEAD_MODEL"]`` names.

    Raises ImproperlyConfigured when there is none of that name, or it is not a lead.
    """
    name = lead_settings.lead_model
    try:
        model = apps.get_model(name, require_ready=False)
    except (LookupError, ValueError):
        raise ImproperlyConfigured(f'ENROW["LEAD_MODEL"] names no installed model: {name!r}.') from None
    if not issubclass(model, AbstractLead):
        raise ImproperlyConfigured(
            f'ENROW["LEAD_MODEL"] is {name!r}, which does not inherit leads.models.AbstractLead.'
        )
    return model
