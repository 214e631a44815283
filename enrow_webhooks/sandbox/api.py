"""Enrow's own interface: each path with its codes, texts and order of checks, without a server around it.

Order of checks per POST: rate limit, key present, key valid, plan allows phones, JSON, fields, size of the batch,
credits. Source: recommended reading of the documentation; no source states the order.
"""

import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from enrow_webhooks.sandbox import outages, reading, validation
from enrow_webhooks.sandbox.agenda import Task
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.endpoints import ENDPOINTS, Endpoint, Product
from enrow_webhooks.sandbox.jobs import Job
from enrow_webhooks.sandbox.ledger import Entry, InsufficientCreditsError
from enrow_webhooks.sandbox.older_keys import with_current_keys
from enrow_webhooks.sandbox.profiles import Profile
from enrow_webhooks.sandbox.validation import RefusedError
from enrow_webhooks.sandbox.values import Reply

# Rows that a batch gets through in a minute of ``estimated_duration``. Inferred from two examples: 3 searches take 1
# minute, 85 phones take 5.
_ROWS_PER_MINUTE = {Product.FIND_EMAIL: 500, Product.VERIFY_EMAIL: 500, Product.FIND_PHONE: 20}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What Enrow reads of an HTTP request."""

    method: str
    path: str
    key: str | None
    """The header ``x-api-key``; None when it is absent."""
    job_id: str
    """The query parameter ``id``; empty when it is absent."""
    raw: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """A reply, and the deliveries that go once it is out."""

    reply: Reply
    waiting: list[Task] = field(default_factory=list)


def answer(sandbox: Sandbox, request: Request) -> ApiAnswer:
    """ApiAnswer one request as Enrow does."""
    try:
        result = _answer(sandbox, request)
    except RefusedError as refusal:
        result = ApiAnswer(reply=Reply.of(refusal.status, refusal.body))
    sandbox.count_request(request.method, request.path, "lost" if result.reply.lost else result.reply.status)
    return result


def _answer(sandbox: Sandbox, request: Request) -> ApiAnswer:
    endpoint = ENDPOINTS.get(request.path)
    if endpoint is not None and request.method == "POST":
        return _launch(sandbox, endpoint, request)
    if request.method == "GET" and (endpoint is not None or request.path == "/account/info"):
        return ApiAnswer(reply=_read(sandbox, endpoint, request))
    # The answer of an API gateway to a route that it does not know.
    raise RefusedError.saying("Missing Authentication Token", sandbox.settings.profile.unknown_route_status)


def _launch(sandbox: Sandbox, endpoint: Endpoint, request: Request) -> ApiAnswer:
    profile = sandbox.settings.profile
    outages.before_post(sandbox.mischief, profile)
    if not sandbox.throttle.allows(request.key or ""):
        raise RefusedError.saying(profile.rate_limit_text, 429)
    _check_key(sandbox, request, endpoint)
    payload, raw = _payload(sandbox, endpoint, request.raw)
    try:
        job, entry = sandbox.launch(endpoint, payload, raw)
    except InsufficientCreditsError:
        raise _out_of_credits(endpoint, profile) from None
    waiting = sandbox.let_run(job)
    return ApiAnswer(reply=outages.after_post(sandbox.mischief, _launched(job, entry, profile)), waiting=waiting)


def _payload(sandbox: Sandbox, endpoint: Endpoint, raw: bytes) -> tuple[validation.Payload, bytes]:
    """Return a request that passed its checks, as an object and as bytes. Raises RefusedError."""
    profile = sandbox.settings.profile
    sent = validation.parse(endpoint, raw, profile)
    payload = with_current_keys(endpoint, sent, profile)
    validation.check(endpoint, payload, profile, fails=partial(sandbox.known.refuses, endpoint.kind))
    return payload, raw if payload is sent else json.dumps(payload).encode()


def _read(sandbox: Sandbox, endpoint: Endpoint | None, request: Request) -> Reply:
    _check_key(sandbox, request, endpoint)
    reply = reading.account(sandbox) if endpoint is None else reading.search(sandbox, endpoint, request.job_id)
    return outages.after_get(sandbox.mischief, sandbox.settings, reply)


def _check_key(sandbox: Sandbox, request: Request, endpoint: Endpoint | None) -> None:
    if not request.key:
        raise RefusedError.saying("No apikey found in the x-api-key headers", 401)
    sandbox.note_key(request.key)
    is_phone = endpoint is not None and endpoint.kind is Product.FIND_PHONE
    refused = sandbox.settings.refusal_of(request.key, is_phone=is_phone)
    if refused is not None:
        raise RefusedError.saying(refused.message, refused.status)


def _out_of_credits(endpoint: Endpoint, profile: Profile) -> RefusedError:
    if profile.out_of_credits_status == 422:
        return RefusedError.saying("Insufficient balance", 422)
    if endpoint.bulk:
        return RefusedError.saying("Insufficient credits", profile.out_of_credits_status)
    return RefusedError(profile.out_of_credits_status, {"reason": "Insufficient credits", "success": False})


def _launched(job: Job, entry: Entry, profile: Profile) -> Reply:
    endpoint = job.endpoint
    body: dict[str, Any] = {"message": endpoint.launched, "id": job.id, "credits_used": profile.number(entry.debit)}
    if endpoint.bulk:
        body["estimated_duration"] = -(-job.requested // _ROWS_PER_MINUTE[endpoint.kind])
    # The breakdown is documented for single verifications and single phones only.
    if (not endpoint.bulk and endpoint.kind is not Product.FIND_EMAIL) or (
        endpoint.path == "/email/verify/bulk" and profile.verify_bulk_breakdown
    ):
        body["credits"] = _breakdown(entry, profile)
    return Reply.of(endpoint.created, body)


def _breakdown(entry: Entry, profile: Profile) -> dict[str, Any]:
    split = {"fromPaygo": profile.number(entry.from_paygo), "fromSub": profile.number(entry.from_sub)}
    return {"amount": profile.number(entry.debit), "source": "sub" if entry.from_sub else "paygo", "split": split}
