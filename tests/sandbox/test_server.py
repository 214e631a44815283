"""The server speaks HTTP/1.1 as the real one does, and leaves nothing behind."""

import http.client
import socket
import threading

import pytest
import requests

from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.server import PortInUseError, SandboxServer
from tests.sandbox import support
from tests.sandbox.support import Receiver

KEY = {"x-api-key": "a-key"}


def test_a_session_keeps_its_connection() -> None:
    """Answers of every size and code come over one connection, refusals of unread bodies included."""
    with SandboxServer(rate=None) as server:
        connection = http.client.HTTPConnection(server.host, server.port)
        connection.connect()
        first = connection.sock
        for path, headers in (("/email/find/single", KEY), ("/email/find/single", {}), ("/nowhere", KEY)):
            connection.request("POST", path, body=b'{"fullname": "A B", "company_domain": "acme.com"}', headers=headers)
            response = connection.getresponse()
            assert response.version == 11
            assert response.read()
            assert not response.will_close
            assert connection.sock is first
        connection.close()


def test_chunked_and_expecting_clients_are_understood() -> None:
    """A body without a length is read to its end, and ``Expect: 100-continue`` is answered."""
    body = b'{"email": "ok@acme.com"}'
    with SandboxServer() as server, requests.Session() as session:
        for _ in range(2):
            answer = session.post(f"{server.url}{support.VERIFY}", data=iter([body[:5], body[5:]]), headers=KEY)
            assert answer.status_code == 200
        with socket.create_connection((server.host, server.port)) as raw:
            fields = ("Host: x", "x-api-key: k", f"Content-Length: {len(body)}", "Expect: 100-continue")
            head = "\r\n".join((f"POST {support.VERIFY} HTTP/1.1", *fields, "", ""))
            raw.sendall(head.encode())
            assert raw.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
            raw.sendall(body)
            assert raw.recv(15) == b"HTTP/1.1 200 OK"


def test_head_has_no_body() -> None:
    """The answer to HEAD does not spoil the connection for the next request."""
    with SandboxServer() as server, requests.Session() as session:
        assert session.head(f"{server.url}/account/info", headers=KEY).status_code == 403
        assert session.get(f"{server.url}/account/info", headers=KEY).json() == {"credits": 1000}


def test_a_lost_answer_is_a_connection_error() -> None:
    """A real client sees its connection die after the search was billed, and can go on with a new one."""
    with SandboxServer(chaos="lost-answer") as server, requests.Session() as session:
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                session.post(f"{server.url}{support.FIND}", json=support.HIT, headers=KEY)
        assert server.sandbox.ledger.spent == 2
        assert session.get(f"{server.url}/account/info", headers=KEY).json() == {"credits": 998}


def test_a_whole_journey_over_http(receiver: Receiver) -> None:
    """POST, event and GET over real connections tell the same story."""
    with SandboxServer() as server, requests.Session() as session:
        session.headers.update(KEY)
        payload = {**support.REQUESTS[support.FIND_BULK], "settings": {"webhook": receiver.url}}
        job_id = session.post(f"{server.url}{support.FIND_BULK}", json=payload).json()["id"]
        assert server.sandbox.wait_until_idle()
        assert receiver.bodies == [{"event": "bulk_search_finished", "id": job_id, "credits": {"cost": 1}}]
        body = session.get(f"{server.url}{support.FIND_BULK}", params={"id": job_id}).json()
        assert body["stats"]["credits_cost"]["final"] == 1


def test_a_taken_port_is_told_in_a_sentence() -> None:
    """The sentence names the port and the option that chooses another."""
    with SandboxServer() as server, pytest.raises(PortInUseError) as caught:
        SandboxServer(port=server.port)
    sentence = f"Cannot listen on 127.0.0.1, port {server.port}: Address already in use. Choose another with --port."
    assert str(caught.value) == sentence


def test_nothing_is_left_behind() -> None:
    """After the end no thread runs and the port is free, even with clients still connected and work still planned."""
    before = set(threading.enumerate())
    with requests.Session() as session:
        with SandboxServer(delay=3600, webhooks=["http://127.0.0.1:9/x"]) as server:
            session.post(f"{server.url}{support.FIND}", json=support.HIT, headers=KEY)
            assert set(threading.enumerate()) > before
        assert set(threading.enumerate()) == before
        with SandboxServer(port=server.port):
            pass


def test_a_server_that_never_started_can_be_stopped() -> None:
    """Making a server takes its port; stopping gives it back, twice if need be."""
    server = SandboxServer()
    server.stop()
    server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=5)


def test_serving_in_the_foreground_ends_with_stop() -> None:
    """A command blocks in ``serve_forever`` until somebody stops the server."""
    server = SandboxServer()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    assert requests.get(f"{server.url}/_sandbox/state", timeout=5).status_code == 200
    server.stop()
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_a_server_can_wear_a_sandbox_that_exists() -> None:
    """Settings may come with the sandbox instead."""
    with SandboxServer(sandbox=Sandbox(credits=7)) as server:
        assert requests.get(f"{server.url}/account/info", headers=KEY, timeout=5).json() == {"credits": 7}
