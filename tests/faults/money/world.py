"""The little world of the machine: a handful of people, the ways to spell them, and what is true of them."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from enrow_webhooks.client.values import FindEmail, FindPhone, Kind, Query, VerifyEmail
from enrow_webhooks.sandbox import people
from leads.models import Lead

# What stands in a CRM as an address or number before anything is searched, and what a person types.
EMAILS = ["ok@firm9.com", "bounce@firm9.com", "ann.somebody@firm0.com", "typed@firm9.com"]
PHONES = ["+33612345678", "+14155552671"]
# How long what came is used again: days, by kind and by whether something was found.
WINDOWS = {(kind, found): dt.timedelta(days=90 if found else 30) for kind in Kind for found in (True, False)}


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
    Person(first="Zoë", last="Somebody", domain="firm6.com", has_profile=False),
]
SPELLINGS = range(5)


def inputs(person: Person, spelling: int = 0) -> dict[str, str]:
    """Return the input fields of a lead; every spelling names the same person."""
    slug = f"{people.fold(person.first)}-{people.fold(person.last)}"
    first, last, domain, full = person.first, person.last, person.domain, ""
    profile = f"https://www.linkedin.com/in/{slug}/"
    if spelling == 1:
        first, last, domain = first.upper(), last.upper(), f"https://www.{domain.upper()}/about"
        profile = f"http://fr.linkedin.com/in/{slug.upper()}?trk=x"
    if spelling == 2:
        first, last, full = "", "", f" {first}  {last} "
        profile = f"linkedin.com/in/{slug}"
    if spelling == 3:
        first, last = unicodedata.normalize("NFD", first), f"\u202a{last}\u202c"
    if spelling == 4:
        first = f"Dr. {first}"
    return {
        "firstname": first,
        "lastname": last,
        "fullname": full,
        "company_domain": domain,
        "linkedin_url": profile if person.has_profile else "",
    }


def query(kind: Kind, person: Person, crm_id: str, email: str = "") -> Query:
    """Return what another program would ask of Enrow for this person."""
    if kind is Kind.VERIFY_EMAIL:
        return VerifyEmail(email=email, crm_id=crm_id)
    if kind is Kind.FIND_EMAIL:
        name = f"{person.first} {person.last}"
        return FindEmail(fullname=name, company_domain=person.domain, crm_id=crm_id)
    if person.has_profile:
        return FindPhone(linkedin_url=inputs(person)["linkedin_url"], crm_id=crm_id)
    return FindPhone(firstname=person.first, lastname=person.last, company_domain=person.domain, crm_id=crm_id)


def truth(person: Person, field: str) -> str:
    """Return the address or number that Enrow has for a person, blank for none."""
    if field == "email":
        return people.find_email(f"{person.first} {person.last}", person.domain) or ""
    names = {"firstname": person.first, "lastname": person.last, "company_domain": person.domain}
    profile = {"linkedin_url": inputs(person)["linkedin_url"]}
    found = people.find_phone(**(profile if person.has_profile else names))
    return found[0] if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What the sandbox's ledger counts once: a kind, a person, and whether something is found."""

    kind: Kind
    fingerprint: str
    is_found: bool


def purchase_of(key: str) -> Purchase:
    """Return the purchase that has this name in the sandbox's ledger."""
    name, *pairs = key.split("|")
    fields = dict(pair.split("=", 1) for pair in pairs)
    kind = Kind(name)
    asked, find = {
        Kind.FIND_EMAIL: (FindEmail, people.find_email),
        Kind.VERIFY_EMAIL: (VerifyEmail, people.verify),
        Kind.FIND_PHONE: (FindPhone, people.find_phone),
    }[kind]
    return Purchase(kind=kind, fingerprint=asked(**fields).fingerprint, is_found=bool(find(**fields)))


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
