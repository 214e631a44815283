"""The bodies of bulk GET answers, computed from the stored request each time they are asked for.

Source: the examples of docs.enrow.io. A failed batch has no example; it is told like a running one.
"""

import hashlib
import uuid
from typing import Any

from enrow_webhooks.sandbox import echo, people
from enrow_webhooks.sandbox.endpoints import Product
from enrow_webhooks.sandbox.jobs import Job, State
from enrow_webhooks.sandbox.known import Known
from enrow_webhooks.sandbox.oddities import oddities_of, order_of
from enrow_webhooks.sandbox.profiles import Profile
from enrow_webhooks.sandbox.results import (
    company_of,
    custom_of,
    email_and_verdict,
    number_and_country,
    verdict_of,
    wants,
)
from enrow_webhooks.sandbox.special import Word
from enrow_webhooks.sandbox.validation import rows_of

Body = dict[str, Any]


def bulk_body(job: Job, profile: Profile, now: float) -> Body:
    """Return the body of a batch: progress while it runs, results when it is complete."""
    payload = job.payload
    general: Body = {"id": job.id, "status": str(job.state), **custom_of(payload, profile)}
    if job.state is not State.COMPLETED:
        return {"general": general, "stats": {"finished": job.finished(now), "requested": job.requested}}
    items = _items(job, payload, profile)
    if job.endpoint.kind is Product.FIND_EMAIL:
        return {"general": general, "stats": _find_stats(job, profile), "results": items}
    if job.endpoint.kind is Product.VERIFY_EMAIL:
        return {"general": general, "results": items, "stats": _verify_stats(job, profile)}
    return {"general": general, "results": items, "stats": _phone_stats(job, profile)}


def _items(job: Job, payload: Body, profile: Profile) -> list[Body]:
    rows = rows_of(job.endpoint, payload)
    odd = oddities_of(profile, job.seed, job.endpoint.kind, rows, job.raw)
    places = [place for place in order_of(profile, job.seed, len(rows)) if odd[place] is not Word.MISSING]
    if job.endpoint.kind is Product.FIND_EMAIL:
        with_gender = wants(payload, "retrieve_gender")
        return [_found_item(place, rows[place], profile, odd[place], job.known, gender=with_gender) for place in places]
    if job.endpoint.kind is Product.VERIFY_EMAIL:
        return [_verified_item(job, place, rows[place], profile, odd[place]) for place in places]
    return [_phone_item(place, rows[place], profile, odd[place], job.known) for place in places]


def _found_item(place: int, row: Body, profile: Profile, odd: Word | None, known: Known, *, gender: bool) -> Body:
    item: Body = {"index": str(place), "qualification": "ongoing", "email": None}
    if odd is not Word.ONGOING:
        item["email"], item["qualification"] = email_and_verdict(row, profile, odd, known)
    if item["qualification"] == "valid":
        item["info"] = _item_info(row, profile, gender)
    item["raw_params"] = echo.find_inputs(row, profile)
    item |= custom_of(row, profile)
    return item


def _item_info(row: Body, profile: Profile, with_gender: bool) -> Body:
    first, last = people.split_name(row["fullname"])
    company_domain, company_name = company_of(row)
    domain = people.domain_of(company_domain, company_name) or ""
    info: Body = {"domain": domain}
    if profile.item_fullname:
        info["fullname"] = row["fullname"]
    info["firstname"] = first
    info["lastname"] = last
    if with_gender:
        info["gender"] = people.gender(first)
    if profile.item_company_info:
        info["companyInfo"] = {"name": people.company_of(domain, company_name)}
    return info


def _verified_item(job: Job, place: int, email: str, profile: Profile, odd: Word | None) -> Body:
    # The index of a verified row is a UUID that says nothing of its position; it has to stay the same from one
    # GET to the next.
    digest = hashlib.blake2b(f"{job.id}:{place}".encode(), digest_size=16).digest()
    return {
        "email": echo.verified_address(email, profile),
        "index": str(uuid.UUID(bytes=digest, version=4)),
        "qualification": "ongoing" if odd is Word.ONGOING else verdict_of(email, job.known),
    }


def _phone_item(place: int, row: Body, profile: Profile, odd: Word | None, known: Known) -> Body:
    phone = None if odd is Word.ONGOING else number_and_country(row, odd, known)
    item: Body = {"country": phone[1], "index": place, "number": phone[0]} if phone else {"index": place}
    item["params"] = echo.phone_inputs(row, profile)
    item["qualification"] = "ongoing" if odd is Word.ONGOING else "found" if phone else "not_found"
    item |= custom_of(row, profile)
    return item


def _find_stats(job: Job, profile: Profile) -> Body:
    costs = {"initial": job.initial_cost, "refunded": job.refund, "final": job.final_cost}
    cost = {name: profile.number(amount) for name, amount in costs.items()}
    return {"finished": job.requested, "requested": job.requested, "valid": job.hits, "credits_cost": cost}


def _verify_stats(job: Job, profile: Profile) -> Body:
    return {"credits_cost": profile.number(job.final_cost), "requested": job.requested, "valid": job.hits}


def _phone_stats(job: Job, profile: Profile) -> Body:
    cost = job.final_cost if profile.phone_cost_after_refund else job.initial_cost
    return {
        "credits_cost": profile.number(cost),
        "credits_to_refund": profile.number(job.refund),
        profile.phone_hits_key: job.hits,
        "requested": job.requested,
    }
