"""The rows of the leads app."""

from leads.models.homes import Home
from leads.models.jobs import SearchJob
from leads.models.leads import AbstractLead, Lead, get_lead_model
from leads.models.readings import AccountReading
from leads.models.searches import LeadSearch

__all__ = ["AbstractLead", "AccountReading", "Home", "Lead", "LeadSearch", "SearchJob", "get_lead_model"]
