"""Whatever Enrow refuses is refused with the documented code and text, in the documented order, and takes nothing."""

from decimal import Decimal
from typing import Any

import pytest

from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.special import KEYS
from tests.sandbox import support
from tests.sandbox.support import Caller, Clock, documented

NO_OPTION = "input payload is missing linkedin_url, or firstname and lastname with company_domain or company_name"
NO_COMPANY = "both company_domain and company_name are absent, input payload needs at least one of them"
COMPANY_PAGE = {"linkedin_url": "https://www.linkedin.com/company/acme"}
GOOD_PHONES = [support.PHONE_HIT] * 49

BAD_REQUESTS: list[tuple[str, Any, str]] = [
    (support.FIND, {"company_domain": "acme.com"}, "input payload is missing fullname"),
    (support.FIND, {"fullname": " ", "company_domain": "acme.com"}, "input payload is missing fullname"),
    (
        support.FIND,
        {"first_name": "A", "last_name": "B", "company_domain": "a.com"},
        "input payload is missing fullname",
    ),
    (support.FIND, {"fullname": "A B"}, NO_COMPANY),
    (support.FIND, b"{", "Invalid JSON input"),
    (support.FIND, [], "Invalid JSON input"),
    (support.FIND_BULK, b"", "Missing payload"),
    (support.FIND_BULK, [], "Missing payload"),
    (support.FIND_BULK, b"{", "Error while parsing the JSON payload"),
    (support.FIND_BULK, {}, "Missing searches payload"),
    (support.FIND_BULK, {"searches": []}, "Missing searches payload"),
    (support.FIND_BULK, {"searches": [support.HIT] * 5001}, "Too many searches. Limit is currently at 5000 per batch."),
    (support.FIND_BULK, {"searches": ["A B"]}, "Missing mandatory property on search n°1 of 1"),
    (support.VERIFY, {}, "invalid email format"),
    (support.VERIFY, {"email": "not an address"}, "invalid email format"),
    (support.VERIFY, b"{", "invalid JSON input"),
    (support.VERIFY_BULK, b"", "Missing payload"),
    (support.VERIFY_BULK, {"emails": ["ok@acme.com"]}, "At least 1 verification must be present in the payload"),
    (support.VERIFY_BULK, {"verifications": []}, "At least 1 verification must be present in the payload"),
    (
        support.VERIFY_BULK,
        {"verifications": ["ok@acme.com"] * 5001},
        "Too many verifications. Limit is currently at 5000 per batch.",
    ),
    (
        support.VERIFY_BULK,
        {"verifications": ["ok@acme.com", {"email": "ok@acme.com"}]},
        "Missing mandatory property on verification n°2 of 2",
    ),
    (support.PHONE, COMPANY_PAGE, "Invalid linkedin_url"),
    (support.PHONE, {"linkedin_url": "https://fr.linkedin.com/in/michael"}, "Invalid linkedin_url"),
    (support.PHONE, {"linkedin_url": "https://www.linkedin.com/in/michael?trk=x"}, "Invalid linkedin_url"),
    (support.PHONE, {"linkedin_url": 7}, "Invalid linkedin_url"),
    (support.PHONE, {"first_name": "A", "last_name": "B", "company_name": "C"}, NO_OPTION),
    (support.PHONE, {"firstname": "A", "lastname": "B"}, NO_OPTION),
    (support.PHONE_BULK, b"", "Missing payload"),
    (support.PHONE_BULK, {"searches": []}, "At least 1 phone search must be present in the payload"),
    (
        support.PHONE_BULK,
        {"searches": [support.PHONE_HIT] * 3001},
        "Too many searches. Limit is currently at 3000 per batch.",
    ),
    (support.PHONE_BULK, {"searches": [*GOOD_PHONES, COMPANY_PAGE]}, "Missing mandatory property on search n°50 of 50"),
    (
        support.PHONE_BULK,
        {"searches": [{"firstname": "A", "lastname": "B"}]},
        "Missing mandatory property on search n°1 of 1",
    ),
]


@pytest.mark.parametrize(("path", "payload", "message"), BAD_REQUESTS)
def test_a_bad_request_says_what_is_wrong_and_takes_nothing(
    sandbox: Sandbox, caller: Caller, path: str, payload: Any, message: str
) -> None:
    """A 400 carries one message; nothing is billed and nothing is launched."""
    response = caller.post(path, payload)
    assert (response.status_code, response.json) == (400, {"message": message})
    assert sandbox.ledger.debits == 0
    assert sandbox.jobs == []


def test_a_bad_row_is_named_by_its_position(caller: Caller) -> None:
    """One bad row refuses the batch; positions count from 1."""
    rows = [support.HIT] * 50
    rows[7] = {"fullname": "A B"}
    response = caller.post(support.FIND_BULK, {"searches": rows})
    assert (response.status_code, response.json) == (400, documented("responses/error_400_row.json"))


@pytest.mark.parametrize("path", [*support.PATHS, "/account/info"])
def test_every_path_wants_a_key(sandbox: Sandbox, path: str) -> None:
    """Without the header, and with a wrong key, GET and POST answer 401 in two different texts."""
    missing = {"message": "No apikey found in the x-api-key headers"}
    for key, body in ((None, missing), ("", missing), ("bad-key", documented("responses/error_401_bad_key.json"))):
        caller = Caller(sandbox, key)
        answers = [caller.get(path, "x")]
        if path != "/account/info":
            answers.append(caller.post(path, support.REQUESTS[path]))
        assert [(answer.status_code, answer.json) for answer in answers] == [(401, body)] * len(answers)


@pytest.mark.parametrize("path", [*support.PATHS, "/account/info"])
def test_a_key_may_be_forbidden(sandbox: Sandbox, path: str) -> None:
    """One special key is answered by 403 everywhere, in Enrow's one-message form."""
    caller = Caller(sandbox, "forbidden-key")
    answers = [caller.get(path, "x")]
    if path != "/account/info":
        answers.append(caller.post(path, support.REQUESTS[path]))
    assert [(answer.status_code, answer.json) for answer in answers] == [(403, {"message": "Forbidden"})] * len(answers)
    assert sandbox.jobs == []


def test_special_keys_stay_special_in_a_list_of_valid_ones() -> None:
    """Naming a special key as valid does not make it work."""
    for key in KEYS.values():
        with Sandbox(keys=[key.text]) as sandbox:
            answer = Caller(sandbox, key.text).post(support.PHONE, support.PHONE_HIT)
            assert (answer.status_code, answer.json) == (key.status, {"message": key.message})


def test_a_bearer_token_is_not_read(sandbox: Sandbox) -> None:
    """``Authorization`` counts for nothing."""
    caller = Caller(sandbox, None)
    caller.headers["Authorization"] = "Bearer a-key"
    assert caller.post(support.FIND, support.HIT).json == {"message": "No apikey found in the x-api-key headers"}


def test_keys_can_be_restricted() -> None:
    """With a list of keys, every other key is wrong."""
    with Sandbox(keys=["one"]) as sandbox:
        assert Caller(sandbox, "one").get("/account/info").status_code == 200
        assert Caller(sandbox, "two").get("/account/info").status_code == 401


@pytest.mark.parametrize(
    ("key", "changes"),
    [("no-phone-key", {}), ("mine", {"no_phone_keys": ["mine"]}), ("any", {"phone_allowed": False})],
)
def test_a_plan_without_phones_is_a_401_of_its_own(key: str, changes: Any) -> None:
    """Phone paths are refused before the payload is read; e-mail paths work with the same key."""
    with Sandbox(**changes) as sandbox:
        caller = Caller(sandbox, key)
        for path in (support.PHONE, support.PHONE_BULK):
            for response in (caller.post(path, b"{"), caller.get(path, "x")):
                assert response.status_code == 401
                assert response.json == documented("responses/error_401_no_phone_plan.json")
        assert caller.post(support.FIND, support.HIT).status_code == 200


@pytest.mark.parametrize("path", support.PATHS)
def test_too_few_credits_refuse_the_whole_request(path: str) -> None:
    """A single POST says ``reason``, a bulk POST says ``message``; a balance that is too small stays whole."""
    with Sandbox(rate=None, credits="0.20") as sandbox:
        response = Caller(sandbox).post(path, support.REQUESTS[path])
        kind = "bulk" if path.endswith("bulk") else "single"
        assert (response.status_code, response.json) == (402, documented(f"responses/error_402_{kind}.json"))
        assert sandbox.ledger.balance == Decimal("0.20")
        assert sandbox.ledger.purchases == {}


def test_the_worst_case_has_to_be_covered() -> None:
    """Two searches need two credits at launch, even if one comes back."""
    with Sandbox(rate=None, credits=1) as sandbox:
        assert Caller(sandbox).post(support.FIND_BULK, {"searches": [support.HIT, support.MISS]}).status_code == 402


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        (support.FIND, 500, "Could not retrieve single search results"),
        (support.FIND_BULK, 400, "Could not retrieve bulk search results"),
        (support.VERIFY, 500, "Could not retrieve single verification results"),
        (support.VERIFY_BULK, 400, "Could not retrieve bulk verification results"),
        (support.PHONE, 500, "Could not retrieve single search results"),
        (support.PHONE_BULK, 400, "Could not retrieve bulk search results"),
    ],
)
def test_an_unknown_id(caller: Caller, path: str, status: int, message: str) -> None:
    """An unknown id, and the id of another endpoint, is a 500 on single paths and a 400 in bulk."""
    other = caller.launch(support.FIND if path != support.FIND else support.VERIFY)
    for job_id in ("7", other):
        response = caller.get(path, job_id)
        assert (response.status_code, response.json) == (status, {"message": message})


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (support.VERIFY, "The single verif id is missing in the URL query string"),
        (support.PHONE, "Missing id in the query params"),
        (support.PHONE_BULK, "Missing id in the query params"),
    ],
)
def test_a_missing_id(caller: Caller, path: str, message: str) -> None:
    """A GET without ``id`` is a 400 with the text of its endpoint."""
    response = caller.get(path)
    assert (response.status_code, response.json) == (400, {"message": message})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/email/find/single/0cf517bc-16e8-45bc-b967-ab9116b3c804"),
        ("POST", "/phone/find/single"),
        ("POST", "/reverse-email/single"),
        ("POST", "/v1/verify"),
        ("PUT", "/email/find/single"),
        ("POST", "/account/info"),
        ("GET", "/account"),
    ],
)
def test_an_unknown_route_is_answered_by_the_gateway(sandbox: Sandbox, caller: Caller, method: str, path: str) -> None:
    """Ids in the path, other methods and invented paths meet the gateway; its code can be switched."""
    for status in (403, 404):
        sandbox.configure(facts={"unknown_route_status": status})
        response = caller.client.open(path, method=method, headers=caller.headers)
        assert (response.status_code, response.json) == (status, {"message": "Missing Authentication Token"})


def test_ten_posts_a_second_and_key() -> None:
    """The eleventh POST of a second is a 429; GETs are free, another key is another quota, and time brings it back."""
    clock = Clock()
    with Sandbox(clock=clock) as sandbox:
        caller = Caller(sandbox)
        codes = [caller.post(support.VERIFY, {"email": "ok@acme.com"}).status_code for _ in range(11)]
        assert codes == [200] * 10 + [429]
        refused = caller.post(support.VERIFY, {"email": "ok@acme.com"})
        assert refused.json == documented("responses/error_429.json")
        assert {name.lower() for name, _ in refused.headers} == {"content-type", "content-length"}
        assert caller.get("/account/info").status_code == 200
        assert Caller(sandbox, "other").post(support.VERIFY, {"email": "ok@acme.com"}).status_code == 200
        clock.now += 0.1
        codes = [caller.post(support.VERIFY, {"email": "ok@acme.com"}).status_code for _ in range(2)]
        assert codes == [200, 429]


def test_the_order_of_checks() -> None:
    """Rate, key, plan, JSON, fields, size, credits: each refusal hides those after it."""
    clock = Clock()
    with Sandbox(clock=clock, rate=1, credits=0) as sandbox:

        def post(key: str | None, payload: Any) -> tuple[int, str]:
            response = Caller(sandbox, key).post(support.PHONE_BULK, payload)
            return response.status_code, str(response.json["message"])

        assert post("bad-key", b"{")[0] == 401
        assert post("bad-key", b"{")[0] == 429
        assert post("no-phone-key", b"{")[0] == 401
        too_many = [support.PHONE_HIT] * 3001
        for payload, text in (
            (b"{", "Error while parsing the JSON payload"),
            ({"searches": [*too_many, {}]}, "Missing mandatory property on search n°3002 of 3002"),
            ({"searches": too_many}, "Too many searches. Limit is currently at 3000 per batch."),
        ):
            clock.now += 1
            assert post("a-key", payload) == (400, text)
        clock.now += 1
        assert post("a-key", {"searches": [support.PHONE_HIT]}) == (402, "Insufficient credits")


def test_odd_types_never_break_the_sandbox(caller: Caller) -> None:
    """Fields of a foreign type are refused or ignored, never a crash."""
    odd = {"fullname": "A Somebody", "company_domain": "acme.com", "company_name": ["x"], "settings": 3, "custom": None}
    assert caller.result(support.FIND, odd)["email"] == "a.somebody@acme.com"
    assert caller.result(support.FIND_BULK, {"searches": [odd], "settings": []})["stats"]["valid"] == 1
    assert caller.post(support.FIND, {**odd, "fullname": {}}).status_code == 400
    assert caller.result(
        support.PHONE, {"linkedin_url": "", "firstname": "A", "lastname": "Nobody", "company_name": "B"}
    )
    assert caller.result(support.VERIFY_BULK, {"verifications": ["no address"]})["stats"]["valid"] == 0
