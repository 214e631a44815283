"""One attempt to hand an event over by HTTP: an https POST of JSON that succeeds on 200 alone, and its record."""

import ipaddress
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import requests

_PIECES = 5
# Python's normal forms, which a host with accents goes through, take quadratic time.
_LONGEST_URL = 2000


class Outcome(StrEnum):
    """What became of one attempt."""

    DELIVERED = "delivered"
    """The receiver answered 200."""
    FAILED = "failed"
    """Another status, no connection, or no answer in time."""
    REFUSED = "refused"
    """The URL is neither https nor, where that is allowed, on this machine; nothing was sent."""
    DROPPED = "dropped"
    """Chaos swallowed it; nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingEvent:
    """One webhook to one URL."""

    job_id: str
    url: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The record of one attempt."""

    job_id: str
    url: str
    event: str
    body: dict[str, Any]
    outcome: Outcome
    status: int | None
    """The receiver's status, when there was an answer."""
    error: str
    """Why there was no answer, or why nothing was sent."""
    at: float
    """Seconds since the epoch at which the attempt ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to hand an event over."""

    allow_loopback_http: bool
    timeout: float
    """Seconds that the receiver may take."""
    slowness: float
    """Seconds over which the body trickles in; 0 sends it in one go."""
    closing: threading.Event
    """Ends every pause."""


def attempt(event: OutgoingEvent, session: requests.Session, manner: Manner) -> Delivery:
    """Hand an event over and return the record of it.

    Never raises: a receiver that cannot be reached is a record, too.
    """
    if not may_send(event.url, allow_loopback_http=manner.allow_loopback_http):
        return record(event, Outcome.REFUSED, error="the URL is not https, or too long")
    raw = json.dumps(event.body).encode()
    headers = {"Content-Type": "application/json", "Connection": "close"}
    data = _Trickle(raw, manner.slowness / _PIECES, manner.closing) if manner.slowness else raw
    try:
        answer = session.post(event.url, data=data, headers=headers, timeout=manner.timeout, allow_redirects=False)
    except (requests.RequestException, OSError, ValueError) as error:
        return record(event, Outcome.FAILED, error=f"{type(error).__name__}: {error}")
    finally:
        # One connection each: the only attempt must not go out on one that the receiver is just closing. The header
        # alone does not see to it: a receiver may close without saying so, as Django's runserver does.
        session.close()
    return record(event, Outcome.DELIVERED if answer.status_code == 200 else Outcome.FAILED, status=answer.status_code)


def record(event: OutgoingEvent, outcome: Outcome, *, status: int | None = None, error: str = "") -> Delivery:
    """Return the record of an attempt that ends now."""
    return Delivery(
        job_id=event.job_id,
        url=event.url,
        event=str(event.body["event"]),
        body=event.body,
        outcome=outcome,
        status=status,
        error=error,
        at=time.time(),
    )


def may_send(url: str, *, allow_loopback_http: bool) -> bool:
    """Tell whether an event may go to this URL: https anywhere, http on this machine where that is allowed."""
    if len(url) > _LONGEST_URL:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and allow_loopback_http and _is_loopback(host)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Trickle:
    """A body of known length that comes in pieces, with a pause before each."""

    def __init__(self, raw: bytes, pause: float, closing: threading.Event) -> None:
        self._raw = raw
        self._pause = pause
        self._closing = closing

    def __len__(self) -> int:
        return len(self._raw)

    def __iter__(self) -> Iterator[bytes]:
        size = -(-len(self._raw) // _PIECES)
        for start in range(0, len(self._raw), size):
            self._closing.wait(self._pause)
            yield self._raw[start : start + size]
