"""How the host's tables are mapped."""

from django.db.models import OuterRef, Subquery

from leads.mapping import LeadMapping, register
from tests.crm.models import Address, Candidate, Contact, Member, Person


@register(Contact)
class ContactMapping(LeadMapping):
    crm_id_prefix = "contact-"
    firstname = "given_name"
    lastname = "family_name"
    company_name = "employer__title"
    company_domain = "employer__website"
    linkedin_url = "linkedin"
    email = "work_email"
    phone = "mobile"

    def get_queryset(self):
        return Contact.objects.exclude(opted_out=True)


@register(Candidate)
class CandidateMapping(LeadMapping):
    crm_id_prefix = "candidate-"
    fullname = "name"
    company_name = "company"
    email = "email"
    email_status = "email_state"
    phone = "phone"


@register(Person)
class PersonMapping(LeadMapping):
    crm_id_prefix = "person-"
    crm_id_field = "code"
    fullname = "name"
    company_domain = "domain"
    email = Subquery(Address.objects.filter(person=OuterRef("pk"), is_main=True).values("email")[:1])

    def write(self, changes):
        people = Person.objects.in_bulk([change.key for change in changes], field_name="code")
        Address.objects.filter(person__in=people.values(), is_main=True).update(is_main=False)
        found = [change for change in changes if change.new]
        Address.objects.bulk_create(Address(person=people[change.key], email=change.new) for change in found)
        return [change.key for change in changes]

    def forget(self, keys):
        Address.objects.filter(person__code__in=keys).delete()


@register(Member)
class MemberMapping(LeadMapping):
    crm_id_prefix = "member-"
    fullname = "name"
    company_domain = "domain"
    linkedin_url = "linkedin"
    email = "mail"
    email_status = "mail_state"
    email_checked_at = "mail_at"
    phone = "mobile"
    phone_status = "mobile_state"
    phone_checked_at = "mobile_at"
    phone_country = "mobile_land"
