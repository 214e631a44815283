"""Django's admin for leads, search jobs, lead searches and events.

A project puts ``EnrichmentAdminMixin`` in front of the ModelAdmin of a model that it has mapped, and
``EnrichmentInlineMixin`` in front of an inline of one.
"""

from django.core import checks

from leads.admin.editing import EnrichmentInlineMixin
from leads.admin.enrichment import EnrichmentAdminMixin
from leads.admin.events import JobEventAdmin
from leads.admin.jobs import SearchJobAdmin
from leads.admin.leads import LeadAdmin
from leads.admin.rules import EnrichmentRuleAdmin
from leads.admin.runs import EnrichmentRunAdmin
from leads.admin.searches import LeadSearchAdmin
from leads.admin.unprotected import check_pages
from leads.admin.uploads import FileImportAdmin

checks.register(check_pages, checks.Tags.admin)

__all__ = [
    "EnrichmentAdminMixin",
    "EnrichmentInlineMixin",
    "EnrichmentRuleAdmin",
    "EnrichmentRunAdmin",
    "FileImportAdmin",
    "JobEventAdmin",
    "LeadAdmin",
    "LeadSearchAdmin",
    "SearchJobAdmin",
]
