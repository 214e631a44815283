"""Django's admin for leads, search jobs, lead searches and events.

A project with its own lead model puts ``LeadAdminMixin`` (columns, history, safe editing, actions), or
``EnrichActionsMixin`` and ``ForgetActionMixin`` (the actions alone), in front of ``ModelAdmin``. A subclass with
actions of its own writes ``actions = (*LeadAdminMixin.actions, "mine")``.
"""

from leads.admin.actions import EnrichActionsMixin
from leads.admin.events import JobEventAdmin
from leads.admin.forgetting import ForgetActionMixin
from leads.admin.jobs import SearchJobAdmin
from leads.admin.leads import LeadAdmin, LeadAdminMixin
from leads.admin.searches import LeadSearchAdmin

__all__ = [
    "EnrichActionsMixin",
    "ForgetActionMixin",
    "JobEventAdmin",
    "LeadAdmin",
    "LeadAdminMixin",
    "LeadSearchAdmin",
    "SearchJobAdmin",
]
