"""What Enrow answers to a GET: the state and the results of a search, and the account."""

from typing import Any

from enrow_webhooks.sandbox import batches, results
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.endpoints import Endpoint, Product
from enrow_webhooks.sandbox.jobs import Job, State
from enrow_webhooks.sandbox.profiles import Profile
from enrow_webhooks.sandbox.validation import RefusedError
from enrow_webhooks.sandbox.values import Reply


def search(sandbox: Sandbox, endpoint: Endpoint, job_id: str) -> Reply:
    """ApiAnswer for one search. Raises RefusedError when it is not known, or not yet."""
    if not job_id:
        raise RefusedError.saying(endpoint.id_missing)
    profile = sandbox.settings.profile
    job = sandbox.job(endpoint, job_id)
    if job is None or sandbox.hides(job):
        raise _unknown(endpoint, profile)
    if endpoint.bulk:
        return Reply.of(_bulk_status(job, profile), batches.bulk_body(job, profile, sandbox.clock()))
    if job.state is State.ONGOING:
        return Reply.of(202, results.ongoing_single_body(job, profile))
    return Reply.of(200, results.single_body(job, profile))


def account(sandbox: Sandbox) -> Reply:
    """ApiAnswer with balance and webhooks."""
    profile, ledger = sandbox.settings.profile, sandbox.ledger
    body: dict[str, Any] = {"credits": profile.number(ledger.balance)}
    if sandbox.settings.webhooks:
        body["webhooks"] = list(sandbox.settings.webhooks)
    if profile.account_breakdown:
        body["credits_breakdown"] = {
            "sub": profile.number(ledger.balance - ledger.paygo),
            "paygo": profile.number(ledger.paygo),
        }
    return Reply.of(200, body)


def _unknown(endpoint: Endpoint, profile: Profile) -> RefusedError:
    if profile.unknown_id_is_404:
        return RefusedError.saying("Bulk search not found", 404)
    return RefusedError.saying(endpoint.id_unknown, 400 if endpoint.bulk else 500)


def _bulk_status(job: Job, profile: Profile) -> int:
    is_running_find = job.state is State.ONGOING and job.endpoint.kind is Product.FIND_EMAIL
    return profile.running_find_bulk_status if is_running_find else 200
