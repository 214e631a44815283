"""Prices can be any: each row costs what its kind costs, and all places that tell a cost agree."""

from decimal import Decimal

import pytest

from enrow_webhooks.sandbox.server import SandboxServer
from tests.sandbox import support
from tests.sandbox.client import HttpCaller
from tests.sandbox.support import Receiver

KINDS = [
    ("find_price", support.FIND, support.FIND_BULK),
    ("verify_price", support.VERIFY, support.VERIFY_BULK),
    ("phone_price", support.PHONE, support.PHONE_BULK),
]


@pytest.mark.parametrize("price", ["50", "0.1", "0.3", "0", "0.0625", "1234.56"])
@pytest.mark.parametrize(("fact", "single", "bulk"), KINDS)
def test_a_price_is_what_is_taken_and_told(
    http: HttpCaller, server: SandboxServer, receiver: Receiver, fact: str, single: str, bulk: str, price: str
) -> None:
    """POST, event, GET, balance and ledger tell the same amounts, exactly, whatever a credit is divided into."""
    server.sandbox.configure(facts=f"{fact}={price}", webhooks=[receiver.url])
    amount = Decimal(price)
    launched = http.post(single, support.REQUESTS[single]).json()
    assert Decimal(str(launched["credits_used"])) == amount
    assert server.sandbox.wait_until_idle()
    if single != support.VERIFY:
        assert Decimal(str(receiver.bodies[0]["credits"]["cost"])) == amount
    rows = 3 * [support.REQUESTS[single] if single != support.VERIFY else "ok@acme.com"]
    batch = {"verifications" if single == support.VERIFY else "searches": rows}
    assert Decimal(str(http.post(bulk, batch).json()["credits_used"])) == 3 * amount
    assert server.sandbox.ledger.spent == 4 * amount
    assert Decimal(str(http.get("/account/info").json()["credits"])) == 1_000_000 - 4 * amount


def test_prices_are_changed_kind_by_kind(http: HttpCaller, server: SandboxServer) -> None:
    """One price leaves the others alone, and a search costs what was the price at its launch."""
    server.sandbox.configure(delay=3600, facts={"phone_price": 50})
    job_id = http.launch(support.PHONE, support.PHONE_MISS)
    server.sandbox.configure(facts={"phone_price": "0.1", "find_price": "0.3"})
    used = [http.post(path, support.REQUESTS[path]).json()["credits_used"] for path in (support.FIND, support.VERIFY)]
    assert used == [0.3, 0.25]
    server.sandbox.finish_all()
    assert http.get(support.PHONE, job_id).json()["qualification"] == "not_found"
    assert server.sandbox.ledger.spent == Decimal("0.55")


def test_an_odd_price_is_refused_when_the_balance_is_one_tenth_short(http: HttpCaller, server: SandboxServer) -> None:
    """Ten times 0.1 is exactly one credit, and an eleventh is refused."""
    server.sandbox.configure(facts="find_price=0.1", credits=1)
    codes = [http.post(support.FIND, support.HIT).status_code for _ in range(11)]
    assert codes == [200] * 10 + [402]
    assert server.sandbox.ledger.balance == 0


def test_credits_may_be_inexact(http: HttpCaller, server: SandboxServer, receiver: Receiver) -> None:
    """Three times 0.1 comes as JavaScript adds it up; quarters and whole credits are exact, and so is the ledger."""
    server.sandbox.configure(facts="find_price=0.1,inexact_credits", credits=1, webhooks=[receiver.url])
    launched = http.post(support.FIND_BULK, {"searches": [support.HIT] * 3})
    assert '"credits_used": 0.30000000000000004' in launched.text
    read = http.get(support.FIND_BULK, launched.json()["id"])
    assert '"final": 0.30000000000000004' in read.text
    assert server.sandbox.wait_until_idle()
    assert receiver.bodies[0]["credits"]["cost"] == 0.1 + 0.1 + 0.1
    assert '"credits": 0.7000000000000001' in http.get("/account/info").text
    assert http.post(support.VERIFY, support.REQUESTS[support.VERIFY]).json()["credits_used"] == 0.25
    assert server.sandbox.ledger.spent == Decimal("0.55")
