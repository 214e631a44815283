"""The bodies of the six webhooks, key for key as the page "How Webhooks Work" shows them.

Inferences: a miss has ``email`` null, no ``number`` and no ``info``, and costs nothing; ``custom`` is left out when
none was sent.
"""

import uuid
from decimal import Decimal
from typing import Any

from enrow_webhooks.sandbox import people, results
from enrow_webhooks.sandbox.endpoints import Kind
from enrow_webhooks.sandbox.jobs import Job
from enrow_webhooks.sandbox.profiles import Profile
from enrow_webhooks.sandbox.values import number

Body = dict[str, Any]


def body_of(job: Job, profile: Profile, balance: Decimal) -> Body:
    """Return the notice that tells of the end of a job."""
    head: Body = {"event": job.endpoint.event, "id": job.id}
    if job.endpoint.kind is Kind.VERIFY_EMAIL and not job.endpoint.bulk:
        payload = job.payload
        verdict = "valid" if people.verify(payload["email"]) else "invalid"
        return {**head, "email": payload["email"], "qualification": verdict, **results.custom_of(payload)}
    if job.endpoint.kind is Kind.FIND_PHONE and job.endpoint.bulk:
        return head
    head["credits"] = _credits(job, profile, balance)
    if not job.endpoint.bulk:
        head["result"] = _found(job, profile) if job.endpoint.kind is Kind.FIND_EMAIL else _phone(job)
    return nest_phone(head) if profile.phone_nested else head


def nest_phone(body: Body) -> Body:
    """Return a single phone notice as old captures show it: its result wrapped twice, with a second id inside.

    Others stay as they are.
    """
    if body["event"] != "single_phone_search_finished" or "event" in body["result"]:
        return body
    inner_id = str(uuid.uuid5(uuid.NAMESPACE_OID, body["id"]))
    return {**body, "result": {"event": body["event"], "id": inner_id, "result": body["result"]}}


def add_foreign_fields(body: Body) -> Body:
    """Return the notice with fields that nobody documented, at the top and in every object right below."""
    wider = {
        key: {**value, "xx_unknown": {"nested": [1, None]}} if isinstance(value, dict) and key != "custom" else value
        for key, value in body.items()
    }
    return {**wider, "xx_version": 7, "xx_trace": ["a", {"b": None}]}


def _credits(job: Job, profile: Profile, balance: Decimal) -> Body:
    cost = number(job.final_cost if profile.webhook_final_cost else job.initial_cost)
    return {"balance": number(balance), "cost": cost} if profile.webhook_balance else {"cost": cost}


def _found(job: Job, profile: Profile) -> Body:
    payload = job.payload
    email, verdict = results.email_and_verdict(payload, profile)
    info = {"info": results.info_of(payload, profile)} if verdict == "valid" else {}
    return {"email": email, "qualification": verdict, **results.custom_of(payload), **info}


def _phone(job: Job) -> Body:
    payload = job.payload
    phone = results.found_phone(payload)
    params = results.phone_params(payload)
    if phone is None:
        return {"params": params, "qualification": "not_found"}
    return {"number": phone[0], "params": params, "qualification": "found"}
