"""Whom a test told the sandbox of: what it said is true, of singles and batches, of answers and events."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from enrow_webhooks.sandbox import people
from enrow_webhooks.sandbox.agenda import ManualAgenda
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.endpoints import Product
from enrow_webhooks.sandbox.known import Known, Person, key_of_name, key_of_profile
from tests.sandbox.support import FIND, FIND_BULK, PHONE, PHONE_BULK, VERIFY, VERIFY_BULK, Caller, Receiver

EMAIL, NUMBER = "a.lee@acme.com", ("+33199001234", "FR")
ANN = {"fullname": "Ann Lee", "company_domain": "acme.com"}
EVE = {"fullname": "Eve Stone", "company_domain": "acme.com"}
ANN_BY_NAME = {"firstname": "Ann", "lastname": "Lee", "company_domain": "acme.com"}
PROFILE = {"linkedin_url": "https://www.linkedin.com/in/ann-lee/"}


@pytest.fixture
def sandbox() -> Any:
    """One that knows Ann, and nobody else."""
    with Sandbox(rate=None) as sandbox:
        keys = (key_of_name("Ann Lee", "acme.com", ""), key_of_profile(PROFILE["linkedin_url"]))
        sandbox.known = Known(nobody_else=True).with_person(keys, Person(email=EMAIL, phone=NUMBER))
        yield sandbox


def test_a_single_search_says_it(sandbox: Sandbox) -> None:
    """E-mail, verdict and phone."""
    caller = Caller(sandbox)
    assert caller.result(FIND, ANN)["email"] == EMAIL
    assert caller.result(FIND, EVE)["qualification"] == "invalid"
    assert caller.result(VERIFY, {"email": EMAIL.upper()})["qualification"] == "valid"
    assert caller.result(VERIFY, {"email": "e@acme.com"})["qualification"] == "invalid"
    assert caller.result(PHONE, PROFILE)["number"] == NUMBER[0]
    assert caller.result(PHONE, ANN_BY_NAME)["country"] == "FR"
    assert caller.result(PHONE, {**ANN_BY_NAME, "lastname": "Stone"})["qualification"] == "not_found"


def test_a_batch_says_it_and_is_billed_by_it(sandbox: Sandbox) -> None:
    """Results, counts and credits agree."""
    caller = Caller(sandbox)
    found = caller.result(FIND_BULK, {"searches": [ANN, EVE]})
    assert [item["email"] for item in found["results"]] == [EMAIL, None]
    assert found["stats"]["valid"] == 1
    verified = caller.result(VERIFY_BULK, {"verifications": [EMAIL, "e@acme.com"]})
    assert [item["qualification"] for item in verified["results"]] == ["valid", "invalid"]
    phones = caller.result(PHONE_BULK, {"searches": [PROFILE, {**ANN_BY_NAME, "firstname": "Eve"}]})
    assert [item["qualification"] for item in phones["results"]] == ["found", "not_found"]
    assert sandbox.ledger.spent == 1 + Decimal("0.5") + 40


def test_an_event_says_it(sandbox: Sandbox) -> None:
    """The same as the answer to a GET."""
    with Receiver() as receiver:
        sandbox.configure(webhooks=[receiver.url])
        caller = Caller(sandbox)
        caller.launch(FIND, ANN)
        caller.launch(PHONE, PROFILE)
        caller.launch(VERIFY, {"email": EMAIL})
        assert sandbox.wait_until_idle()
        told = {body["event"]: body for body in receiver.bodies}
    assert told["single_search_finished"]["result"]["email"] == EMAIL
    assert told["single_phone_search_finished"]["result"]["number"] == NUMBER[0]
    assert told["verification_finished"]["qualification"] == "valid"


def test_a_search_keeps_what_was_known_at_its_launch(sandbox: Sandbox) -> None:
    """Its bill and its results cannot differ."""
    caller = Caller(sandbox)
    job = caller.launch(FIND, ANN)
    sandbox.known = Known(nobody_else=True)
    assert caller.get(FIND, job).json["email"] == EMAIL
    assert caller.result(FIND, ANN)["email"] is None


def test_without_a_word_all_is_as_it_was() -> None:
    """Lots decide, and special words."""
    known = Known()
    for name in (f"Person {number}" for number in range(50)):
        assert known.find_email(name, "acme.com", "") == people.find_email(name, "acme.com", "")
        assert known.verify(f"{name.replace(' ', '.')}@acme.com") == people.verify(f"{name.replace(' ', '.')}@acme.com")
    assert known.find_phone(PROFILE, "", "") == people.find_phone(**PROFILE)


def test_lots_decide_about_others_where_others_may_be_known() -> None:
    """``nobody_else`` is the choice of a test."""
    known = Known().with_verdict("a@acme.com", valid=False)
    assert not known.verify("A@acme.com")
    assert known.verify("ok@acme.com")
    assert {known.verify(f"p{number}@acme.com") for number in range(50)} == {True, False}


@pytest.mark.parametrize(
    ("path", "payload", "is_bulk"),
    [
        (FIND, EVE, False),
        (PHONE, {"firstname": "Eve", "lastname": "Stone", "company_domain": "acme.com"}, False),
        (VERIFY, {"email": "eve@acme.com"}, False),
        (FIND_BULK, {"searches": [ANN, EVE]}, True),
        (VERIFY_BULK, {"verifications": [EMAIL, "eve@acme.com"]}, True),
    ],
)
def test_who_fails_is_refused(sandbox: Sandbox, path: str, payload: Any, is_bulk: bool) -> None:
    """By a 400, of a batch with the number of the row; nothing is billed."""
    failing = sandbox.known.with_person((key_of_name("Eve Stone", "acme.com", ""),), Person(fails=True))
    sandbox.known = failing.with_failure("Eve@acme.com")
    response = Caller(sandbox).post(path, payload)
    assert response.status_code == 400
    assert ("n°2 of 2" if is_bulk else "cannot be processed") in response.json["message"]
    assert sandbox.ledger.debits == 0
    assert not sandbox.known.refuses(Product.FIND_EMAIL, ANN)


def test_a_manual_agenda_moves_by_hand_and_in_order() -> None:
    """Nothing before its time, no thread, and the clock is where the last of it was due."""
    done: list[str] = []
    agenda = ManualAgenda(session=None)  # type: ignore[arg-type]
    agenda.add(5.0, lambda _: done.append("late"))
    agenda.add(0.0, lambda _: done.append("now"))
    agenda.add(3.0, lambda _: agenda.add(4.0, lambda _: done.append("follows")))
    assert (done, agenda.pending) == ([], 3)
    assert agenda.work_off(until=0.0) == 1
    assert (done, agenda.now) == (["now"], 0.0)
    assert agenda.work_off() == 3
    assert (done, agenda.now, agenda._threads) == (["now", "follows", "late"], 5.0, [])


def test_the_page_says_how_to_tell_it() -> None:
    """A test of a project tells it by the plugin."""
    page = Path(__file__).parents[2] / "docs" / "sandbox.md"
    assert "testing.md" in page.read_text(encoding="utf-8")
