"""What the sandbox tests share: a caller, a receiver of events, a clock that stands still, and documented payloads."""

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request, Response

from enrow_webhooks.sandbox.app import create_app
from enrow_webhooks.sandbox.core import Sandbox

PAYLOADS = Path(__file__).parent.parent / "payloads"

FIND, FIND_BULK = "/email/find/single", "/email/find/bulk"
VERIFY, VERIFY_BULK = "/email/verify/single", "/email/verify/bulk"
PHONE, PHONE_BULK = "/phone/single", "/phone/bulk"
PATHS = (FIND, FIND_BULK, VERIFY, VERIFY_BULK, PHONE, PHONE_BULK)

HIT = {"fullname": "Dwight Somebody", "company_domain": "dundermifflin.com"}
MISS = {"fullname": "Ryan Nobody", "company_domain": "dundermifflin.com"}
PHONE_HIT = {"linkedin_url": "https://www.linkedin.com/in/michael-somebody/"}
PHONE_MISS = {"linkedin_url": "https://www.linkedin.com/in/michael-nobody/"}

REQUESTS: dict[str, dict[str, Any]] = {
    FIND: HIT,
    FIND_BULK: {"searches": [HIT, MISS]},
    VERIFY: {"email": "ok@acme.com"},
    VERIFY_BULK: {"verifications": ["ok@acme.com", "bounce@acme.com"]},
    PHONE: PHONE_HIT,
    PHONE_BULK: {"searches": [PHONE_HIT, PHONE_MISS]},
}
"""One request that every endpoint accepts; in bulk, a hit and a miss."""


def documented(name: str) -> Any:
    """Return a body that Enrow's documentation shows."""
    return json.loads((PAYLOADS / name).read_text())


def shape(value: Any) -> Any:
    """Return key order and JSON types of a value; lists count by the set of their items' shapes."""
    if isinstance(value, dict):
        return tuple((key, shape(item)) for key, item in value.items())
    if isinstance(value, list):
        return ["list", *sorted({repr(shape(item)) for item in value})]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def keys(value: Any) -> Any:
    """Return the shape of a value without regard to the order of its keys."""
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(
            {repr(sorted(keys(item).items())) if isinstance(item, dict) else str(keys(item)) for item in value}
        )
    return shape(value)


class Caller:
    """Calls a sandbox as an HTTP client would, without a network."""

    def __init__(self, sandbox: Sandbox, key: str | None = "a-key") -> None:
        self.client = Client(create_app(sandbox))
        self.headers = {} if key is None else {"x-api-key": key}

    def post(self, path: str, payload: Any) -> TestResponse:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        response = self.client.post(path, data=data, headers=self.headers, content_type="application/json")
        response.close()
        return response

    def get(self, path: str, job_id: str | None = None) -> TestResponse:
        return self.client.get(path, query_string={} if job_id is None else {"id": job_id}, headers=self.headers)

    def launch(self, path: str, payload: Any = None) -> str:
        """POST a request and return the id of its search."""
        response = self.post(path, REQUESTS[path] if payload is None else payload)
        assert response.status_code in {200, 201}, response.text
        return str(response.json["id"])

    def result(self, path: str, payload: Any = None) -> Any:
        """POST a request and return the body of its GET."""
        return self.get(path, self.launch(path, payload)).json


@dataclass
class Clock:
    """A clock that moves only by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Received:
    """One event as it came in."""

    path: str
    body: Any
    headers: dict[str, str]


@dataclass
class Receiver:
    """A tiny web server that keeps every event and answers with one status."""

    status: int = 200
    events: list[Received] = field(default_factory=list)
    barrier: threading.Barrier | None = None

    def __enter__(self) -> Self:
        self._server = make_server("127.0.0.1", 0, self._app, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    @property
    def bodies(self) -> list[Any]:
        return [event.body for event in self.events]

    def _app(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        body = request.get_json()
        if self.barrier is not None:
            self.barrier.wait(timeout=10)
        self.events.append(Received(request.path, body, dict(request.headers)))
        headers = {"Location": f"{self.url}/elsewhere"} if self.status == 302 else {}
        return Response("", status=self.status, headers=headers)(environ, start_response)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 -- Werkzeug's name
        """Say nothing."""
