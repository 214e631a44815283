"""One exchange with the API, bounded in time and in size, whatever stands at the other side.

The timeouts of ``requests`` count from byte to byte: a server that drips keeps it for ever. Here a clock cuts the
connection itself, wherever it stands: in the handshake, in the headers or in the body.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
import zlib
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError

# The largest answer, packed and unpacked. A bulk of 5,000 has some hundred bytes for each row.
MAX_BYTES = 8 * 1024 * 1024
# The most values in it. Each costs Python up to a hundred times its two characters; 5,000 rows have 20 each.
_MAX_VALUES = 600_000
_PIECE = 65536
_MEMBER_OF_GZIP = 31


class Unfinished(requests.RequestException):
    """The answer came too late, is too large, or cannot be unpacked."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reply:
    """What came back."""

    status_code: int
    content: bytes


def is_loopback(host: str | None) -> bool:
    """Tell whether the host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_protected(url: str, *, sandbox_host: str = "") -> bool:
    """Tell whether the key may travel to the address: by https, within this machine, or to the sandbox's host."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme == "https" or is_loopback(host) or bool(sandbox_host and host == sandbox_host.lower())


def new_session(*, tries: int = 3) -> requests.Session:
    """Return a session that tries GETs so often on passing faults, and never repeats a POST."""
    session = requests.Session()
    retry = Retry(
        total=tries - 1,
        # urllib3 repeats "other" faults, among them TLS faults while the answer is read, whatever the method.
        other=0,
        backoff_factor=0.3,
        status_forcelist=(429, 502, 503, 504),
        allowed_methods={"GET"},
        raise_on_status=False,
        # Enrow documents none, and a worker must not sleep for as long as some gateway likes.
        respect_retry_after_header=False,
    )
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(max_retries=retry))
    return session


def exchange(
    session: requests.Session,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    timeout: tuple[float, float],
    deadline: float,
    json: Mapping[str, object] | None = None,
    params: Mapping[str, str] | None = None,
) -> Reply:
    """Send one request and read its answer whole, within so many seconds. Raises RequestException."""
    with _Clock(deadline) as clock:
        response = session.request(
            method,
            url,
            json=json,
            params=params,
            # What is packed otherwise could not be unpacked within bounds.
            headers={**headers, "accept-encoding": "gzip"},
            timeout=timeout,
            allow_redirects=False,
            stream=True,
            # Without one, requests looks for a password in ~/.netrc.
            auth=session.auth or _no_password,
        )
        with response:
            content = _read(response, clock)
    return Reply(status_code=response.status_code, content=content)


def _no_password(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _read(response: requests.Response, clock: _Clock) -> bytes:
    pieces: list[bytes] = []
    size = 0
    try:
        # What has come, not a full piece: between two of them the clock is looked at, whoever made the session.
        while (piece := response.raw.read1(_PIECE, decode_content=False)) and not clock.is_over:
            pieces.append(piece)
            size += len(piece)
            _bound(size)
    except HTTPError as error:
        raise Unfinished(f"The answer broke off: {type(error).__name__}.") from error
    if clock.is_over:
        # Cut off, an answer of unknown length looks whole.
        raise Unfinished("The answer did not come in time.")
    content = _unpacked(b"".join(pieces), response.headers.get("content-encoding", "").strip().lower())
    if sum(map(content.count, (b",", b"[", b"{"))) > _MAX_VALUES:
        raise Unfinished("The answer has too many values.")
    return content


def _bound(size: int) -> None:
    if size > MAX_BYTES:
        raise Unfinished(f"The answer has more than {MAX_BYTES:,} bytes.")


def _unpacked(packed: bytes, coding: str) -> bytes:
    if coding in {"", "identity"}:
        return packed
    if coding not in {"gzip", "x-gzip"}:
        raise Unfinished("The answer is packed in a way that was not asked for.")
    content = b""
    while packed:
        member = zlib.decompressobj(_MEMBER_OF_GZIP)
        try:
            content += member.decompress(packed, MAX_BYTES + 1 - len(content))
        except zlib.error as error:
            raise Unfinished("The answer cannot be unpacked.") from error
        _bound(len(content))
        if not member.eof:
            raise Unfinished("The answer broke off.")
        packed = member.unused_data
    return content


class _Clock:
    """Cuts every connection of one exchange when its time is over; a thread watches as soon as there is one."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds
        self._timer: threading.Timer | None = None
        self._changing = threading.Lock()
        self._lines: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._outer = _running.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _running.reset(self._outer)
        if self._timer:
            self._timer.cancel()
        with self._changing:
            for line in self._lines:
                line.close()
            self._lines.clear()

    @property
    def left(self) -> float:
        """Seconds that are left; zero or less when none is."""
        return self._ends_at - time.monotonic()

    @property
    def is_over(self) -> bool:
        return self.left <= 0

    def follow(self, line: socket.socket) -> None:
        """Cut this one, too. A second handle to it, because TLS takes the first one over."""
        with self._changing, contextlib.suppress(OSError):
            self._lines.append(socket.socket(fileno=socket.dup(line.fileno())))
        if self.is_over:
            self._cut()
        elif self._timer is None:
            self._timer = threading.Timer(self.left, self._cut)
            self._timer.daemon = True
            self._timer.start()

    def _cut(self) -> None:
        with self._changing:
            for line in self._lines:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)


_running: ContextVar[_Clock | None] = ContextVar("enrow_clock", default=None)


class _Timed(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        if clock := _running.get():
            if clock.is_over:
                raise NewConnectionError(self, "There is no time left to connect.")
            if isinstance(self.timeout, int | float):
                self.timeout = min(self.timeout, clock.left)
        line = super()._new_conn()
        if clock:
            clock.follow(line)
        return line

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - urllib3's own signature
        """Follow a connection that an earlier exchange has made."""
        if (clock := _running.get()) and self.sock is not None:
            clock.follow(self.sock)
        super().request(*args, **kwargs)


class _TimedTLS(_Timed, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Timed


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTLS


def _timed(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the signature of requests
        super().init_poolmanager(*args, **kwargs)
        _timed(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - the signature of requests
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            _timed(manager)
        return manager
