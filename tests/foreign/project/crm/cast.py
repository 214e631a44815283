"""Who stands in the rows of the CRM, and what Enrow knows of them by the sandbox's own truth."""

import uuid
from dataclasses import dataclass
from functools import cached_property

from enrow_webhooks.sandbox import people

ROWS = 2000
# The first of each table are the same persons: of contacts and candidates, and of persons.
SHARED = {"contact": 100, "candidate": 100, "person": 50}
FAMILY = {"contact": "Miller", "candidate": "Müller", "person": "Ørsted"}
# Contacts that are the contact before them once more; the table takes an address once.
TWINS = (1901, 1903)


@dataclass(frozen=True, kw_only=True)
class Human:
    """One row, as it is filled."""

    table: str
    number: int
    first: str
    last: str
    domain: str
    slug: str
    email: str
    # Somebody looked at the address before.
    is_known: bool = False
    is_deleted: bool = False

    @property
    def name(self):
        return f"{self.first} {self.last}"

    @property
    def linkedin(self):
        return f"https://www.linkedin.com/in/{self.slug}/" if self.slug else ""

    @property
    def uuid(self):
        return uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.number}.candidate")

    @property
    def code(self):
        """A key that begins like its own prefix."""
        return f"person-{self.number:04d}"

    @property
    def crm_id(self):
        key = {"contact": self.number + 1, "candidate": self.uuid, "person": self.code}[self.table]
        return f"{self.table}-{key}"

    @property
    def is_searched(self):
        return not self.is_deleted and bool(self.domain)

    @cached_property
    def email_truth(self):
        """The address that the row ends with, and what is known of it."""
        if self.is_known or not self.is_searched:
            return self.email, "valid" if self.is_known else ""
        if self.email:
            return self.email, "valid" if people.verify(self.email) else "invalid"
        found = people.find_email(self.name, self.domain)
        return (found, "valid") if found else ("", "not_found")

    @cached_property
    def phone_truth(self):
        """The number, its country, and what is known of it."""
        if not self.is_searched:
            return "", "", ""
        where = {"firstname": self.first, "lastname": self.last, "company_domain": self.domain}
        found = people.find_phone(**({"linkedin_url": self.linkedin} if self.slug else where))
        return (*found, "found") if found else ("", "", "not_found")

    @property
    def purchases(self):
        """What has to be bought for this row, each by the name of the person."""
        if not self.is_searched:
            return set()
        person = (self.name, self.domain)
        email = ("verify", self.email) if self.email else ("email", *person)
        phone = ("phone", self.slug) if self.slug else ("phone", *person)
        return {phone} if self.is_known else {email, phone}


def human(table, number):
    """Return who stands in a row."""
    place = number - 1 if table == "contact" and number in TWINS else number
    first, last, domain = f"{table[:3].title()}{place}", FAMILY[table], f"{table}{place}.com"
    if place < SHARED[table]:
        first, last, domain = f"Sam{place}", "Shared", f"shared{place}.com"
    if place + 1 in TWINS:
        last = "Somebody"
    is_unknown = table != "person" and place % 50 == 7
    return Human(
        table=table,
        number=number,
        first=first,
        last=last,
        domain="" if is_unknown else domain,
        slug="" if is_unknown or place % 3 else f"{first.lower()}-{people.fold(last)}",
        email=f"{first.lower()}@{table}{place}-old.com" if place % 5 == 4 else "",
        is_known=table == "candidate" and place % 10 == 9,
        is_deleted=table == "contact" and place % 40 in {38, 39},
    )


def cast(table):
    """Return everybody in a table."""
    return [human(table, number) for number in range(ROWS)]
