"""The rows that the CRM has had for years."""

import datetime as dt

from django.utils import timezone

from crm.cast import cast
from crm.models import Address, Candidate, Company, Contact, Person

LONG_AGO = dt.datetime(2020, 2, 29, tzinfo=dt.UTC)


def fill():
    contacts = cast("contact")
    # Two of the same person work at the same company.
    Company.objects.bulk_create(
        Company(pk=one.number + 1, title=f"Firm {one.domain}", website=f"https://www.{one.domain}/about")
        for one in contacts
    )
    Contact.everyone.bulk_create(map(contact, contacts))
    Candidate.objects.bulk_create(map(candidate, cast("candidate")))
    people = {one.code: one for one in cast("person")}
    Person.objects.bulk_create(
        Person(code=code, name=one.name, site=one.domain, linkedin=one.linkedin) for code, one in people.items()
    )
    Address.objects.bulk_create(
        Address(person=row, email=people[row.code].email) for row in Person.objects.all() if people[row.code].email
    )
    for rows in (Contact.everyone, Candidate.objects):
        rows.update(changed_at=LONG_AGO)


def contact(one):
    return Contact(
        pk=one.number + 1,
        given_name=one.first,
        family_name=one.last,
        employer_id=one.number + 1 if one.domain else None,
        linkedin=one.linkedin or None,
        work_email=one.email or None,
        deleted_at=timezone.now() if one.is_deleted else None,
    )


def candidate(one):
    return Candidate(
        pk=one.uuid,
        name=one.name,
        site=one.domain,
        linkedin=one.linkedin,
        email=one.email,
        email_state="valid" if one.is_known else "",
        email_at=LONG_AGO if one.is_known else None,
    )
