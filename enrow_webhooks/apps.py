"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.checks import check_databases, check_new_databases, check_settings


class EnrowWebhooksConfig(AppConfig):
    """Registers the system checks."""

    name = "enrow_webhooks"
    verbose_name = _("Enrow webhooks")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks of the settings and of the databases."""
        checks.register(check_settings)
        checks.register(check_databases)
        checks.register(check_new_databases, checks.Tags.database)
