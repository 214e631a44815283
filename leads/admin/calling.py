"""What a lead is called where a person reads of it: by name and company, with the CRM id behind."""

from __future__ import annotations

from django.utils.translation import gettext as _

from leads.kinds import Candidate


def called(lead: Candidate | None, crm_id: str) -> str:
    """Return the name, the company and the CRM id of a lead, as far as they are there; nothing that was found."""
    if lead is None:
        return crm_id
    name, company = " ".join(filter(None, lead.name)), lead.company_domain or lead.company_name
    words = _("%(name)s of %(company)s") % {"name": name, "company": company} if name and company else name or company
    return f"{words} ({crm_id})" if words else crm_id
