"""``custom`` comes back in every event that is promised to have it, in each place where it might stand."""

from typing import Any

import pytest

from enrow_webhooks.sandbox.server import SandboxServer
from tests.sandbox import support
from tests.sandbox.client import HttpCaller
from tests.sandbox.support import Receiver

CUSTOM = {"crm_id": "lead-1"}
BULK = (support.FIND_BULK, support.VERIFY_BULK, support.PHONE_BULK)


def event(http: HttpCaller, server: SandboxServer, receiver: Receiver, path: str, **more: Any) -> Any:
    """Launch a search and return the body of its event, without the names that differ each time."""
    receiver.events.clear()
    http.launch(path, {**support.REQUESTS[path], **more, "settings": {"webhook": receiver.url}})
    assert server.sandbox.wait_until_idle()
    (body,) = receiver.bodies
    return {key: value for key, value in body.items() if key not in {"id", "event"}}


@pytest.mark.parametrize("payload", [support.PHONE_HIT, support.PHONE_MISS])
@pytest.mark.parametrize(
    ("place", "inside", "at_top"), [("result", True, False), ("top", False, True), ("off", False, False)]
)
def test_custom_in_the_event_of_a_phone(
    http: HttpCaller, server: SandboxServer, receiver: Receiver, payload: Any, place: str, inside: bool, at_top: bool
) -> None:
    """Inside the result as for an e-mail, at the top as for a verification, or nowhere, for hits and misses alike."""
    plain = event(http, server, receiver, support.PHONE, **payload)
    server.sandbox.configure(facts=f"phone_event_custom={place}")
    told = event(http, server, receiver, support.PHONE, **payload, custom="lead-1")
    custom = {"custom": "lead-1"}
    expected = {**plain, "result": plain["result"] | (custom if inside else {}), **(custom if at_top else {})}
    assert told == expected


@pytest.mark.parametrize("path", BULK)
@pytest.mark.parametrize(
    ("place", "added"), [("top", {"custom": CUSTOM}), ("general", {"general": {"custom": CUSTOM}}), ("off", {})]
)
def test_custom_in_the_event_of_a_batch(
    http: HttpCaller, server: SandboxServer, receiver: Receiver, path: str, place: str, added: Any
) -> None:
    """The batch's own ``custom``: at the top, in ``general`` as in the GET, or nowhere; the rest stays as it is."""
    plain = event(http, server, receiver, path)
    server.sandbox.configure(facts=f"bulk_event_custom={place}")
    assert event(http, server, receiver, path, custom=CUSTOM) == plain | added
    assert event(http, server, receiver, path) == plain


def test_by_default_no_event_loses_custom(http: HttpCaller, server: SandboxServer, receiver: Receiver) -> None:
    """The profile ``current`` keeps the promise for all six."""
    for path in support.PATHS:
        body = event(http, server, receiver, path, custom=CUSTOM)
        assert CUSTOM in (body.get("custom"), body.get("result", {}).get("custom")), path


def test_a_nested_phone_keeps_custom(http: HttpCaller, server: SandboxServer, receiver: Receiver) -> None:
    """Wrapped twice, the inner result still has it."""
    server.sandbox.configure(facts="phone_nested")
    body = event(http, server, receiver, support.PHONE, custom="lead-1")
    assert body["result"]["result"]["custom"] == "lead-1"


@pytest.mark.parametrize(
    ("sent", "told"),
    [(CUSTOM, '{"crm_id": "lead-1"}'), ([1, None], "[1, null]"), ("lead-1", "lead-1"), (7, 7), (None, None)],
)
def test_custom_may_come_back_as_a_text_of_json(
    http: HttpCaller, server: SandboxServer, receiver: Receiver, sent: Any, told: Any
) -> None:
    """Objects and lists become text in every GET and every event; what is no object stays what it was."""
    server.sandbox.configure(facts="custom_as_text")
    for path in (support.FIND, support.VERIFY, support.PHONE):
        assert http.result(path, {**support.REQUESTS[path], "custom": sent})["custom"] == told
        body = event(http, server, receiver, path, custom=sent)
        assert body.get("result", body)["custom"] == told
    for path in BULK:
        assert http.result(path, {**support.REQUESTS[path], "custom": sent})["general"]["custom"] == told
        assert event(http, server, receiver, path, custom=sent)["custom"] == told
    for path in (support.FIND_BULK, support.PHONE_BULK):
        rows = [{**row, "custom": sent} for row in support.REQUESTS[path]["searches"]]
        assert [item["custom"] for item in http.result(path, {"searches": rows})["results"]] == [told, told]


@pytest.mark.parametrize("path", [support.FIND, support.FIND_BULK, support.VERIFY_BULK])
def test_a_balance_in_email_events(http: HttpCaller, server: SandboxServer, receiver: Receiver, path: str) -> None:
    """The oldest e-mail events told the balance beside the cost."""
    server.sandbox.configure(facts="webhook_balance", credits=100)
    credits_told = event(http, server, receiver, path)["credits"]
    assert credits_told["balance"] == float(server.sandbox.ledger.balance)
    assert set(credits_told) == {"balance", "cost"}


def test_no_phone_event_ever_had_a_balance(http: HttpCaller, server: SandboxServer, receiver: Receiver) -> None:
    """The fact leaves phones, and the verification without credits, as they are."""
    server.sandbox.configure(facts="webhook_balance")
    assert event(http, server, receiver, support.PHONE)["credits"] == {"cost": 40}
    assert "credits" not in event(http, server, receiver, support.PHONE_BULK)
    assert "credits" not in event(http, server, receiver, support.VERIFY)


def test_the_oldest_event_of_a_find_has_no_result(http: HttpCaller, server: SandboxServer, receiver: Receiver) -> None:
    """It only says that there is one; the GET tells it."""
    server.sandbox.configure(facts="find_event_result=false")
    assert event(http, server, receiver, support.FIND) == {"credits": {"cost": 1}}
    assert http.result(support.FIND)["qualification"] == "valid"
