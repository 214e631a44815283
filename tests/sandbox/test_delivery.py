"""Events go out over real HTTP, in exactly the documented shapes, once, and every attempt is on record."""

import threading

import pytest
import requests

from enrow_webhooks.sandbox import people
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.delivery import Manner, OutgoingEvent, attempt, may_send
from tests.lingering import Lingering
from tests.sandbox import support
from tests.sandbox.support import Caller, Receiver, documented, shape

EVENTS = {
    support.FIND: "single_search_finished",
    support.FIND_BULK: "bulk_search_finished",
    support.VERIFY: "verification_finished",
    support.VERIFY_BULK: "bulk_verification_finished",
    support.PHONE: "single_phone_search_finished",
    support.PHONE_BULK: "bulk_phone_search_finished",
}


@pytest.mark.parametrize("path", support.PATHS)
def test_each_event_has_its_documented_shape(sandbox: Sandbox, caller: Caller, receiver: Receiver, path: str) -> None:
    """Fields, their order and their types are those of the documentation, and the job is named by its id."""
    # The examples show ``custom`` in these two alone; for the others see test_event_custom.
    custom = {"custom": "your_custom_data"} if path in {support.FIND, support.VERIFY} else {}
    job_id = caller.launch(path, {**support.REQUESTS[path], **custom, "settings": {"webhook": receiver.url}})
    assert sandbox.wait_until_idle()
    (event,) = receiver.events
    assert shape(event.body) == shape(documented(f"webhooks/{EVENTS[path]}.json"))
    assert (event.body["event"], event.body["id"]) == (EVENTS[path], job_id)
    assert event.headers["Content-Type"] == "application/json"


def test_the_event_of_a_find(sandbox: Sandbox, caller: Caller, receiver: Receiver) -> None:
    """A hit tells person and price; a miss has a null address and costs nothing."""
    sandbox.configure(webhooks=[receiver.url])
    ids = []
    for payload in ({**support.HIT, "custom": {"crm_id": "1"}}, support.MISS):
        ids.append(caller.launch(support.FIND, payload))
        assert sandbox.wait_until_idle()
    info = {
        "company_domain": "dundermifflin.com",
        "fullname": "Dwight Somebody",
        "firstname": "Dwight",
        "lastname": "Somebody",
    }
    hit = {
        "email": "dwight.somebody@dundermifflin.com",
        "qualification": "valid",
        "custom": {"crm_id": "1"},
        "info": info,
    }
    event = {"event": "single_search_finished"}
    assert receiver.bodies == [
        {**event, "id": ids[0], "credits": {"cost": 1}, "result": hit},
        {**event, "id": ids[1], "credits": {"cost": 0}, "result": {"email": None, "qualification": "invalid"}},
    ]


def test_the_event_of_a_phone(sandbox: Sandbox, caller: Caller, receiver: Receiver) -> None:
    """A hit has a number but no country; a miss has no number; both have custom."""
    sandbox.configure(webhooks=[receiver.url])
    for payload in (support.PHONE_HIT, support.PHONE_MISS):
        caller.launch(support.PHONE, {**payload, "custom": "c"})
        assert sandbox.wait_until_idle()
    number, _ = people.find_phone(**support.PHONE_HIT) or ("", "")
    assert [(body["credits"], body["result"]) for body in receiver.bodies] == [
        ({"cost": 40}, {"number": number, "params": support.PHONE_HIT, "qualification": "found", "custom": "c"}),
        ({"cost": 0}, {"params": support.PHONE_MISS, "qualification": "not_found", "custom": "c"}),
    ]


@pytest.mark.parametrize(("final", "cost"), [(True, 1), (False, 2)])
def test_the_cost_of_a_batch_is_final_or_initial(caller: Caller, receiver: Receiver, final: bool, cost: int) -> None:
    """No source says which cost the event of a batch tells, so it can be switched."""
    with Sandbox(rate=None, webhooks=[receiver.url], facts={"webhook_final_cost": final}) as sandbox:
        Caller(sandbox).launch(support.FIND_BULK)
        assert sandbox.wait_until_idle()
    assert receiver.bodies[0]["credits"] == {"cost": cost}


def test_the_url_of_the_request_wins_over_the_dashboard(sandbox: Sandbox, caller: Caller, receiver: Receiver) -> None:
    """Dashboard URLs, all of them, are used only for a request that names none."""
    sandbox.configure(webhooks=[f"{receiver.url}/one", f"{receiver.url}/two"])
    caller.launch(support.FIND, {**support.HIT, "settings": {"webhook": f"{receiver.url}/own"}})
    assert sandbox.wait_until_idle()
    assert [event.path for event in receiver.events] == ["/hook/own"]
    caller.launch(support.FIND, {**support.HIT, "settings": {}})
    assert sandbox.wait_until_idle()
    assert sorted(event.path for event in receiver.events[1:]) == ["/hook/one", "/hook/two"]


def test_without_any_url_nothing_is_sent(sandbox: Sandbox, caller: Caller) -> None:
    """No URL, no delivery, and a search all the same."""
    caller.launch(support.FIND)
    assert sandbox.wait_until_idle()
    assert sandbox.deliveries == []


@pytest.mark.parametrize("status", [200, 201, 204, 302, 404, 500])
def test_only_200_is_a_success_and_there_is_one_attempt(status: int) -> None:
    """Any other status is a failed delivery, which is not repeated."""
    with Receiver(status) as receiver, Sandbox(webhooks=[receiver.url]) as sandbox:
        job_id = Caller(sandbox).launch(support.FIND)
        assert sandbox.wait_until_idle()
        (delivery,) = sandbox.deliveries
        assert (delivery.outcome, delivery.status) == ("delivered" if status == 200 else "failed", status)
        assert (delivery.job_id, delivery.url, delivery.body) == (job_id, receiver.url, receiver.bodies[0])
        assert len(receiver.events) == 1


def test_the_next_event_does_not_go_out_on_a_connection_that_is_being_closed() -> None:
    """A receiver that closes after each answer, a little late, gets every event of one thread all the same."""
    manner = Manner(allow_loopback_http=True, timeout=5, slowness=0, closing=threading.Event())
    with Lingering() as receiver, requests.Session() as session:
        events = [OutgoingEvent(job_id=name, url=receiver.url, body={"event": "e", "id": name}) for name in "abc"]
        assert [attempt(event, session, manner).outcome for event in events] == ["delivered"] * 3
        assert len(receiver.bodies) == 3


def test_an_event_that_was_not_taken_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """Who runs the sandbox reads why nothing arrived, without the secret of the URL."""
    with Receiver(503) as receiver, Sandbox(webhooks=[f"{receiver.url}/the-secret/"]) as sandbox:
        job_id = Caller(sandbox).launch(support.FIND)
        assert sandbox.wait_until_idle()
    with Sandbox(webhooks=[f"{receiver.url}/the-secret/"]) as sandbox:
        other_id = Caller(sandbox).launch(support.FIND)
        assert sandbox.wait_until_idle()
    assert f"the event of search {job_id}: the answer was 503" in caplog.text
    assert f"the event of search {other_id}: ConnectionError" in caplog.text
    assert "the-secret" not in caplog.text


def test_a_receiver_that_is_not_there_is_on_record() -> None:
    """No connection is a failed delivery with its reason."""
    with Receiver() as receiver:
        url = receiver.url
    with Sandbox(webhooks=[url]) as sandbox:
        Caller(sandbox).launch(support.FIND)
        assert sandbox.wait_until_idle()
        (delivery,) = sandbox.deliveries
        assert (delivery.outcome, delivery.status) == ("failed", None)
        assert delivery.error.startswith("ConnectionError")


def test_a_plain_http_url_is_accepted_and_silently_refused(
    sandbox: Sandbox, caller: Caller, receiver: Receiver
) -> None:
    """The search runs and is billed; nothing is sent, and the record says why."""
    sandbox.configure(allow_loopback_http=False)
    for url in (receiver.url, "http://192.0.2.1/hook"):
        caller.launch(support.FIND, {**support.HIT, "settings": {"webhook": url}})
    assert sandbox.wait_until_idle()
    assert [delivery.outcome for delivery in sandbox.deliveries] == ["refused", "refused"]
    assert receiver.events == []
    assert sandbox.ledger.spent == 2


@pytest.mark.parametrize(
    ("url", "strict", "loopback"),
    [
        ("https://example.org/hook", True, True),
        ("http://127.0.0.1:1/x", False, True),
        ("http://localhost/x", False, True),
        ("http://[::1]/x", False, True),
        ("http://127.0.0.1.example.org/x", False, False),
        ("http://127.0.0.1@example.org/x", False, False),
        ("http://example.org/x", False, False),
        ("http://10.0.0.1/x", False, False),
        ("ftp://127.0.0.1/x", False, False),
        ("https://", False, False),
        ("http://[oops", False, False),
        ("hook", False, False),
        ("https://example.org/" + "x" * 1980, True, True),
        ("https://example.org/" + "x" * 1981, False, False),
    ],
)
def test_where_an_event_may_go(url: str, strict: bool, loopback: bool) -> None:
    """https goes anywhere; http goes to this machine alone, and only where that is allowed; no URL is endless."""
    assert may_send(url, allow_loopback_http=False) is strict
    assert may_send(url, allow_loopback_http=True) is loopback


@pytest.mark.parametrize("notifies", [True, False])
def test_a_failed_batch_may_keep_silent(receiver: Receiver, notifies: bool) -> None:
    """No source says whether a failed batch sends its event, so it can be switched."""
    with Sandbox(webhooks=[receiver.url], facts={"failed_batch_notifies": notifies}) as sandbox:
        payload = {"searches": [{"fullname": "A B", "company_domain": "failed.example"}]}
        Caller(sandbox).launch(support.FIND_BULK, payload)
        assert sandbox.wait_until_idle()
    assert [body["credits"] for body in receiver.bodies] == [{"cost": 0}] * notifies
