"""What goes wrong with GETs: each switch over real connections, one by one, the same each time for one seed."""

import contextlib
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from enrow_webhooks.sandbox.chaos import MEANINGS, Switch
from enrow_webhooks.sandbox.mistyped import mistyped
from enrow_webhooks.sandbox.server import SandboxServer
from tests.sandbox import support
from tests.sandbox.client import HttpCaller

GETS = [*support.PATHS, "/account/info"]
GET_SWITCHES = [
    "get-unavailable",
    "get-gateway",
    "get-lost",
    "unknown-for-a-while",
    "slow-get",
    "dripping-get",
    "huge-answer",
    "wrong-types",
]


def asking(http: HttpCaller, path: str) -> Callable[[], requests.Response]:
    """Return a GET that has an answer."""
    job_id = None if path == "/account/info" else http.launch(path)
    return lambda: http.get(path, job_id)


@pytest.mark.parametrize("path", GETS)
def test_a_get_may_be_unavailable(http: HttpCaller, server: SandboxServer, path: str) -> None:
    """500 and 503 with a message, on every path; the result is there as soon as the switch is off."""
    ask = asking(http, path)
    plain = ask().json()
    server.sandbox.configure(chaos="get-unavailable")
    answers = [ask() for _ in range(12)]
    assert {answer.status_code for answer in answers} == {500, 503}
    assert {answer.text for answer in answers} == {
        '{"message": "Internal server error"}',
        '{"message": "Service Unavailable"}',
    }
    server.sandbox.configure(chaos="")
    assert ask().json() == plain


@pytest.mark.parametrize("path", GETS)
def test_a_get_may_meet_a_gateway(http: HttpCaller, server: SandboxServer, path: str) -> None:
    """502 and 504 with an HTML page."""
    ask = asking(http, path)
    server.sandbox.configure(chaos="get-gateway")
    answers = [ask() for _ in range(12)]
    assert {answer.status_code for answer in answers} == {502, 504}
    assert all(answer.headers["Content-Type"].startswith("text/html") for answer in answers)
    assert all(answer.text.startswith("<html>") for answer in answers)


@pytest.mark.parametrize("path", GETS)
def test_the_connection_of_a_get_may_close(http: HttpCaller, server: SandboxServer, path: str) -> None:
    """No answer at all, counted as lost; the next GET works."""
    ask = asking(http, path)
    server.sandbox.configure(chaos="get-lost")
    with pytest.raises(requests.ConnectionError):
        ask()
    assert server.sandbox.requests[f"GET {path} lost"] == 1
    server.sandbox.configure(chaos="")
    assert ask().status_code == 200


@pytest.mark.parametrize("path", support.PATHS)
@pytest.mark.parametrize("profile", ["current", "legacy"])
def test_a_search_may_be_unknown_for_a_while(http: HttpCaller, server: SandboxServer, path: str, profile: str) -> None:
    """So many GETs are answered exactly as for an id that does not exist, then the result comes, and stays."""
    server.sandbox.configure(chaos="unknown-for-a-while", unknown_gets=2, profile=profile)
    job_id = http.launch(path)
    unknown = http.get(path, "no-such-id")
    for _ in range(2):
        hidden = http.get(path, job_id)
        assert (hidden.status_code, hidden.json()) == (unknown.status_code, unknown.json())
    assert [http.get(path, job_id).status_code for _ in range(3)] == [200] * 3


def test_some_searches_are_unknown_and_some_are_not(http: HttpCaller, server: SandboxServer) -> None:
    """The probability is per search, decided once, the same for one seed; the others are known from the start."""

    def known() -> list[bool]:
        server.sandbox.reset()
        ids = [http.launch(support.FIND) for _ in range(12)]
        server.sandbox.configure(chaos="unknown-for-a-while=0.5", unknown_gets=1000, seed=4)
        return [http.get(support.FIND, job_id).status_code == 200 for job_id in ids for _ in range(2)]

    first = known()
    assert first[::2] == first[1::2]
    assert 0 < sum(first) < len(first)
    assert known() == first


def test_the_account_is_never_unknown(http: HttpCaller, server: SandboxServer) -> None:
    """It has no id."""
    server.sandbox.configure(chaos="unknown-for-a-while")
    assert http.get("/account/info").status_code == 200


@pytest.mark.parametrize("path", GETS)
def test_a_slow_get_outlasts_a_client(http: HttpCaller, server: SandboxServer, path: str) -> None:
    """A client that waits less than the pause gives up; one that waits longer has the whole answer."""
    ask = asking(http, path)
    plain = ask().json()
    job_id = None if path == "/account/info" else server.sandbox.jobs[0].id
    server.sandbox.configure(chaos="slow-get", slow_get_seconds=3600)
    with pytest.raises(requests.ReadTimeout):
        http.get(path, job_id, timeout=0.2)
    server.sandbox.configure(slow_get_seconds=0.05)
    assert ask().json() == plain


def test_a_dripping_get_passes_every_wait_between_two_bytes(http: HttpCaller, server: SandboxServer) -> None:
    """The head and the first bytes are there at once, the rest comes in small pieces; the length is announced."""
    job_id = http.launch(support.FIND)
    plain = http.get(support.FIND, job_id)
    server.sandbox.configure(chaos="dripping-get", drip_seconds=1)
    pieces = received(server, f"{support.FIND}?id={job_id}")
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    assert body == plain.content
    assert f"Content-Length: {len(body)}".encode() in head
    assert len(pieces) > 30
    # The whole takes longer than this timeout, which counts between two bytes and never strikes.
    assert http.get(support.FIND, job_id, timeout=0.4).json() == plain.json()


def received(server: SandboxServer, target: str) -> list[bytes]:
    """Return an answer in the pieces in which it arrives."""
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nx-api-key: k\r\nConnection: close\r\n\r\n".encode())
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
    return pieces


@pytest.mark.parametrize("path", GETS)
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_huge_answer_is_json_all_the_same(http: HttpCaller, server: SandboxServer, path: str, encoding: str) -> None:
    """Megabytes of blanks follow the answer; compressed they are a thousandth of that on their way."""
    ask = asking(http, path)
    plain = ask()
    server.sandbox.configure(chaos="huge-answer", huge_megabytes=3)
    http.session.headers["Accept-Encoding"] = encoding
    answer = ask()
    assert len(answer.content) == len(plain.content) + 3 * 2**20
    assert answer.json() == plain.json()
    on_its_way = int(answer.headers["Content-Length"])
    if encoding == "gzip":
        assert answer.headers["Content-Encoding"] == "gzip"
        assert on_its_way < 20_000
    else:
        assert on_its_way == len(answer.content)


def test_a_huge_answer_is_one_gzip_body(http: HttpCaller, server: SandboxServer) -> None:
    """What is sent is what every gzip reader takes for one body."""
    server.sandbox.configure(chaos="huge-answer", huge_megabytes=2)
    answer = http.session.get(f"{http.url}/account/info", stream=True, timeout=10)
    raw = answer.raw.read(decode_content=False)
    assert json.loads(gzip.decompress(raw)) == {"credits": 1_000_000}


@pytest.mark.parametrize("path", GETS)
def test_wrong_types_are_valid_json_in_the_wrong_shape(http: HttpCaller, server: SandboxServer, path: str) -> None:
    """The status is that of a success and the body is JSON, but some value has another type, now here and now there."""
    ask = asking(http, path)
    plain = ask()
    server.sandbox.configure(chaos="wrong-types")
    answers = [ask() for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert all(support.shape(answer.json()) != support.shape(plain.json()) for answer in answers)
    assert len({answer.text for answer in answers}) > 5


def test_every_value_of_an_answer_can_have_the_wrong_type() -> None:
    """The whole body, each object, the list, its items and each value come about; nothing is changed in place."""
    body = {"a": [{"b": 1}, {"b": 2}], "c": None}
    before = json.dumps(body)
    lots = [step / 40 for step in range(40)]
    wrong: list[Any] = [mistyped(body, place, value) for place in lots for value in lots]
    assert json.dumps(body) == before
    assert before not in map(json.dumps, wrong)
    whole = [changed for changed in wrong if not isinstance(changed, dict) or "a" not in changed]
    parts = [changed for changed in wrong if changed not in whole]
    assert {type(changed).__name__ for changed in whole} >= {"NoneType", "bool", "int", "str", "list"}
    assert any(not isinstance(changed["a"], list) for changed in parts)
    assert any(isinstance(changed["a"], list) and not isinstance(changed["a"][0], dict) for changed in parts)
    assert any(changed["c"] is not None for changed in parts)
    assert any(
        isinstance(changed["a"], list)
        and isinstance(changed["a"][0], dict)
        and not isinstance(changed["a"][0]["b"], int)
        for changed in parts
    )


@pytest.mark.parametrize("switch", ["get-unavailable", "get-gateway", "get-lost", "wrong-types"])
def test_a_part_of_the_gets_fails_and_the_same_part_each_time(
    http: HttpCaller, server: SandboxServer, switch: str
) -> None:
    """A probability strikes a part; a seed repeats it."""

    def series(seed: int) -> list[bool]:
        server.sandbox.configure(chaos=f"{switch}=0.5", seed=seed)
        return [is_plain(http) for _ in range(24)]

    first = series(1)
    assert 0 < sum(first) < 24
    assert series(1) == first
    assert series(2) != first


def is_plain(http: HttpCaller) -> bool:
    try:
        answer = http.get("/account/info")
    except requests.ConnectionError:
        return False
    return answer.text == '{"credits": 1000000}'


def test_a_get_that_is_refused_anyway_uses_up_no_turn(http: HttpCaller, server: SandboxServer) -> None:
    """What happens to good GETs does not depend on how many bad ones came between them."""
    server.sandbox.configure(chaos="get-gateway=0.5", seed=5)
    plain = [is_plain(http) for _ in range(12)]
    server.sandbox.configure(chaos="get-gateway=0.5", seed=5)
    mixed = []
    for _ in range(12):
        assert http.get(support.FIND, "no-such-id").status_code == 500
        assert http.get(support.FIND).status_code == 400
        mixed.append(is_plain(http))
    assert mixed == plain


@pytest.mark.parametrize("switch", GET_SWITCHES)
def test_chaos_on_gets_leaves_posts_events_and_credits_alone(
    http: HttpCaller, server: SandboxServer, receiver: support.Receiver, switch: str
) -> None:
    """A POST is answered and its event arrives, whatever happens to GETs, and no GET takes a credit."""
    server.sandbox.configure(
        chaos=switch, slow_get_seconds=0, drip_seconds=0, huge_megabytes=1, webhooks=[receiver.url]
    )
    job_id = http.launch(support.FIND)
    assert server.sandbox.wait_until_idle()
    assert [body["id"] for body in receiver.bodies] == [job_id]
    if switch != "get-lost":
        http.get(support.FIND, job_id)
    assert server.sandbox.ledger.spent == 1


def test_every_switch_that_concerns_gets_is_tested_here() -> None:
    """A new switch whose meaning speaks of GETs belongs into this module."""
    assert {str(switch) for switch in Switch if "GET" in MEANINGS[switch]} == set(GET_SWITCHES)


@pytest.mark.parametrize(
    "settings", [{"slow_get_seconds": 3600, "chaos": "slow-get"}, {"drip_seconds": 3600, "chaos": "dripping-get"}]
)
def test_a_slow_answer_does_not_hold_up_the_end(settings: dict[str, Any]) -> None:
    """Stopping the server ends every pause, with clients that still wait."""
    with SandboxServer(**settings) as server, HttpCaller(server) as http:

        def wait() -> None:
            # Whether the end finds the answer on its way or not yet begun is nobody's promise.
            with contextlib.suppress(requests.RequestException):
                http.get("/account/info")

        waiting = threading.Thread(target=wait)
        waiting.start()
        while not server.sandbox.requests:
            time.sleep(0.005)
    waiting.join(timeout=20)
    assert not waiting.is_alive()
