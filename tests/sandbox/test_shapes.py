"""Every accepted request, and every result, has the documented code and shape."""

import uuid

import pytest

from enrow_webhooks.sandbox import people
from enrow_webhooks.sandbox.core import Sandbox
from tests.sandbox import support
from tests.sandbox.support import Caller, documented, keys

LAUNCHES = [
    (support.FIND, 200, "post_email_find_single_200"),
    (support.FIND_BULK, 201, "post_email_find_bulk_201"),
    (support.VERIFY, 200, "post_email_verify_single_200"),
    (support.VERIFY_BULK, 201, "post_email_verify_bulk_201"),
    (support.PHONE, 201, "post_phone_single_201"),
    (support.PHONE_BULK, 201, "post_phone_bulk_201"),
]


@pytest.mark.parametrize(("path", "status", "name"), LAUNCHES)
def test_an_accepted_request_is_answered_as_documented(caller: Caller, path: str, status: int, name: str) -> None:
    """Each POST has its own success code, its message and exactly the documented fields."""
    response = caller.post(path, support.REQUESTS[path])
    example = documented(f"responses/{name}.json")
    assert response.status_code == status
    assert response.mimetype == "application/json"
    assert keys(response.json) == keys(example)
    assert response.json["message"] == example["message"]
    assert uuid.UUID(response.json["id"])


@pytest.mark.parametrize(
    ("path", "payload", "credits_used"),
    [
        (support.FIND, support.HIT, 1),
        (support.FIND_BULK, {"searches": [support.HIT] * 3}, 3),
        (support.VERIFY, {"email": "ok@acme.com"}, 0.25),
        (support.VERIFY_BULK, {"verifications": ["ok@acme.com"] * 3}, 0.75),
        (support.PHONE, support.PHONE_HIT, 40),
        (support.PHONE_BULK, {"searches": [support.PHONE_HIT] * 5}, 200),
    ],
)
def test_credits_used_is_the_worst_case(caller: Caller, path: str, payload: object, credits_used: float) -> None:
    """A POST tells the price of all its rows."""
    assert caller.post(path, payload).json["credits_used"] == credits_used


@pytest.mark.parametrize(("rows", "minutes"), [(1, 1), (68, 4), (85, 5)])
def test_the_duration_of_a_phone_batch_is_in_minutes(rows: int, minutes: int) -> None:
    """The two documented phone batches take about five minutes; the shortest takes one."""
    with Sandbox(rate=None, credits=100_000) as sandbox:
        payload = {"searches": [support.PHONE_HIT] * rows}
        assert Caller(sandbox).post(support.PHONE_BULK, payload).json["estimated_duration"] == minutes


def test_the_breakdown_drains_the_subscription_first() -> None:
    """Credits outside the subscription are taken only for what the subscription does not cover."""
    with Sandbox(rate=None, credits=100, paygo=50) as sandbox:
        caller = Caller(sandbox)
        launch = {"linkedin_url": "https://www.linkedin.com/in/a-somebody"}
        breakdown = [caller.post(support.PHONE, launch).json["credits"] for _ in range(2)]
    assert breakdown == [
        {"amount": 40, "source": "sub", "split": {"fromPaygo": 0, "fromSub": 40}},
        {"amount": 40, "source": "sub", "split": {"fromPaygo": 30, "fromSub": 10}},
    ]


def test_a_breakdown_of_nothing_but_paygo_says_so() -> None:
    """The source is ``paygo`` when the subscription gives nothing."""
    with Sandbox(rate=None, credits=40, paygo=40) as sandbox:
        breakdown = Caller(sandbox).post(support.PHONE, support.PHONE_HIT).json["credits"]
    assert breakdown == {"amount": 40, "source": "paygo", "split": {"fromPaygo": 40, "fromSub": 0}}


def test_a_person_who_is_found(caller: Caller) -> None:
    """A single find tells address, verdict, person and the caller's own data, and nothing else."""
    body = caller.result(support.FIND, {**support.HIT, "custom": {"crm_id": "lead_001"}})
    assert keys(body) == keys(documented("responses/get_email_find_single_200_found.json"))
    assert body == {
        "email": "dwight.somebody@dundermifflin.com",
        "custom": {"crm_id": "lead_001"},
        "info": {
            "company_domain": "dundermifflin.com",
            "fullname": "Dwight Somebody",
            "firstname": "Dwight",
            "lastname": "Somebody",
        },
        "qualification": "valid",
    }


def test_a_person_who_is_not_found(caller: Caller) -> None:
    """A miss has a null address, no ``info``, and no ``custom`` where none was sent."""
    assert caller.result(support.FIND, support.MISS) == {"email": None, "qualification": "invalid"}


def test_options_add_to_info(caller: Caller) -> None:
    """Gender and company are told when they are asked for."""
    settings = {"retrieve_gender": True, "retrieve_company_info": True}
    info = caller.result(support.FIND, {**support.HIT, "settings": settings})["info"]
    assert info["gender"] == people.gender("Dwight")
    assert info["company_name"] == "Dundermifflin"


def test_a_batch_of_people(caller: Caller) -> None:
    """A find batch tells hits and misses by a string position, with inputs, custom data and what each cost."""
    searches = [{**support.HIT, "custom": "lead_001"}, {**support.MISS, "custom": "lead_003"}]
    body = caller.result(support.FIND_BULK, {"searches": searches, "custom": "campaign_q2"})
    example = documented("responses/get_email_find_bulk_200_completed.json")
    assert keys(body) == keys(example)
    assert body["general"]["status"] == "completed"
    assert body["general"]["custom"] == "campaign_q2"
    cost = {"initial": 2, "refunded": 1, "final": 1}
    assert body["stats"] == {"finished": 2, "requested": 2, "valid": 1, "credits_cost": cost}
    assert body["results"][1] == {
        "index": "1",
        "qualification": "invalid",
        "email": None,
        "raw_params": {"company_domain": "dundermifflin.com", "fullname": "Ryan Nobody"},
        "custom": "lead_003",
    }


def test_a_batch_can_ask_for_gender(caller: Caller) -> None:
    """The option of a batch applies to each of its items."""
    body = caller.result(support.FIND_BULK, {"searches": [support.HIT], "settings": {"retrieve_gender": True}})
    assert body["results"][0]["info"]["gender"] == people.gender("Dwight")


@pytest.mark.parametrize(("email", "verdict"), [("ok@acme.com", "valid"), ("bounce@acme.com", "invalid")])
def test_a_single_verification_is_flat(caller: Caller, email: str, verdict: str) -> None:
    """A verified address comes back at the top level, with its verdict."""
    body = caller.result(support.VERIFY, {"email": email, "custom": {"crm_id": "lead_004"}})
    assert keys(body) == keys(documented("responses/get_email_verify_single_200.json"))
    assert body == {"email": email, "custom": {"crm_id": "lead_004"}, "qualification": verdict}


def test_a_batch_of_verifications(caller: Caller) -> None:
    """Verified rows carry a UUID that stays the same, and the cost is one number that no verdict changes."""
    job_id = caller.launch(support.VERIFY_BULK)
    body = caller.get(support.VERIFY_BULK, job_id).json
    assert keys(body) == keys(documented("responses/get_email_verify_bulk_200_completed.json"))
    assert [item["qualification"] for item in body["results"]] == ["valid", "invalid"]
    assert body["stats"] == {"credits_cost": 0.5, "requested": 2, "valid": 1}
    assert all(uuid.UUID(item["index"]) for item in body["results"])
    assert caller.get(support.VERIFY_BULK, job_id).json == body


def test_a_phone_that_is_found(caller: Caller) -> None:
    """A found phone has number, country, the inputs and the caller's own data."""
    body = caller.result(support.PHONE, {**support.PHONE_HIT, "custom": "lead_005"})
    assert keys(body) == keys(documented("responses/get_phone_single_200_found.json"))
    assert (body["number"], body["country"]) == people.find_phone(**support.PHONE_HIT)
    assert body["params"] == support.PHONE_HIT
    assert body["qualification"] == "found"


def test_a_phone_that_is_not_found(caller: Caller) -> None:
    """A missed phone has neither number nor country."""
    body = caller.result(support.PHONE, {**support.PHONE_MISS, "custom": "lead_005"})
    assert keys(body) == keys(documented("responses/get_phone_single_200_not_found.json"))
    assert body == {"params": support.PHONE_MISS, "custom": "lead_005", "qualification": "not_found"}


def test_the_linkedin_url_wins_over_the_name(caller: Caller) -> None:
    """When both options are sent, the URL is searched and the URL alone is told back."""
    body = caller.result(
        support.PHONE, {**support.PHONE_HIT, "firstname": "A", "lastname": "Nobody", "company_name": "B"}
    )
    assert body["qualification"] == "found"
    assert body["params"] == support.PHONE_HIT


def test_a_phone_by_name(caller: Caller) -> None:
    """First and last name with a company do, and come back as sent."""
    person = {"firstname": "Zoë", "lastname": "Somebody", "company_name": "Acme"}
    body = caller.result(support.PHONE, person)
    assert body["params"] == person
    assert (body["number"], body["country"]) == people.find_phone(**person)


def test_a_batch_of_phones(caller: Caller) -> None:
    """Phone rows have an integer position, and the batch tells hits and what is refunded."""
    body = caller.result(support.PHONE_BULK, {"searches": [support.PHONE_HIT, support.PHONE_HIT]})
    assert keys(body) == keys(documented("responses/get_phone_bulk_200_completed.json"))
    searches = [{**support.PHONE_HIT, "custom": "a"}, {**support.PHONE_MISS, "custom": "b"}]
    body = caller.result(support.PHONE_BULK, {"searches": searches, "custom": {"x": 1}})
    assert body["general"]["custom"] == {"x": 1}
    assert body["stats"] == {"credits_cost": 80, "credits_to_refund": 40, "found": 1, "requested": 2}
    miss = {"index": 1, "params": support.PHONE_MISS, "qualification": "not_found", "custom": "b"}
    assert body["results"][1] == miss


def test_the_account_tells_balance_and_webhooks() -> None:
    """The account is the documented body, with fractions of credits."""
    with Sandbox(credits="1968.5", webhooks=["https://your-app.com/webhooks/enrow"]) as sandbox:
        caller = Caller(sandbox)
        caller.post(support.VERIFY, {"email": "ok@acme.com"})
        response = caller.get("/account/info")
    assert response.status_code == 200
    assert response.json == {"credits": 1968.25, "webhooks": ["https://your-app.com/webhooks/enrow"]}
    assert keys(response.json) == keys(documented("responses/get_account_info_200.json"))


def test_an_account_without_webhooks_leaves_them_out(caller: Caller) -> None:
    """``webhooks`` is absent when none is set, and a whole balance is an integer."""
    assert caller.get("/account/info").text == '{"credits": 1000}'


@pytest.mark.parametrize("path", support.PATHS)
def test_reading_a_result_is_free(sandbox: Sandbox, caller: Caller, path: str) -> None:
    """No GET changes the balance."""
    job_id = caller.launch(path)
    before = sandbox.ledger.balance
    caller.get(path, job_id)
    assert sandbox.ledger.balance == before


def test_custom_is_returned_as_it_was_sent(caller: Caller) -> None:
    """Any JSON value survives as the caller's own data, keys and all."""
    custom = {"crm_id": "Ä 1", "nested": {"camelCase": [1, None, True]}}
    assert caller.result(support.FIND, {**support.HIT, "custom": custom})["custom"] == custom
