"""The bodies of bulk GET answers, computed from the stored request each time they are asked for.

Source: the examples of docs.enrow.io. A failed batch has no example; it is told like a running one.
"""

import hashlib
import uuid
from typing import Any

from enrow_webhooks.sandbox import people
from enrow_webhooks.sandbox.endpoints import Kind
from enrow_webhooks.sandbox.jobs import Job, State
from enrow_webhooks.sandbox.profiles import Profile
from enrow_webhooks.sandbox.results import (
    company_of,
    custom_of,
    echo,
    email_and_verdict,
    found_phone,
    phone_params,
    wants,
)
from enrow_webhooks.sandbox.validation import rows_of
from enrow_webhooks.sandbox.values import number

Body = dict[str, Any]

_RAW_PARAMS = ("company_domain", "company_name", "fullname")


def bulk_body(job: Job, profile: Profile, now: float) -> Body:
    """Return the body of a batch: progress while it runs, results when it is complete."""
    payload = job.payload
    general: Body = {"id": job.id, "status": str(job.state), **custom_of(payload)}
    if job.state is not State.COMPLETED:
        return {"general": general, "stats": {"finished": job.finished(now), "requested": job.requested}}
    rows = enumerate(rows_of(job.endpoint, payload))
    if job.endpoint.kind is Kind.FIND_EMAIL:
        with_gender = wants(payload, "retrieve_gender")
        items = [_found_item(position, row, profile, with_gender) for position, row in rows]
        return {"general": general, "stats": _find_stats(job), "results": items}
    if job.endpoint.kind is Kind.VERIFY_EMAIL:
        items = [_verified_item(job.id, position, row) for position, row in rows]
        return {"general": general, "results": items, "stats": _verify_stats(job)}
    items = [_phone_item(position, row) for position, row in rows]
    return {"general": general, "results": items, "stats": _phone_stats(job, profile)}


def _found_item(position: int, row: Body, profile: Profile, with_gender: bool) -> Body:
    email, verdict = email_and_verdict(row, profile)
    item: Body = {"index": str(position), "qualification": verdict, "email": email}
    if verdict == "valid":
        item["info"] = _item_info(row, profile, with_gender)
    item["raw_params"] = echo(row, _RAW_PARAMS)
    if "custom" in row:
        item["custom"] = row["custom"]
    return item


def _item_info(row: Body, profile: Profile, with_gender: bool) -> Body:
    first, last = people.split_name(row["fullname"])
    domain = people.domain_of(*company_of(row)) or ""
    info: Body = {"domain": domain}
    if profile.item_fullname:
        info["fullname"] = row["fullname"]
    info["firstname"] = first
    info["lastname"] = last
    if with_gender:
        info["gender"] = people.gender(first)
    if profile.item_company_info:
        info["companyInfo"] = {"name": people.company_of(domain, company_of(row)[1])}
    return info


def _verified_item(job_id: str, position: int, email: str) -> Body:
    # The index of a verified row is a UUID that says nothing of its position; it has to stay the same from one
    # GET to the next.
    digest = hashlib.blake2b(f"{job_id}:{position}".encode(), digest_size=16).digest()
    return {
        "email": email,
        "index": str(uuid.UUID(bytes=digest, version=4)),
        "qualification": "valid" if people.verify(email) else "invalid",
    }


def _phone_item(position: int, row: Body) -> Body:
    phone = found_phone(row)
    item: Body = {"country": phone[1], "index": position, "number": phone[0]} if phone else {"index": position}
    item["params"] = phone_params(row)
    item["qualification"] = "found" if phone else "not_found"
    if "custom" in row:
        item["custom"] = row["custom"]
    return item


def _find_stats(job: Job) -> Body:
    cost = {"initial": number(job.initial_cost), "refunded": number(job.refund), "final": number(job.final_cost)}
    return {"finished": job.requested, "requested": job.requested, "valid": job.hits, "credits_cost": cost}


def _verify_stats(job: Job) -> Body:
    return {"credits_cost": number(job.final_cost), "requested": job.requested, "valid": job.hits}


def _phone_stats(job: Job, profile: Profile) -> Body:
    cost = job.final_cost if profile.phone_cost_after_refund else job.initial_cost
    return {
        "credits_cost": number(cost),
        "credits_to_refund": number(job.refund),
        profile.phone_hits_key: job.hits,
        "requested": job.requested,
    }
