from crm.models import Contact
from leads.mapping import LeadMapping, register


@register(Contact)
class ContactMapping(LeadMapping):
    crm_id_prefix = "contact-"
    fullname = "name"
    company_domain = "company"
    email = "email"
    phone = "mobile"
