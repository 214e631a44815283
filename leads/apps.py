"""The Django app."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from leads.labels import refuse_another

# What tables, migrations, permissions and URLs are named by.
LABEL = "leads"


class LeadsConfig(AppConfig):
    """Connects the events to the leads, and registers the checks."""

    name = "leads"
    verbose_name = _("Leads")
    default_auto_field = "django.db.models.BigAutoField"

    def __init__(self, app_name: str, app_module: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Raise ImproperlyConfigured where another app of the project has this label."""
        super().__init__(app_name, app_module)
        refuse_another(self, LABEL, settings.INSTALLED_APPS)

    def ready(self) -> None:
        """Import what registers itself; both need the models, so they cannot be imported at the top."""
        from leads import receivers  # noqa: PLC0415 - needs the models
        from leads.checks import check_connections, check_databases, check_leads  # noqa: PLC0415 - needs the models
        from leads.mapping_checks.checking import check_mapped_tables, check_mappings  # noqa: PLC0415 - needs the models
        from leads.rule_checks import check_rules  # noqa: PLC0415 - needs the models

        # Ours first: a project's own, of an app that stands before this one, may take it away again.
        import_module("leads.lead_mapping")
        autodiscover_modules("lead_mapping")
        receivers.connect()
        checks.register(check_leads)
        checks.register(check_databases)
        checks.register(check_mappings)
        checks.register(check_rules)
        checks.register(check_connections, checks.Tags.database)
        checks.register(check_mapped_tables, checks.Tags.database)
