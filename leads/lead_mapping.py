"""``leads.Lead`` is mapped like any other model; ``leads.mapping.unregister(Lead)`` takes it away."""

from __future__ import annotations

from leads.mapping import LeadMapping, OnForget, register
from leads.models import Lead


@register(Lead)
class LeadsOwnMapping(LeadMapping):
    """Every field is a column of the same name."""

    crm_id_field = "crm_id"
    firstname = "firstname"
    lastname = "lastname"
    fullname = "fullname"
    company_name = "company_name"
    company_domain = "company_domain"
    linkedin_url = "linkedin_url"
    country_code = "country_code"
    email = "email"
    email_status = "email_status"
    email_checked_at = "email_checked_at"
    phone = "phone"
    phone_status = "phone_status"
    phone_country = "phone_country"
    phone_checked_at = "phone_checked_at"
    created_at = "created_at"
    on_forget = OnForget.DELETE
