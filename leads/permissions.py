"""The permissions of this app, by the full names that ``user.has_perm()`` takes: docs/security.md."""

# Search leads that one may see, search again what failed, send again, resume, give a result to a lead.
SPEND_CREDITS = "leads.spend_credits"
# See what was found: in searches, histories and events. The fields of a lead follow the permissions of its own model.
VIEW_FOUND_VALUES = "leads.view_found_values"
# Delete all traces of people.
FORGET_LEAD = "leads.forget_lead"
