"""The little world of the machine: a handful of people, the ways to spell them, and what is true of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from enrow_webhooks.client.values import FindEmail, FindPhone, Kind, VerifyEmail
from enrow_webhooks.sandbox import people
from leads.models import Lead

# What a person at the keyboard types into a value.
TYPED_EMAILS = ["", "typed@firm9.com", "ok@firm9.com", "bounce@firm9.com", "ann.somebody@firm0.com"]
TYPED_PHONES = ["", "+33612345678", "+14155552671"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One human being, as Enrow tells people apart."""

    first: str
    last: str
    domain: str
    has_profile: bool = True


PEOPLE = [
    Person(first="Ann", last="Somebody", domain="firm0.com"),
    Person(first="Bob", last="Nobody", domain="firm1.com"),
    Person(first="Cid", last="Maybe", domain="firm2.com"),
    # Found by the names alone.
    Person(first="Dan", last="Somebody", domain="firm3.com", has_profile=False),
    # Every batch with the first in it fails; the row with the second in it is refused.
    Person(first="Eve", last="Somebody", domain="failed.example", has_profile=False),
    Person(first="Fox", last="Somebody", domain="refused.example", has_profile=False),
]
SPELLINGS = 3


def inputs(person: Person, spelling: int) -> dict[str, str]:
    """Return the input fields of a lead; every spelling names the same person."""
    slug = f"{person.first}-{person.last}".lower()
    first, last, domain, full = person.first, person.last, person.domain, ""
    profile = f"https://www.linkedin.com/in/{slug}/"
    if spelling == 1:
        first, last, domain = first.upper(), last.upper(), f"https://www.{domain.upper()}/about"
        profile = f"http://fr.linkedin.com/in/{slug.upper()}?trk=x"
    if spelling == 2:
        first, last, full = "", "", f" {first}  {last} "
        profile = f"linkedin.com/in/{slug}"
    return {
        "firstname": first,
        "lastname": last,
        "fullname": full,
        "company_domain": domain,
        "linkedin_url": profile if person.has_profile else "",
    }


def email_of(person: Person) -> str:
    """Return the address that Enrow has for a person, blank for none."""
    return people.find_email(f"{person.first} {person.last}", person.domain) or ""


def phone_of(person: Person) -> str:
    """Return the number that Enrow has for a person, blank for none."""
    names = {"firstname": person.first, "lastname": person.last, "company_domain": person.domain}
    profile = {"linkedin_url": inputs(person, 0)["linkedin_url"]}
    found = people.find_phone(**(profile if person.has_profile else names))
    return found[0] if found else ""


def purchase_of(key: str) -> tuple[Kind, object]:
    """Return the kind and fingerprint of a name under which the sandbox's ledger counts a purchase."""
    kind, *pairs = key.split("|")
    fields = dict(pair.split("=", 1) for pair in pairs)
    query = {Kind.FIND_EMAIL: FindEmail, Kind.VERIFY_EMAIL: VerifyEmail, Kind.FIND_PHONE: FindPhone}[Kind(kind)]
    return Kind(kind), query(**fields).fingerprint


def wrong_statuses(leads: Collection[Lead]) -> list[str]:
    """Return what leads say of their values that is not true."""
    return [
        f"{lead.crm_id}: {lead.email!r} {lead.email_status}, {lead.phone!r} {lead.phone_status}"
        for lead in leads
        if (lead.email_status in {"valid", "invalid"} and people.verify(lead.email) != (lead.email_status == "valid"))
        or (lead.email_status == "not_found" and lead.email)
        or (lead.phone_status == "found" and not lead.phone)
        or (lead.phone_status == "not_found" and lead.phone)
    ]
