"""HTTP without a network: the sandbox answers the client's requests, and its events go to the project's view."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import RemoteDisconnected
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import requests
from django.test import Client
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse, Retry
from urllib3.exceptions import ProtocolError

from enrow_webhooks.sandbox import api
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.values import Reply

_MEGABYTE = b" " * 2**20


class ToSandbox:
    """Answers requests for one host, by whichever session of requests they are made."""

    def __init__(self, sandbox: Sandbox, host: str) -> None:
        self._sandbox, self._host = sandbox, host

    @contextmanager
    def open(self) -> Iterator[None]:
        """Answer instead of the network. All of a session above its adapters is as it is in production."""
        usual = HTTPAdapter.send

        def send(adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as it is
            if urlsplit(request.url or "").hostname == self._host:
                return self.respond(adapter, request)
            return usual(adapter, request, *args, **kwargs)

        with mock.patch.object(HTTPAdapter, "send", send):
            yield

    def respond(self, adapter: HTTPAdapter, request: requests.PreparedRequest) -> requests.Response:
        """Return the sandbox's answer. Raises ConnectionError for one that is lost.

        A request that failed is repeated as the adapter says, without its pauses.
        """
        retries: Retry = adapter.max_retries
        repeats = int(retries.total or 0) if request.method in (retries.allowed_methods or ()) else 0
        for _ in range(1 + repeats):
            reply = self._answer(request)
            if not reply.lost and reply.status not in retries.status_forcelist:
                break
        if reply.lost:
            lost = ProtocolError("Connection aborted.", RemoteDisconnected("The sandbox loses this answer."))
            raise requests.ConnectionError(lost, request=request)
        body = reply.body + _MEGABYTE * reply.padding
        return adapter.build_response(request, _http(reply.status, body, reply.mimetype))

    def _answer(self, request: requests.PreparedRequest) -> Reply:
        url = urlsplit(request.url or "")
        [job_id] = parse_qs(url.query).get("id", [""])
        answer = api.answer(
            self._sandbox,
            api.Request(
                method=request.method or "",
                path=url.path,
                key=request.headers.get("x-api-key"),
                job_id=job_id,
                raw=_bytes(request.body),
            ),
        )
        self._sandbox.answered(answer.waiting)
        return answer.reply


class ToSite(HTTPAdapter):
    """Delivers to the project itself, as a server would: all of its middleware, its URLs, its view."""

    @classmethod
    def session(cls) -> tuple[requests.Session, ToSite]:
        """Return a session of which all requests go to the project, and the way that they take."""
        session, site = requests.Session(), cls()
        # Proxies are for the outside world.
        session.trust_env = False
        for scheme in ("https://", "http://"):
            session.mount(scheme, site)
        return session, site

    def __init__(self) -> None:
        super().__init__()
        self._client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        # Why the last event that was not taken was not taken.
        self.refused: Refused | None = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as HTTPAdapter has it
        """Return the site's answer."""
        url = urlsplit(request.url or "")
        # Enrow keeps no cookies.
        self._client.cookies.clear()
        answer = self._client.generic(
            "POST",
            url.path,
            _bytes(request.body),
            content_type=request.headers.get("Content-Type", ""),
            secure=url.scheme == "https",
            SERVER_NAME=url.hostname,
        )
        if answer.status_code != 200:
            self.refused = Refused(answer.status_code)
            self.refused.__cause__ = (getattr(answer, "exc_info", None) or (None, None))[1]
        return self.build_response(request, _http(answer.status_code, b"", "application/json"))


class Refused(AssertionError):  # noqa: N818 - it is what the site did
    """The project did not take an event."""

    def __init__(self, status: int) -> None:
        super().__init__(
            f"Your project answered {status} to an event of Enrow; only 200 counts as taken. Is the webhook URL in "
            "your urls.py, and does no middleware stand before it?"
        )
        self.status = status


def _http(status: int, body: bytes, mimetype: str) -> HTTPResponse:
    headers: Mapping[str, str] = {"content-type": mimetype, "content-length": str(len(body))}
    return HTTPResponse(body=io.BytesIO(body), headers=headers, status=status, preload_content=False)


def _bytes(body: Any) -> bytes:  # noqa: ANN401 - requests takes texts, bytes and whatever yields them
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else b"".join(body or ())
