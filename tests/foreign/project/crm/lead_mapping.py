from django.db.models import OuterRef, Subquery

from crm.models import Address, Candidate, Contact, Person
from leads.mapping import LeadMapping, register


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


@register(Candidate)
class CandidateMapping(LeadMapping):
    crm_id_prefix = "candidate-"
    fullname = "name"
    company_domain = "site"
    linkedin_url = "linkedin"
    email = "email"
    email_status = "email_state"
    email_checked_at = "email_at"
    phone = "phone"


@register(Person)
class PersonMapping(LeadMapping):
    crm_id_prefix = "person-"
    crm_id_field = "code"
    fullname = "name"
    company_domain = "site"
    linkedin_url = "linkedin"
    email = Subquery(Address.objects.filter(person=OuterRef("pk"), is_main=True).values("email")[:1])
    phone = "mobile"

    def write(self, changes):
        people = Person.objects.in_bulk([change.key for change in changes], field_name="code")
        emails = [change for change in changes if change.field == "email"]
        Address.objects.bulk_create(Address(person=people[change.key], email=change.new) for change in emails)
        for change in changes:
            if change.field == "phone":
                people[change.key].mobile = change.new
        Person.objects.bulk_update(people.values(), ["mobile"])
        return list(people)

    def forget(self, keys):
        Address.objects.filter(person__code__in=keys).delete()
