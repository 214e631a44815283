"""No test meets the real Enrow: neither by our client, nor by a request that the project makes itself."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter

from enrow_webhooks.client.http import DEFAULT_BASE_URL

_ENROW = str(urlsplit(DEFAULT_BASE_URL).hostname).partition(".")[2]


class RealEnrowError(BaseException):
    """A test was about to meet the real Enrow.

    No Exception, because code that survives an outage would survive this, too.
    """

    def __init__(self, host: str) -> None:
        super().__init__(
            f"This test was about to meet {host}. Use the fixture enrow, or EnrowTestCase: an Enrow within the "
            "test's own process."
        )
        self.host = host


@contextmanager
def no_network() -> Iterator[None]:
    """Raise RealEnrowError where the real Enrow, or what ``ENROW["BASE_URL"]`` names elsewhere, would be met.

    Raises AssertionError at the end, too, in case a thread or a bare ``except`` swallowed it.
    """
    met: list[RealEnrowError] = []

    def refuse(host: str) -> None:
        if is_real(host):
            met.append(RealEnrowError(host))
            raise met[-1]

    send, resolve = HTTPAdapter.send, socket.getaddrinfo

    def guarded_send(self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as it is
        # Before a proxy is asked, which would resolve the name itself.
        refuse(urlsplit(request.url or "").hostname or "")
        return send(self, request, *args, **kwargs)

    def guarded_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as it is
        refuse(host.decode("ascii", "replace") if isinstance(host, bytes) else str(host))
        return resolve(host, *args, **kwargs)

    with mock.patch.object(HTTPAdapter, "send", guarded_send), mock.patch("socket.getaddrinfo", guarded_resolve):
        yield
    if met:
        # An ordinary one: pytest would leave out the rest of the test's end for the other.
        raise AssertionError(str(met[0])) from met[0]


def is_real(host: str) -> bool:
    """Tell whether this is Enrow, or where the settings say that Enrow answers, unless that is on this machine."""
    host = host.lower().rstrip(".")
    if host == _ENROW or host.endswith(f".{_ENROW}"):
        return True
    configured = getattr(settings, "ENROW", {}).get("BASE_URL") if settings.configured else None
    return bool(host) and host == urlsplit(configured or "").hostname and not _is_here(host)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
