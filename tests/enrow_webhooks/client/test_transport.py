"""Answers are bounded in time, in size and in where they may come from: hostile servers on real sockets."""

from __future__ import annotations

import base64
import gzip
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from enrow_webhooks.client import errors
from enrow_webhooks.client.http import EnrowClient
from enrow_webhooks.client.transport import MAX_BYTES, is_protected
from enrow_webhooks.client.values import FindEmail, Kind
from tests.enrow_webhooks.support import BLACK, ROOT, Stranger, certificate, http

QUERY = [FindEmail(fullname="Ann B", company_domain="acme.com")]
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
# Below the time of pytest, far above that of any answer here: reached only when nothing ends the wait.
HANGS = 30


class Hostile(socketserver.ThreadingTCPServer):
    """Reads the head of a request, then sends pieces, with a pause after each, until the client is gone."""

    daemon_threads = True

    def __init__(
        self, pieces: Callable[[], Iterator[bytes]], *, pause: float = 0.0, silent_start: bool = False
    ) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.pieces, self.pause, self.silent_start = pieces, pause, silent_start
        self.served = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def finish_request(self, request: socket.socket, client_address: object) -> None:
        self.served += 1
        try:
            if not self.silent_start:
                request.recv(65536)
            for piece in self.pieces():
                request.sendall(piece)
                time.sleep(self.pause)
        except OSError:
            return


def forever(start: bytes, piece: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield start
        while True:
            yield piece

    return pieces


def refused(call) -> errors.EnrowError:
    with pytest.raises(errors.EnrowError) as caught:
        call()
    return caught.value


DRIPS = {
    "status": forever(b"", b"H"),
    "header": forever(OK + b"X-Long: ", b"x"),
    "headers": forever(OK, b"X-One: 1\r\n"),
    "continues": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": forever(OK + b"\r\n", b" "),
    "announced": forever(OK + b"Content-Length: 100000\r\n\r\n", b" "),
    "chunks": forever(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "trailers": forever(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
}


@pytest.mark.parametrize("session", [None, "plain"])
@pytest.mark.parametrize("drip", DRIPS)
def test_a_dripping_answer_ends_at_the_deadline(drip, session):
    """Each byte comes in time, the last one never does: a POST is lost, a GET failed."""
    if session and drip not in {"body", "announced", "chunks"}:
        pytest.skip("the host's own session answers for headers and trailers")
    with Hostile(DRIPS[drip], pause=0.05) as server:
        begun = time.monotonic()
        own = requests.Session() if session else None
        client = EnrowClient("k", base_url=server.url, timeout=(HANGS, HANGS), deadline=0.5, session=own)
        assert type(refused(lambda: client.launch(Kind.FIND_EMAIL, QUERY))) is errors.AnswerLost
        assert server.served == 1
        assert type(refused(client.account)) is errors.Unavailable
        assert time.monotonic() - begun < HANGS


def test_an_answer_without_a_length_that_is_cut_is_not_taken_for_whole():
    """The deadline closes the connection, which is how such an answer ends: half a result is none."""
    with Hostile(forever(OK + b"\r\n" + b'{"id": "half", "credits": 1}', b" "), pause=0.05) as server:
        client = EnrowClient("k", base_url=server.url, deadline=0.5)
        assert type(refused(lambda: client.launch(Kind.FIND_EMAIL, QUERY))) is errors.AnswerLost
        assert type(refused(client.account)) is errors.Unavailable


def test_a_handshake_that_drips_ends_at_the_deadline():
    """TLS is part of the wait."""
    record = b"\x16\x03\x03\x40\x00"
    with Hostile(forever(record, b"\x02"), pause=0.05, silent_start=True) as server:
        url = server.url.replace("http:", "https:")
        client = EnrowClient("k", base_url=url, timeout=(HANGS, HANGS), deadline=0.5)
        begun = time.monotonic()
        refused(client.account)
        refused(lambda: client.launch(Kind.FIND_EMAIL, QUERY))
        assert time.monotonic() - begun < HANGS


def test_the_deadline_holds_on_a_connection_that_was_kept():
    """GETs share connections: the second one's clock cuts what the first one opened."""
    good = http(200, b'{"credits": 5}').replace(b"Connection: close\r\n", b"")

    class Kept(Hostile):
        def finish_request(self, request, client_address):
            self.served += 1
            request.recv(65536)
            request.sendall(good)
            request.recv(65536)
            super().finish_request(request, client_address)

    with Kept(forever(b"", b"H"), pause=0.05, silent_start=True) as server:
        client = EnrowClient("k", base_url=server.url, timeout=(HANGS, HANGS), deadline=0.5)
        assert client.account().credits == 5
        begun = time.monotonic()
        assert type(refused(client.account)) is errors.Unavailable
        assert time.monotonic() - begun < HANGS


def test_all_tries_of_a_get_share_one_deadline():
    """Three tries that each take a little less than the time between two bytes would take three times as long."""
    with Hostile(lambda: iter(()), pause=0) as server:
        client = EnrowClient("k", base_url=server.url, timeout=(HANGS, HANGS), deadline=0.05)
        refused(client.account)
        assert server.served <= 2  # the second try comes after a pause of 0.3 s and more, when no time is left


def test_an_endless_answer_ends_at_its_size():
    """Whatever it announces or not."""
    with Hostile(forever(OK + b"\r\n", b" " * 65536)) as server:
        client = EnrowClient("k", base_url=server.url)
        assert type(refused(lambda: client.launch(Kind.FIND_EMAIL, QUERY))) is errors.AnswerLost
        assert type(refused(client.account)) is errors.Unavailable


def test_a_header_without_end_is_refused():
    """http.client bounds a line, and their number."""
    with Hostile(forever(OK + b"X: ", b"x" * 65536)) as server:
        refused(EnrowClient("k", base_url=server.url).account)
    with Hostile(forever(OK, b"X: y\r\n" * 1000)) as server:
        refused(EnrowClient("k", base_url=server.url).account)


# What is packed.


def bomb(times: int) -> bytes:
    return gzip.compress(b" " * times)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (bomb(MAX_BYTES + 1), "gzip"),
        (bomb(MAX_BYTES // 2) * 3, "gzip"),
        (gzip.compress(bomb(1000)), "gzip, gzip"),
        (b"x", "br"),
        (gzip.compress(b'{"credits": 5}')[:-9], "gzip"),
    ],
    ids=["bomb", "members", "twice", "other", "half"],
)
def test_what_is_packed_is_bounded_too(body, coding):
    """The size counts after unpacking; a packing that was not asked for is none."""
    with Stranger(http(200, body, f"Content-Encoding: {coding}")) as stranger:
        assert type(refused(EnrowClient("k", base_url=stranger.url).account)) is errors.Unavailable


@pytest.mark.parametrize(
    "body", [gzip.compress(b'{"credits": 5}'), gzip.compress(b'{"cre') + gzip.compress(b'dits": 5}')]
)
def test_a_packed_answer_is_read(body):
    """Enrow's own answers may be packed, in one member or more."""
    with Stranger(http(200, body, "Content-Encoding: gzip")) as stranger:
        assert EnrowClient("k", base_url=stranger.url).account().credits == 5
        assert b"accept-encoding: gzip\r\n" in stranger.requests[0].lower()


MEMORY = """
import pathlib, re, zlib
from enrow_webhooks.client import errors
from enrow_webhooks.client.http import EnrowClient
from tests.enrow_webhooks.support import Stranger, http
packer = zlib.compressobj(1, zlib.DEFLATED, 31)
bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(500)) + packer.flush()
bodies = [(bomb, "Content-Encoding: gzip"),
          (b"[" + b"[]," * 2_600_000 + b"[]]", "X: y"), (b'[' + b'{"a":1},' * 1_000_000 + b'1]', "X: y"),
          (b'{"message": "' + "\U0001f600".encode() * 1_900_000 + b'"}', "X: y"),
          (b'{"credits": [' + b'1.5,' * 590_000 + b'1]}', "X: y"), (b'{"credits": ' + b'9' * 8_000_000 + b'}', "X: y")]
for body, header in bodies:
    with Stranger(http(200, body, header)) as stranger:
        try:
            EnrowClient("k", base_url=stranger.url).account()
        except errors.EnrowError:
            pass
    del body
# Not ru_maxrss, which begins with what the parent held when it started us.
print(int(re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) // 1024)
"""


def test_hostile_answers_cost_a_bounded_memory():
    """Bombs, millions of empty lists and texts of four bytes a letter: the process stays under 200 MB."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], cwd=ROOT, capture_output=True, text=True, timeout=100, check=True
    )
    assert int(done.stdout) < 200, done.stdout


# Where the key may go.


@pytest.mark.parametrize(
    ("url", "host", "good"),
    [
        ("https://api.enrow.io", "", True),
        ("http://api.enrow.io", "", False),
        ("http://127.0.0.1:8787", "", True),
        ("http://[::1]:8787", "", True),
        ("http://localhost:8787", "", True),
        ("http://localhost.example.com", "", False),
        ("http://localhost@example.com", "", False),
        ("http://sandbox:8787", "", False),
        ("http://sandbox:8787", "sandbox", True),
        ("http://sandbox:8787", "Sandbox", True),
        ("http://sandbox.example.com", "sandbox", False),
        ("http://", "", False),
        ("ftp://127.0.0.1", "", True),
    ],
)
def test_plain_http_is_for_this_machine_or_one_named_host(url, host, good):
    """Everything else would carry the key in the open."""
    assert is_protected(url, sandbox_host=host) is good


def test_a_plain_address_is_refused_at_run_time(monkeypatch):
    """A project that does not run ``check`` sends nothing either: no connection is made."""
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("a connection was made"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: pytest.fail("a name was looked up"))
    client = EnrowClient(BLACK, base_url="http://api.example.com")
    for call in (client.account, lambda: client.launch(Kind.FIND_EMAIL, QUERY)):
        error = refused(call)
        assert type(error) is errors.SettingsMustChange
        assert "SANDBOX_HOST" in str(error)


def test_no_password_is_taken_from_netrc(tmp_path, monkeypatch):
    """A file of the user for other programs; what it says of a host is not sent along."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password planted-password\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Stranger(http(200, b'{"credits": 5}')) as stranger:
        assert EnrowClient("k", base_url=stranger.url).account().credits == 5
        assert b"authorization" not in stranger.requests[0].lower()


def test_the_hosts_own_session_keeps_its_own_authentication():
    """A gateway of the project may ask for one."""
    session = requests.Session()
    session.auth = ("ann", "b")
    with Stranger(http(200, b'{"credits": 5}')) as stranger:
        EnrowClient("k", base_url=stranger.url, session=session).account()
        assert base64.b64encode(b"ann:b") in stranger.requests[0]


def test_a_proxy_of_the_environment_is_used(monkeypatch):
    """What a company needs to reach the world stays usable, and is under the same clock."""
    with Stranger(http(200, b'{"credits": 5}')) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        client = EnrowClient("k", base_url="http://sandbox:8787", sandbox_host="sandbox")
        assert client.account().credits == 5
        assert proxy.requests[0].startswith(b"GET http://sandbox:8787/account/info ")
    with Hostile(DRIPS["status"], pause=0.05) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        begun = time.monotonic()
        client = EnrowClient("k", base_url="https://api.example.com", timeout=(HANGS, HANGS), deadline=0.5)
        refused(client.account)
        assert time.monotonic() - begun < HANGS


def test_a_ca_bundle_of_the_environment_is_used(tmp_path, monkeypatch):
    """A company's own authority signs what its proxy opens."""
    chain, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    answer = http(200, b'{"credits": 5}')

    class TLS(Hostile):
        def finish_request(self, request, client_address):
            with context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(chain))
    with TLS(lambda: iter([answer])) as server:
        url = server.url.replace("http:", "https:")
        assert EnrowClient("k", base_url=url).account().credits == 5
