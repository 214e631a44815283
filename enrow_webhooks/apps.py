"""The Django app."""

from __future__ import annotations

import logging

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.checks import check_databases, check_new_databases, check_settings
from enrow_webhooks.logs import DropAnswered


class EnrowWebhooksConfig(AppConfig):
    """Registers the system checks, and keeps secrets out of Django's log."""

    name = "enrow_webhooks"
    verbose_name = _("Enrow webhooks")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks, and the filter of the logger that Django documents for requests."""
        checks.register(check_settings)
        checks.register(check_databases)
        checks.register(check_new_databases, checks.Tags.database)
        logging.getLogger("django.request").addFilter(DropAnswered())
