"""Credits are taken at launch, misses come back at the end, and nothing else ever moves the balance."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.endpoints import Product
from enrow_webhooks.sandbox.jobs import person_key
from enrow_webhooks.sandbox.ledger import InsufficientCreditsError, Ledger
from tests.sandbox import support
from tests.sandbox.support import Caller, Clock

LAUNCHES = st.lists(
    st.tuples(
        st.sampled_from(support.PATHS),
        st.integers(min_value=0, max_value=3),
        st.booleans(),
    ),
    max_size=12,
)


def request_for(path: str, rows: int, *, hit: bool) -> dict[str, Any]:
    if path.startswith("/email/find"):
        row: Any = support.HIT if hit else support.MISS
    elif path.startswith("/email/verify"):
        row = "ok@acme.com" if hit else "bounce@acme.com"
    else:
        row = support.PHONE_HIT if hit else support.PHONE_MISS
    if path.endswith("bulk"):
        return {"verifications" if "verify" in path else "searches": [row] * rows}
    return {"email": row} if "verify" in path else row


@settings(max_examples=60, deadline=None)
@given(launches=LAUNCHES, start=st.decimals(min_value=0, max_value=300, places=2))
def test_the_balance_is_what_the_entries_say(launches: list[tuple[str, int, bool]], start: Decimal) -> None:
    """Balance = start - debits + refunds, entry by entry, and never below zero, whatever is asked."""
    clock = Clock()
    with Sandbox(clock=clock, rate=None, credits=start, delay=1) as sandbox:
        caller = Caller(sandbox)
        for path, rows, hit in launches:
            before = sandbox.ledger.balance
            response = caller.post(path, request_for(path, rows, hit=hit))
            if response.status_code in {200, 201}:
                assert sandbox.ledger.balance == before - Decimal(str(response.json["credits_used"]))
            else:
                assert sandbox.ledger.balance == before
            assert sandbox.ledger.balance >= 0
        sandbox.finish_all()
        ledger = sandbox.ledger
        assert ledger.balance == start - ledger.debits + ledger.refunds
        assert ledger.debits == sum(entry.debit for entry in ledger.entries)
        assert ledger.refunds == sum(entry.refund for entry in ledger.entries)
        assert ledger.spent == sum(entry.cost for entry in ledger.entries)
        assert 0 <= ledger.paygo <= ledger.balance


@pytest.mark.parametrize(
    ("path", "hit", "cost"),
    [
        (support.FIND, True, "1"),
        (support.FIND, False, "0"),
        (support.VERIFY, True, "0.25"),
        (support.VERIFY, False, "0.25"),
        (support.PHONE, True, "40"),
        (support.PHONE, False, "0"),
    ],
)
def test_what_each_search_costs(sandbox: Sandbox, caller: Caller, path: str, hit: bool, cost: str) -> None:
    """A find costs 1 and a phone 40 when found; a verification costs a quarter whatever its verdict."""
    caller.post(path, request_for(path, 1, hit=hit))
    (entry,) = sandbox.ledger.entries
    assert entry.cost == sandbox.ledger.spent == Decimal(cost)
    assert entry.settled
    assert sandbox.ledger.balance == 1000 - Decimal(cost)


def test_the_balance_dips_by_the_worst_case_while_a_batch_runs() -> None:
    """All rows are debited at launch; the misses come back when the batch ends, once."""
    clock = Clock()
    with Sandbox(clock=clock, delay=60) as sandbox:
        caller = Caller(sandbox)
        job_id = caller.launch(support.FIND_BULK)
        assert sandbox.ledger.balance == 998
        clock.now += 60
        for _ in range(2):
            caller.get(support.FIND_BULK, job_id)
            assert sandbox.ledger.balance == 999


def test_a_failed_batch_is_refunded_in_full(sandbox: Sandbox, caller: Caller) -> None:
    """A batch that ends failed costs nothing and buys nobody."""
    failing = {"fullname": "A Somebody", "company_domain": "https://failed.example/x"}
    job_id = caller.launch(support.FIND_BULK, {"searches": [support.HIT, failing]})
    body = caller.get(support.FIND_BULK, job_id).json
    assert body["general"]["status"] == "failed"
    assert "results" not in body
    assert sandbox.ledger.balance == 1000
    assert sandbox.ledger.purchases == {}


@pytest.mark.parametrize(
    ("path", "payload"),
    [
        (support.FIND_BULK, {"searches": [support.HIT], "company_domain": "failed.example"}),
        (support.VERIFY_BULK, {"verifications": ["ok@acme.com", "ok@FAILED.example"]}),
        (support.PHONE_BULK, {"searches": [{"firstname": "A", "lastname": "B", "company_domain": "failed.example"}]}),
    ],
)
def test_each_kind_of_batch_can_fail(caller: Caller, path: str, payload: Any) -> None:
    """The magic domain fails any batch, on the batch itself or on a row."""
    assert caller.result(path, payload)["general"]["status"] == "failed"


def test_a_mention_of_the_magic_domain_elsewhere_fails_nothing(caller: Caller) -> None:
    """Only the company domain counts."""
    searches = [{**support.HIT, "custom": "failed.example"}]
    assert caller.result(support.FIND_BULK, {"searches": searches})["general"]["status"] == "completed"


def test_a_person_who_is_bought_twice_is_counted_twice(sandbox: Sandbox, caller: Caller) -> None:
    """Single and bulk count together, in any case; another kind, or another input, is another purchase."""
    caller.launch(support.FIND, {**support.HIT, "custom": {"crm_id": "1"}})
    caller.launch(support.FIND_BULK, {"searches": [{**support.HIT, "fullname": "DWIGHT somebody"}, support.MISS]})
    caller.launch(support.VERIFY, {"email": "OK@acme.com"})
    dwight = person_key("find_email", company_domain="dundermifflin.com", fullname="Dwight Somebody")
    assert dwight == "find_email|company_domain=dundermifflin.com|fullname=dwight somebody"
    purchases = sandbox.ledger.purchases
    assert purchases[dwight] == 2
    assert purchases[person_key(Product.VERIFY_EMAIL, email="ok@acme.com")] == 1
    assert purchases.total() == 4


def test_threads_cannot_overdraw() -> None:
    """Of many launches at the same time, exactly those are accepted that the balance covers."""
    with Sandbox(rate=None, credits=10) as sandbox:
        barrier = threading.Barrier(8)
        codes: list[int] = []

        def work() -> None:
            caller = Caller(sandbox)
            barrier.wait(timeout=10)
            codes.extend(caller.post(support.FIND, support.HIT).status_code for _ in range(5))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(codes) == [200] * 10 + [402] * 30
        assert sandbox.ledger.balance == 0


def test_a_refused_debit_takes_nothing_and_a_refund_comes_once() -> None:
    """The ledger alone keeps its word: no partial debit, no second refund."""
    ledger = Ledger(Decimal(50), paygo=Decimal(20))
    with pytest.raises(InsufficientCreditsError):
        ledger.take("a", Product.FIND_EMAIL, price=Decimal(1), rows=51, people=tuple)
    assert ledger.balance == 50
    ledger.take("a", Product.FIND_EMAIL, price=Decimal(1), rows=40, people=tuple)
    assert (ledger.balance, ledger.paygo) == (10, 10)
    for _ in range(2):
        ledger.settle("a", Decimal(15))
        assert (ledger.balance, ledger.paygo) == (25, 20)
    ledger.set_balance(Decimal(5))
    assert (ledger.balance, ledger.granted, ledger.paygo) == (5, 30, 5)
