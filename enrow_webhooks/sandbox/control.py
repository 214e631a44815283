"""The control plane under ``/_sandbox/``: what a test in another process asks and changes.

It is no part of the imitation and needs no key.

======  =====================  =====================================================================
method  path                   what it does
======  =====================  =====================================================================
GET     /_sandbox/state        account, searches, purchases, deliveries, requests, settings
GET     /_sandbox/deliveries   every attempt to deliver a notice
POST    /_sandbox/settings     changes settings: a JSON object of ``settings.Changes``
POST    /_sandbox/finish       ends every running search now
POST    /_sandbox/flush        delivers whatever is held back or late
POST    /_sandbox/reset        forgets everything but the settings
======  =====================  =====================================================================
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.delivery import Outcome
from enrow_webhooks.sandbox.endpoints import Kind
from enrow_webhooks.sandbox.jobs import State
from enrow_webhooks.sandbox.settings import as_json
from enrow_webhooks.sandbox.values import Reply, number

PREFIX = "/_sandbox/"


def answer(sandbox: Sandbox, method: str, path: str, raw: bytes) -> Reply:
    """Answer one request of the control plane."""
    action = _ACTIONS.get((method, path))
    if action is None:
        known = ", ".join(" ".join(name) for name in _ACTIONS)
        return Reply.of(404, {"message": f"There is no {method} {path}. Known: {known}."})
    try:
        return Reply.of(200, action(sandbox, raw))
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
        "launches": {str(kind): sum(job.endpoint.kind is kind for job in jobs) for kind in Kind},
        "rows": {str(kind): sum(job.requested for job in jobs if job.endpoint.kind is kind) for kind in Kind},
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


_ACTIONS: dict[tuple[str, str], Callable[[Sandbox, bytes], Any]] = {
    ("GET", "/_sandbox/state"): lambda sandbox, _: state(sandbox),
    ("GET", "/_sandbox/deliveries"): lambda sandbox, _: _deliveries(sandbox),
    ("POST", "/_sandbox/settings"): _configure,
    ("POST", "/_sandbox/finish"): lambda sandbox, _: _finish(sandbox),
    ("POST", "/_sandbox/flush"): lambda sandbox, _: _flush(sandbox),
    ("POST", "/_sandbox/reset"): lambda sandbox, _: _reset(sandbox),
}
