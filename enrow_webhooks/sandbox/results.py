"""The answers about one person and the bodies of single GET answers, computed each time they are asked for.

Source: the examples of docs.enrow.io. The body of a single search that found nothing is inferred from the bulk item:
``email`` null, no ``info``.
"""

import json
from typing import Any

from enrow_webhooks.sandbox import echo, people, special
from enrow_webhooks.sandbox.endpoints import Product
from enrow_webhooks.sandbox.jobs import Job
from enrow_webhooks.sandbox.known import Known
from enrow_webhooks.sandbox.oddities import oddity_of
from enrow_webhooks.sandbox.profiles import Profile
from enrow_webhooks.sandbox.special import Word
from enrow_webhooks.sandbox.validation import text

Body = dict[str, Any]


def count_hits(kind: Product, rows: list[Any], known: Known) -> int:
    """Count the rows that will be found, or valid."""
    if kind is Product.VERIFY_EMAIL:
        return sum(map(known.verify, rows))
    if kind is Product.FIND_EMAIL:
        return sum(found_email(row, known) is not None for row in rows)
    return sum(found_phone(row, known) is not None for row in rows)


def found_email(row: Body, known: Known) -> str | None:
    """Return the address that is found for a row, or None."""
    return known.find_email(row["fullname"], *company_of(row))


def found_phone(row: Body, known: Known) -> tuple[str, str] | None:
    """Return number and country that are found for a row, or None."""
    return known.find_phone(row, *company_of(row))


def company_of(row: Body) -> tuple[str, str]:
    """Return domain and name of the company as they were sent; what is no text counts as absent."""
    return text(row, "company_domain"), text(row, "company_name")


def wants(payload: Body, option: str) -> bool:
    """Tell whether ``settings`` of the request switch this option on."""
    settings = payload.get("settings")
    return isinstance(settings, dict) and settings.get(option) is True


def custom_of(row: Body, profile: Profile) -> Body:
    """Return ``custom`` as it comes back, or nothing when none was sent."""
    if "custom" not in row:
        return {}
    custom = row["custom"]
    if profile.custom_as_text and isinstance(custom, dict | list):
        custom = json.dumps(custom)
    return {"custom": custom}


def info_of(row: Body, profile: Profile) -> Body:
    """Return ``info`` of a person who was found by a single search."""
    fullname = " ".join(row["fullname"].split())
    first, last = people.split_name(fullname)
    domain = people.domain_of(*company_of(row)) or ""
    info: Body = {"company_domain": domain}
    if profile.info_fullname:
        info["fullname"] = fullname
    info |= {"firstname": first, "lastname": last}
    if wants(row, "retrieve_gender"):
        info["gender"] = people.gender(first)
    if wants(row, "retrieve_company_info"):
        info["company_name"] = people.company_of(domain, company_of(row)[1])
    return info


def email_and_verdict(row: Body, profile: Profile, odd: Word | None, known: Known) -> tuple[str | None, str]:
    """Return what the finder says of one person: an address or None, and ``valid`` or ``invalid``."""
    email = found_email(row, known)
    if email is not None:
        return special.WORTHLESS_EMAIL if odd is Word.WORTHLESS else email, "valid"
    return people.guess_email(row["fullname"], *company_of(row)) if profile.invalid_carries_email else None, "invalid"


def number_and_country(row: Body, odd: Word | None, known: Known) -> tuple[str, str] | None:
    """Return what the phone finder says of one person, or None."""
    phone = found_phone(row, known)
    return special.WORTHLESS_PHONE if phone and odd is Word.WORTHLESS else phone


def single_body(job: Job, profile: Profile) -> Body:
    """Return the body of a single search that ended."""
    payload = job.payload
    custom = custom_of(payload, profile)
    if job.endpoint.kind is Product.VERIFY_EMAIL:
        email = payload["email"]
        return {"email": echo.verified_address(email, profile), **custom, "qualification": verdict_of(email, job.known)}
    odd = oddity_of(profile, job.seed, job.endpoint.kind, 0, payload)
    if job.endpoint.kind is Product.FIND_EMAIL:
        email, verdict = email_and_verdict(payload, profile, odd, job.known)
        info = {"info": info_of(payload, profile)} if verdict == "valid" else {}
        return {"email": email, **custom, **info, "qualification": verdict}
    phone = number_and_country(payload, odd, job.known)
    told = {"number": phone[0], "country": phone[1], "qualification": "found"} if phone else {}
    return {"params": echo.phone_inputs(payload, profile), **custom, "qualification": "not_found", **told}


def verdict_of(email: str, known: Known) -> str:
    """Return the verifier's word."""
    return "valid" if known.verify(email) else "invalid"


def ongoing_single_body(job: Job, profile: Profile) -> Body:
    """Return the body of a single search that still runs."""
    if profile.phone_ongoing_params and job.endpoint.kind is Product.FIND_PHONE:
        payload = job.payload
        params = echo.phone_inputs(payload, profile)
        return {"params": params, **custom_of(payload, profile), "qualification": "ongoing"}
    return {"qualification": "ongoing"}
