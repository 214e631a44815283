"""Another process can see and steer everything under ``/_sandbox/``, without a key."""

import json

import pytest

from enrow_webhooks.sandbox.core import Sandbox
from tests.sandbox import support
from tests.sandbox.support import Caller, Receiver


def test_the_state_tells_all(receiver: Receiver) -> None:
    """Account, searches, purchases, deliveries, requests and keys, in plain JSON."""
    with Sandbox(credits=100, webhooks=[receiver.url]) as sandbox:
        caller = Caller(sandbox)
        caller.launch(support.FIND_BULK)
        caller.launch(support.FIND)
        caller.post(support.FIND, {})
        assert sandbox.wait_until_idle()
        sandbox.configure(delay=60)
        caller.launch(support.PHONE)
        state = Caller(sandbox, None).get("/_sandbox/state").json
    settings = state.pop("settings")
    assert settings["profile"] == "current"
    assert settings["delay"] == 60
    assert state == {
        "balance": 58,
        "granted": 100,
        "debits": 43,
        "refunds": 1,
        "spent": 42,
        "jobs": {"ongoing": 1, "completed": 2, "failed": 0},
        "launches": {"find_email": 2, "verify_email": 0, "find_phone": 1},
        "rows": {"find_email": 3, "verify_email": 0, "find_phone": 1},
        "people": 3,
        "max_purchases_per_person": 2,
        "bought_more_than_once": {"find_email|company_domain=dundermifflin.com|fullname=dwight somebody": 2},
        "deliveries": {"delivered": 2, "failed": 0, "refused": 0, "dropped": 0},
        "pending": 1,
        "requests": {
            "POST /email/find/bulk 201": 1,
            "POST /email/find/single 200": 1,
            "POST /email/find/single 400": 1,
            "POST /phone/single 201": 1,
        },
        "keys": ["a-key"],
    }


def test_deliveries_can_be_listed(sandbox: Sandbox, caller: Caller, receiver: Receiver) -> None:
    """Each attempt with URL, body, status and time."""
    sandbox.configure(webhooks=[receiver.url])
    caller.launch(support.FIND)
    assert sandbox.wait_until_idle()
    (delivery,) = caller.get("/_sandbox/deliveries").json
    assert (delivery["outcome"], delivery["status"], delivery["body"]) == ("delivered", 200, receiver.bodies[0])


def test_settings_change_at_run_time(sandbox: Sandbox, caller: Caller) -> None:
    """Everything that a test needs is a JSON value, and the answer tells the new settings."""
    changes = {
        "credits": "2.5",
        "delay": 7,
        "profile": "legacy",
        "facts": {"phone_price": 45},
        "chaos": "late=0.5,drop",
        "phone_allowed": False,
        "keys": ["k"],
        "rate": None,
        "webhooks": ["https://example.org/hook"],
    }
    answer = caller.post("/_sandbox/settings", changes)
    assert answer.status_code == 200
    assert answer.json["chaos"] == {"late": 0.5, "drop": 1.0}
    assert answer.json["keys"] == ["k"]
    assert sandbox.ledger.balance == 2.5
    assert sandbox.settings.profile.phone_price == 45
    assert sandbox.settings.profile.name == "legacy"
    assert caller.get("/account/info").status_code == 401
    account = {"credits": 2.5, "webhooks": ["https://example.org/hook"]}
    assert Caller(sandbox, "k").get("/account/info").json == account


@pytest.mark.parametrize("payload", [{"speed": 1}, {"chaos": "dupe"}, [], b"{", b"[" * 100_000])
def test_wrong_settings_are_a_400_in_a_sentence(sandbox: Sandbox, caller: Caller, payload: object) -> None:
    """Nothing changes, and the message says what is wrong."""
    before = sandbox.settings
    answer = caller.post("/_sandbox/settings", payload)
    assert answer.status_code == 400
    assert answer.json["message"]
    assert sandbox.settings == before


def test_ends_and_deliveries_can_be_brought_about(sandbox: Sandbox, caller: Caller, receiver: Receiver) -> None:
    """Finish ends what runs, flush sends what waits, reset forgets it all."""
    sandbox.configure(delay=3600, chaos="late", late_seconds=3600, webhooks=[receiver.url])
    caller.launch(support.FIND)
    assert caller.post("/_sandbox/finish", {}).json == {"finished": 1, "pending": 1}
    assert caller.post("/_sandbox/flush", {}).status_code == 200
    assert sandbox.wait_until_idle()
    assert len(receiver.events) == 1
    assert caller.post("/_sandbox/reset", {}).json["launches"]["find_email"] == 0
    assert sandbox.jobs == []


def test_an_unknown_action_lists_the_known(caller: Caller) -> None:
    """A wrong path or method is a 404 that helps."""
    answer = caller.get("/_sandbox/flush")
    assert answer.status_code == 404
    assert "POST /_sandbox/flush" in answer.json["message"]


def test_the_control_plane_is_no_part_of_the_imitation(sandbox: Sandbox, caller: Caller) -> None:
    """It costs no token of the rate limit and is not counted as a request."""
    sandbox.configure(rate=1)
    for _ in range(3):
        assert caller.post("/_sandbox/flush", {}).status_code == 200
    assert json.dumps(dict(sandbox.requests)) == "{}"
