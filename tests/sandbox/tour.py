"""A round of requests that shows every fact: whatever Enrow can do in one way or in another is done once.

``tour`` returns all answers and events in a form that two runs of the same sandbox share.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from enrow_webhooks.sandbox.server import SandboxServer
from tests.sandbox import support
from tests.sandbox.client import HttpCaller
from tests.sandbox.support import Receiver

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

CUSTOM = {"crm_id": "lead-1"}
ZOE = {"fullname": "Zoë  SOMEBODY", "company_name": "Acme"}
BY_NAME = {"firstname": "Zoë", "lastname": "SOMEBODY", "company_name": "Acme"}
MEMBER = {"linkedin_url": "https://www.linkedin.com/in/zoe-somebody/"}
ADDRESS = "OK@Acme.com"
# Enough rows for a batch to be too large, when a limit is low, and to be told in another order.
ROWS = 8

REQUESTS: list[tuple[str, Any]] = [
    (support.FIND, {**ZOE, "custom": CUSTOM}),
    (support.FIND, support.MISS),
    (support.FIND_BULK, {"searches": [{**ZOE, "custom": CUSTOM}] * ROWS + [support.MISS], "custom": CUSTOM}),
    (support.VERIFY, {"email": ADDRESS, "custom": CUSTOM}),
    (support.VERIFY_BULK, {"verifications": [ADDRESS] * ROWS + ["bounce@acme.com"], "custom": CUSTOM}),
    (support.PHONE, {**BY_NAME, "custom": CUSTOM}),
    (support.PHONE, {**MEMBER, "custom": "lead-1"}),
    (support.PHONE_BULK, {"searches": [{**MEMBER, "custom": "lead-1"}] * ROWS + [BY_NAME, support.PHONE_MISS]}),
    (support.FIND_BULK, {"searches": [{"fullname": "A B", "company_domain": "failed.example"}]}),
]
REFUSED: list[tuple[str, Any]] = [
    (support.VERIFY, b"{"),
    (support.PHONE_BULK, {"searches": [MEMBER, {"linkedin_url": "https://www.linkedin.com/company/acme"}]}),
    (support.PHONE, {"linkedin_url": "https://www.linkedin.com/in/jane-somebody,"}),
    (support.VERIFY_BULK, {"emails": [ADDRESS]}),
    (support.PHONE, {"first_name": "A", "last_name": "Somebody", "company_name": "Acme"}),
    ("/nowhere", {}),
]


def tour(server: SandboxServer, http: HttpCaller, receiver: Receiver) -> list[tuple[str, Any]]:
    """Return everything that is answered and delivered, with ids that are the same in each run."""
    server.sandbox.reset()
    receiver.events.clear()
    server.sandbox.configure(webhooks=[receiver.url], rate=None, credits=1000, delay=0)
    seen = [*_finished(http, server, receiver), *_running(http, server), *_refused(http, server)]
    return [(label, json.loads(_UUID.sub("id", json.dumps(body)))) for label, body in seen]


def _finished(http: HttpCaller, server: SandboxServer, receiver: Receiver) -> Iterator[tuple[str, Any]]:
    for path, payload in REQUESTS:
        label = f"{path} {json.dumps(payload)[:60]}"
        launched = http.post(path, payload)
        yield f"POST {label}", [launched.status_code, launched.json()]
        assert server.sandbox.wait_until_idle()
        yield f"event {label}", [event.body for event in receiver.events]
        receiver.events.clear()
        if "id" in launched.json():
            read = http.get(path, launched.json()["id"])
            yield f"GET {label}", [read.status_code, read.json()]
    yield "account", http.get("/account/info").json()


def _running(http: HttpCaller, server: SandboxServer) -> Iterator[tuple[str, Any]]:
    server.sandbox.configure(delay=3600, webhooks=[])
    for path, payload in REQUESTS[:-1]:
        launched = http.post(path, payload).json()
        if "id" in launched:
            read = http.get(path, launched["id"])
            yield f"running {path}", [read.status_code, read.json()]
    server.sandbox.finish_all()


def _refused(http: HttpCaller, server: SandboxServer) -> Iterator[tuple[str, Any]]:
    for path, payload in REFUSED:
        answer = http.post(path, payload)
        yield f"refused {path}", [answer.status_code, answer.json()]
    unknown = http.get(support.FIND, "no-such-id")
    yield "unknown id", [unknown.status_code, unknown.json()]
    server.sandbox.configure(credits=0)
    poor = http.post(support.FIND, support.HIT)
    yield "no credits", [poor.status_code, poor.json()]
    server.sandbox.configure(rate=1)
    yield "too many", [http.post(support.FIND, support.HIT).json() for _ in range(2)]
