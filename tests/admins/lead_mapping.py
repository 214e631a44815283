"""How that project's leads are mapped."""

from leads.mapping import LeadMapping, register
from tests.admins.models import Contact


@register(Contact)
class ContactMapping(LeadMapping):
    crm_id_prefix = "contact-"
    fullname = "name"
    company_domain = "domain"
    email = "email"
