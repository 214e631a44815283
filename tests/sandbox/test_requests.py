"""Requests as older clients spell them, and refusals that do not say which row is bad."""

from typing import Any

import pytest

from enrow_webhooks.sandbox.server import SandboxServer
from tests.sandbox import support
from tests.sandbox.client import HttpCaller

ADDRESSES = ["ok@acme.com", "bounce@acme.com"]
TODAY = {"firstname": "Ann", "lastname": "Somebody", "company_name": "Acme"}
OLDER = {"first_name": "Ann", "last_name": "Somebody", "company_name": "Acme"}
BAD_PROFILE = {"linkedin_url": "https://www.linkedin.com/company/acme"}
NO_ROWS = "At least 1 verification must be present in the payload"
NO_PERSON = "input payload is missing linkedin_url, or firstname and lastname with company_domain or company_name"
NO_COMPANY = "both company_domain and company_name are absent, input payload needs at least one of them"


@pytest.mark.parametrize(
    ("value", "taken"),
    [("verifications", ["verifications"]), ("emails", ["emails"]), ("either", ["verifications", "emails"])],
)
def test_where_a_bulk_verification_has_its_rows(
    http: HttpCaller, server: SandboxServer, value: str, taken: list[str]
) -> None:
    """The key that is taken brings a result; the other one is a request without rows."""
    server.sandbox.configure(facts=f"verify_rows_key={value}")
    for key in ("verifications", "emails"):
        answer = http.post(support.VERIFY_BULK, {key: ADDRESSES})
        if key in taken:
            results = http.get(support.VERIFY_BULK, answer.json()["id"]).json()["results"]
            assert [item["email"] for item in results] == ADDRESSES
        else:
            assert (answer.status_code, answer.json()) == (400, {"message": NO_ROWS})


@pytest.mark.parametrize(
    ("value", "taken"), [("firstname", [TODAY]), ("first_name", [OLDER]), ("either", [TODAY, OLDER])]
)
def test_how_a_phone_search_spells_its_names(
    http: HttpCaller, server: SandboxServer, value: str, taken: list[dict[str, str]]
) -> None:
    """The spelling that is taken finds the person, single and in bulk; the other one is a search without a name."""
    server.sandbox.configure(facts=f"phone_names={value}")
    for person in (TODAY, OLDER):
        single = http.post(support.PHONE, person)
        bulk = http.post(support.PHONE_BULK, {"searches": [support.PHONE_HIT, person]})
        if person in taken:
            assert http.get(support.PHONE, single.json()["id"]).json()["qualification"] == "found"
            assert http.get(support.PHONE_BULK, bulk.json()["id"]).json()["stats"]["found"] == 2
        else:
            assert (single.status_code, single.json()["message"]) == (400, NO_PERSON)
            assert (bulk.status_code, bulk.json()["message"]) == (400, "Missing mandatory property on search n°2 of 2")


def test_where_both_spellings_are_sent_todays_wins(http: HttpCaller, server: SandboxServer) -> None:
    """A client that sends both keys gets what the newer says, and one purchase."""
    server.sandbox.configure(facts="verify_rows_key=either,phone_names=either")
    both = {"verifications": ["ok@acme.com"], "emails": ADDRESSES}
    assert http.result(support.VERIFY_BULK, both)["stats"]["requested"] == 1
    params = http.result(support.PHONE, {**TODAY, "first_name": "Bob", "last_name": "Nobody"})["params"]
    assert params == TODAY
    assert server.sandbox.ledger.purchases.total() == 2


@pytest.mark.parametrize("payload", [{"searches": "x"}, {"searches": ["x"]}, {"searches": [OLDER, 3]}, {}])
def test_older_spellings_do_not_excuse_broken_requests(
    http: HttpCaller, server: SandboxServer, payload: dict[str, Any]
) -> None:
    """What has no rows, or rows that are none, is refused as ever."""
    server.sandbox.configure(profile="legacy")
    assert http.post(support.PHONE_BULK, payload).status_code == 400


REFUSALS: list[tuple[str, Any, str]] = [
    (support.PHONE_BULK, {"searches": [support.PHONE_HIT, BAD_PROFILE]}, "Invalid linkedin_url"),
    (support.PHONE_BULK, {"searches": [support.PHONE_HIT, {"firstname": "A"}]}, NO_PERSON),
    (support.PHONE_BULK, {"searches": [support.PHONE_HIT, 3]}, NO_PERSON),
    (support.FIND_BULK, {"searches": [support.HIT, {"fullname": "A B"}]}, NO_COMPANY),
    (support.FIND_BULK, {"searches": [support.HIT, {}]}, "input payload is missing fullname"),
    (support.VERIFY_BULK, {"verifications": ["ok@acme.com", 3]}, "invalid email format"),
]


@pytest.mark.parametrize(("path", "payload", "message"), REFUSALS)
def test_a_refusal_need_not_name_the_row(
    http: HttpCaller, server: SandboxServer, path: str, payload: Any, message: str
) -> None:
    """With the fact the batch is refused in the words for a single search; without it the row has its number."""
    kind = "verification" if path == support.VERIFY_BULK else "search"
    numbered = f"Missing mandatory property on {kind} n°2 of 2"
    assert http.post(path, payload).json() == {"message": numbered}
    server.sandbox.configure(facts="refusals_without_row")
    answer = http.post(path, payload)
    assert (answer.status_code, answer.json()) == (400, {"message": message})
    assert server.sandbox.ledger.debits == 0


@pytest.mark.parametrize(
    ("path", "payload", "message"),
    [
        (support.FIND, {"fullname": "Ann Refused", "company_domain": "acme.com"}, NO_COMPANY),
        (support.VERIFY, {"email": "ann.refused@acme.com"}, "invalid email format"),
        (support.PHONE, {"linkedin_url": "https://www.linkedin.com/in/ann-refused/"}, "Invalid linkedin_url"),
        (support.PHONE, {"firstname": "A", "lastname": "Refused", "company_name": "Acme"}, NO_PERSON),
    ],
)
def test_the_word_refused_refuses_a_search(http: HttpCaller, path: str, payload: dict[str, str], message: str) -> None:
    """Single in its own words, in bulk by the number of the row: an input that looks good and is not taken."""
    assert (http.post(path, payload).status_code, http.post(path, payload).json()) == (400, {"message": message})
    bulk = path.replace("single", "bulk")
    key, good, bad = (
        ("verifications", "ok@acme.com", payload["email"]) if path == support.VERIFY else ("searches", None, payload)
    )
    rows = [good or (support.HIT if path == support.FIND else support.PHONE_HIT), bad]
    assert http.post(bulk, {key: rows}).json()["message"].endswith(" n°2 of 2")


@pytest.mark.parametrize("sign", [",", ";", "&trk=x", "=", "(1)", "'"])
def test_a_slug_may_have_to_be_clean(http: HttpCaller, server: SandboxServer, sign: str) -> None:
    """With the fact a slug with a sign that LinkedIn does not use is no profile; a plain one still is."""
    odd = {"linkedin_url": f"https://www.linkedin.com/in/jane-doe{sign}"}
    assert http.post(support.PHONE, odd).status_code == 201
    server.sandbox.configure(facts="strict_slugs")
    assert http.post(support.PHONE, odd).json() == {"message": "Invalid linkedin_url"}
    assert (
        http.post(support.PHONE, {"linkedin_url": "https://www.linkedin.com/in/jane-doe_%C3%A9-1"}).status_code == 201
    )
