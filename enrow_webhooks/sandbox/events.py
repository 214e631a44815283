"""The bodies of the six webhooks, key for key as the page "How Webhooks Work" shows them.

Inferences: a miss has ``email`` null, no ``number`` and no ``info``, and costs nothing; ``custom`` is left out when
none was sent. That single phones and batches get theirs back is promised in words, but its place stands in no example:
two facts move it.
"""

import uuid
from decimal import Decimal
from typing import Any

from enrow_webhooks.sandbox import echo, results
from enrow_webhooks.sandbox.endpoints import Product
from enrow_webhooks.sandbox.jobs import Job
from enrow_webhooks.sandbox.oddities import oddity_of
from enrow_webhooks.sandbox.profiles import Profile

Body = dict[str, Any]


def body_of(job: Job, profile: Profile, balance: Decimal) -> Body:
    """Return the event that tells of the end of a job."""
    head: Body = {"event": job.endpoint.event, "id": job.id}
    credits_told = {"credits": _credits(job, profile, balance)}
    payload = job.payload
    custom = results.custom_of(payload, profile)
    if job.endpoint.bulk:
        told = {} if job.endpoint.kind is Product.FIND_PHONE else credits_told
        return {**head, **told, **_custom_of_batch(custom, profile)}
    if job.endpoint.kind is Product.VERIFY_EMAIL:
        verdict = results.verdict_of(payload["email"], job.known)
        return {**head, "email": echo.verified_address(payload["email"], profile), "qualification": verdict, **custom}
    if job.endpoint.kind is Product.FIND_EMAIL:
        result = {"result": _found(job, payload, profile)} if profile.find_event_result else {}
        return {**head, **credits_told, **result}
    inside, at_top = (custom if profile.phone_event_custom == place else {} for place in ("result", "top"))
    event = {**head, **credits_told, "result": {**_phone(job, payload, profile), **inside}, **at_top}
    return nest_phone(event) if profile.phone_nested else event


def nest_phone(body: Body) -> Body:
    """Return a single phone event as old captures show it: its result wrapped twice, with a second id inside.

    Others stay as they are.
    """
    if body["event"] != "single_phone_search_finished" or "event" in body["result"]:
        return body
    inner_id = str(uuid.uuid5(uuid.NAMESPACE_OID, body["id"]))
    return {**body, "result": {"event": body["event"], "id": inner_id, "result": body["result"]}}


def add_foreign_fields(body: Body) -> Body:
    """Return the event with fields that nobody documented, at the top and in every object right below."""
    wider = {
        key: {**value, "xx_unknown": {"nested": [1, None]}} if isinstance(value, dict) and key != "custom" else value
        for key, value in body.items()
    }
    return {**wider, "xx_version": 7, "xx_trace": ["a", {"b": None}]}


def _custom_of_batch(custom: Body, profile: Profile) -> Body:
    if not custom or profile.bulk_event_custom == "off":
        return {}
    return {"general": custom} if profile.bulk_event_custom == "general" else custom


def _credits(job: Job, profile: Profile, balance: Decimal) -> Body:
    cost = {"cost": profile.number(job.final_cost if profile.webhook_final_cost else job.initial_cost)}
    # No event of a phone was ever seen with a balance.
    if not profile.webhook_balance or job.endpoint.kind is Product.FIND_PHONE:
        return cost
    return {"balance": profile.number(balance), **cost}


def _found(job: Job, payload: Body, profile: Profile) -> Body:
    odd = oddity_of(profile, job.seed, job.endpoint.kind, 0, payload)
    email, verdict = results.email_and_verdict(payload, profile, odd, job.known)
    info = {"info": results.info_of(payload, profile)} if verdict == "valid" else {}
    return {"email": email, "qualification": verdict, **results.custom_of(payload, profile), **info}


def _phone(job: Job, payload: Body, profile: Profile) -> Body:
    odd = oddity_of(profile, job.seed, job.endpoint.kind, 0, payload)
    phone = results.number_and_country(payload, odd, job.known)
    params = echo.phone_inputs(payload, profile)
    if phone is None:
        return {"params": params, "qualification": "not_found"}
    return {"number": phone[0], "params": params, "qualification": "found"}
