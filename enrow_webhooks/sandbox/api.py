"""Enrow's own interface: each path with its codes, texts and order of checks, without a server around it.

Order of checks per POST: rate limit, key present, key valid, plan allows phones, JSON, fields, size of the batch,
credits. Source: recommended reading of the documentation; no source states the order.
"""

from dataclasses import dataclass, field
from typing import Any

from enrow_webhooks.sandbox import batches, results, validation
from enrow_webhooks.sandbox.agenda import Task
from enrow_webhooks.sandbox.chaos import Switch
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.endpoints import ENDPOINTS, Endpoint, Kind
from enrow_webhooks.sandbox.jobs import Job, State
from enrow_webhooks.sandbox.ledger import Entry, InsufficientCreditsError
from enrow_webhooks.sandbox.profiles import Profile
from enrow_webhooks.sandbox.validation import RefusedError
from enrow_webhooks.sandbox.values import Reply, number

# Rows that a batch gets through in a minute of ``estimated_duration``. Inferred from two examples: 3 searches take 1
# minute, 85 phones take 5.
_ROWS_PER_MINUTE = {Kind.FIND_EMAIL: 500, Kind.VERIFY_EMAIL: 500, Kind.FIND_PHONE: 20}

_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"


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
class Answer:
    """A reply, and the deliveries that go once it is out."""

    reply: Reply
    waiting: list[Task] = field(default_factory=list)


def answer(sandbox: Sandbox, request: Request) -> Answer:
    """Answer one request as Enrow does."""
    try:
        result = _answer(sandbox, request)
    except RefusedError as refusal:
        result = Answer(reply=Reply.of(refusal.status, refusal.body))
    sandbox.count_request(request.method, request.path, "lost" if result.reply.lost else result.reply.status)
    return result


def _answer(sandbox: Sandbox, request: Request) -> Answer:
    endpoint = ENDPOINTS.get(request.path)
    if endpoint is not None and request.method == "POST":
        return _launch(sandbox, endpoint, request)
    if endpoint is not None and request.method == "GET":
        return Answer(reply=_read(sandbox, endpoint, request))
    if request.path == "/account/info" and request.method == "GET":
        return Answer(reply=_account(sandbox, request))
    # The answer of an API gateway to a route that it does not know.
    raise RefusedError.saying("Missing Authentication Token", sandbox.settings.profile.unknown_route_status)


def _launch(sandbox: Sandbox, endpoint: Endpoint, request: Request) -> Answer:
    _disturb(sandbox)
    if not sandbox.throttle.allows(request.key or ""):
        raise RefusedError.saying("Too Many Requests", 429)
    _check_key(sandbox, request, endpoint)
    profile = sandbox.settings.profile
    payload = validation.parse(endpoint, request.raw, profile)
    validation.check(endpoint, payload, profile)
    try:
        job, entry = sandbox.launch(endpoint, payload, request.raw)
    except InsufficientCreditsError:
        raise _out_of_credits(endpoint, profile) from None
    waiting = sandbox.let_run(job)
    return Answer(reply=_garble(sandbox, _launched(job, entry, profile)), waiting=waiting)


def _disturb(sandbox: Sandbox) -> None:
    """Refuse the request before it is looked at, when chaos says so."""
    mischief = sandbox.mischief
    if mischief.strikes(Switch.UNAVAILABLE):
        if mischief.lot("unavailable status") < 0.5:
            raise RefusedError.saying("Internal server error", 500)
        raise RefusedError.saying("Service Unavailable", 503)
    if mischief.strikes(Switch.THROTTLE):
        raise RefusedError.saying("Too Many Requests", 429)


def _garble(sandbox: Sandbox, reply: Reply) -> Reply:
    """Return the answer, or what chaos makes of it on its way back."""
    mischief = sandbox.mischief
    if mischief.strikes(Switch.LOST_ANSWER):
        return Reply(status=reply.status, body=b"", lost=True)
    if mischief.strikes(Switch.GATEWAY):
        status, title = (
            (502, "502 Bad Gateway") if mischief.lot("gateway status") < 0.5 else (504, "504 Gateway Time-out")
        )
        return Reply(status=status, body=_HTML.format(title).encode(), mimetype="text/html")
    return reply


def _check_key(sandbox: Sandbox, request: Request, endpoint: Endpoint | None) -> None:
    if not request.key:
        raise RefusedError.saying("No apikey found in the x-api-key headers", 401)
    sandbox.note_key(request.key)
    if not sandbox.settings.accepts(request.key):
        raise RefusedError.saying("This apikey is not valid", 401)
    if endpoint is not None and endpoint.kind is Kind.FIND_PHONE and not sandbox.settings.allows_phone(request.key):
        raise RefusedError.saying("This account is not allowed to use the phone search feature", 401)


def _out_of_credits(endpoint: Endpoint, profile: Profile) -> RefusedError:
    if profile.out_of_credits_status == 422:
        return RefusedError.saying("Insufficient balance", 422)
    if endpoint.bulk:
        return RefusedError.saying("Insufficient credits", profile.out_of_credits_status)
    return RefusedError(profile.out_of_credits_status, {"reason": "Insufficient credits", "success": False})


def _launched(job: Job, entry: Entry, profile: Profile) -> Reply:
    endpoint = job.endpoint
    body: dict[str, Any] = {"message": endpoint.launched, "id": job.id, "credits_used": number(entry.debit)}
    if endpoint.bulk:
        body["estimated_duration"] = -(-job.requested // _ROWS_PER_MINUTE[endpoint.kind])
    # The breakdown is documented for single verifications and single phones only.
    if (not endpoint.bulk and endpoint.kind is not Kind.FIND_EMAIL) or (
        endpoint.path == "/email/verify/bulk" and profile.verify_bulk_breakdown
    ):
        body["credits"] = _breakdown(entry)
    return Reply.of(endpoint.created, body)


def _breakdown(entry: Entry) -> dict[str, Any]:
    split = {"fromPaygo": number(entry.from_paygo), "fromSub": number(entry.from_sub)}
    return {"amount": number(entry.debit), "source": "sub" if entry.from_sub else "paygo", "split": split}


def _read(sandbox: Sandbox, endpoint: Endpoint, request: Request) -> Reply:
    _check_key(sandbox, request, endpoint)
    profile = sandbox.settings.profile
    if not request.job_id:
        raise RefusedError.saying(endpoint.id_missing)
    job = sandbox.job(endpoint, request.job_id)
    if job is None and profile.unknown_id_is_404:
        raise RefusedError.saying("Bulk search not found", 404)
    if job is None:
        raise RefusedError.saying(endpoint.id_unknown, 400 if endpoint.bulk else 500)
    if endpoint.bulk:
        return Reply.of(_bulk_status(job, profile), batches.bulk_body(job, profile, sandbox.clock()))
    if job.state is State.ONGOING:
        return Reply.of(202, results.ongoing_single_body(job, profile))
    return Reply.of(200, results.single_body(job, profile))


def _bulk_status(job: Job, profile: Profile) -> int:
    is_running_find = job.state is State.ONGOING and job.endpoint.kind is Kind.FIND_EMAIL
    return profile.running_find_bulk_status if is_running_find else 200


def _account(sandbox: Sandbox, request: Request) -> Reply:
    _check_key(sandbox, request, None)
    body: dict[str, Any] = {"credits": number(sandbox.ledger.balance)}
    if sandbox.settings.webhooks:
        body["webhooks"] = list(sandbox.settings.webhooks)
    if sandbox.settings.profile.account_breakdown:
        body["credits_breakdown"] = {
            "sub": number(sandbox.ledger.balance - sandbox.ledger.paygo),
            "paygo": number(sandbox.ledger.paygo),
        }
    return Reply.of(200, body)
