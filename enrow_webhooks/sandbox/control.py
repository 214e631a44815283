"""The control plane under ``/_sandbox/``: what a test in another process asks and changes.

It is no part of the imitation and needs no key. ``ADDRESSES`` lists all of it.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.delivery import Outcome
from enrow_webhooks.sandbox.endpoints import Product
from enrow_webhooks.sandbox.jobs import State
from enrow_webhooks.sandbox.settings import as_json
from enrow_webhooks.sandbox.values import Reply, number

PREFIX = "/_sandbox/"


def answer(sandbox: Sandbox, method: str, path: str, raw: bytes) -> Reply:
    """ApiAnswer one request of the control plane."""
    address = ADDRESSES.get(f"{method} {path}")
    if address is None:
        return Reply.of(404, {"message": f"There is no {method} {path}. Known: {', '.join(ADDRESSES)}."})
    try:
        return Reply.of(200, address.action(sandbox, raw))
    except ValueError as error:
        return Reply.of(400, {"message": str(error)})


def state(sandbox: Sandbox) -> dict[str, Any]:
    """Return everything that a test wants to know, as JSON values."""
    ledger, jobs = sandbox.ledger, sandbox.jobs
    purchases = ledger.purchases
    states = Counter(job.state for job in jobs)
    outcomes = Counter(delivery.outcome for delivery in sandbox.deliveries)
    return {
        "balance": number(ledger.balance),
        "granted": number(ledger.granted),
        "debits": number(ledger.debits),
        "refunds": number(ledger.refunds),
        "spent": number(ledger.spent),
        "jobs": {str(name): states[name] for name in State},
        "launches": {str(kind): sum(job.endpoint.kind is kind for job in jobs) for kind in Product},
        "rows": {str(kind): sum(job.requested for job in jobs if job.endpoint.kind is kind) for kind in Product},
        "people": len(purchases),
        "max_purchases_per_person": max(purchases.values(), default=0),
        "bought_more_than_once": {person: times for person, times in purchases.items() if times > 1},
        "deliveries": {str(name): outcomes[name] for name in Outcome},
        "pending": sandbox.pending,
        "requests": dict(sandbox.requests),
        "keys": sorted(sandbox.keys_seen),
        "settings": as_json(sandbox.settings),
    }


def _deliveries(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [asdict(delivery) for delivery in sandbox.deliveries]


def _configure(sandbox: Sandbox, raw: bytes) -> dict[str, Any]:
    try:
        changes = json.loads(raw)
    except RecursionError:
        raise ValueError("The settings are nested too deeply.") from None
    if not isinstance(changes, dict):
        raise ValueError("Send a JSON object of settings.")  # noqa: TRY004 -- any wrong body is answered by 400
    return as_json(sandbox.configure(**changes))


def _reset(sandbox: Sandbox) -> dict[str, Any]:
    sandbox.reset()
    return state(sandbox)


def _flush(sandbox: Sandbox) -> dict[str, Any]:
    sandbox.flush()
    return {"pending": sandbox.pending}


def _finish(sandbox: Sandbox) -> dict[str, Any]:
    return {"finished": sandbox.finish_all(), "pending": sandbox.pending}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One thing that can be asked or told."""

    meaning: str
    action: Callable[[Sandbox, bytes], Any]


ADDRESSES = {
    "GET /_sandbox/state": Address(
        meaning="account, searches, purchases, deliveries, requests, settings with all facts",
        action=lambda sandbox, _: state(sandbox),
    ),
    "GET /_sandbox/deliveries": Address(
        meaning="every attempt to deliver an event", action=lambda sandbox, _: _deliveries(sandbox)
    ),
    "POST /_sandbox/settings": Address(
        meaning="changes the settings that a JSON object names, and answers with all of them", action=_configure
    ),
    "POST /_sandbox/finish": Address(
        meaning="ends every running search now", action=lambda sandbox, _: _finish(sandbox)
    ),
    "POST /_sandbox/flush": Address(
        meaning="delivers at once whatever is held back or late", action=lambda sandbox, _: _flush(sandbox)
    ),
    "POST /_sandbox/reset": Address(
        meaning="forgets everything but the settings, and refills the balance",
        action=lambda sandbox, _: _reset(sandbox),
    ),
}
