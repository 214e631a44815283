"""The rows of the leads app."""

from leads.models.enrichments import LeadEnrichment
from leads.models.homes import Home
from leads.models.idempotency import IdempotencyKey
from leads.models.jobs import SearchJob
from leads.models.leads import Lead
from leads.models.readings import AccountReading
from leads.models.rules import EnrichmentRuleState, RuleLead
from leads.models.runs import BatchedLead, EnrichmentRun, RunLead
from leads.models.searches import LeadSearch
from leads.models.uploads import FileImport, FileNote, FilePart

__all__ = [
    "AccountReading",
    "BatchedLead",
    "EnrichmentRuleState",
    "EnrichmentRun",
    "FileImport",
    "FileNote",
    "FilePart",
    "Home",
    "IdempotencyKey",
    "Lead",
    "LeadEnrichment",
    "LeadSearch",
    "RuleLead",
    "RunLead",
    "SearchJob",
]
