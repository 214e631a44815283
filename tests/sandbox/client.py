"""A plain HTTP client of a running sandbox: requests and nothing else, so that what a test sees went over a wire."""

from types import TracebackType
from typing import Any, Self

import requests

from enrow_webhooks.sandbox.server import SandboxServer
from tests.sandbox import support

# Longer than any answer takes that is not meant to be slow.
PATIENCE = 10


class HttpCaller:
    """Calls one sandbox over real connections. Use it in a ``with`` statement."""

    def __init__(self, server: SandboxServer, key: str = "a-key") -> None:
        self.url = server.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["x-api-key"] = key

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def post(self, path: str, payload: Any) -> requests.Response:
        body = {"data": payload} if isinstance(payload, bytes) else {"json": payload}
        return self.session.post(f"{self.url}{path}", timeout=PATIENCE, **body)

    def get(self, path: str, job_id: str | None = None, *, timeout: float = PATIENCE) -> requests.Response:
        params = {} if job_id is None else {"id": job_id}
        return self.session.get(f"{self.url}{path}", params=params, timeout=timeout)

    def launch(self, path: str, payload: Any = None) -> str:
        """POST a request and return the id of its search."""
        response = self.post(path, support.REQUESTS[path] if payload is None else payload)
        assert response.status_code in {200, 201}, response.text
        return str(response.json()["id"])

    def result(self, path: str, payload: Any = None) -> Any:
        """POST a request and return the body of its GET."""
        return self.get(path, self.launch(path, payload)).json()

    def settings(self, **changes: Any) -> requests.Response:
        """Change settings by the control address."""
        return self.post("/_sandbox/settings", changes)
