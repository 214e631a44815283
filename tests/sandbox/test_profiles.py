"""Each profile is what it says: ``legacy`` one older generation, ``unkind`` whatever no source rules out."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from enrow_webhooks.sandbox import people
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.profiles import CURRENT, FACTS, PROFILES, values_of
from tests.sandbox import support
from tests.sandbox.support import Caller, Clock, Receiver, documented, keys


@pytest.fixture
def legacy() -> Iterator[Sandbox]:
    with Sandbox(rate=None, profile="legacy", clock=Clock()) as sandbox:
        yield sandbox


@pytest.mark.parametrize("path", support.PATHS)
def test_legacy_out_of_credits_is_422(legacy: Sandbox, path: str) -> None:
    """Every endpoint answers with the same status and text."""
    legacy.configure(credits=0)
    response = Caller(legacy).post(path, support.REQUESTS[path])
    assert (response.status_code, response.json) == (422, documented("responses/error_422_legacy.json"))


@pytest.mark.parametrize("path", support.PATHS)
def test_legacy_unknown_id_is_404(legacy: Sandbox, path: str) -> None:
    """Every endpoint answers with the same status and text."""
    response = Caller(legacy).get(path, "x")
    assert (response.status_code, response.json) == (404, {"message": "Bulk search not found"})


def test_legacy_running_batch_is_202(legacy: Sandbox) -> None:
    """A running find batch has the progress body under another status."""
    legacy.configure(delay=60)
    caller = Caller(legacy)
    response = caller.get(support.FIND_BULK, caller.launch(support.FIND_BULK))
    assert response.status_code == 202
    assert response.json["general"]["status"] == "ongoing"


def test_legacy_phone_costs_50_and_counts_hits_as_valid(legacy: Sandbox) -> None:
    """The older price, and the older name of the hit counter."""
    caller = Caller(legacy)
    assert caller.post(support.PHONE, support.PHONE_HIT).json["credits_used"] == 50
    stats = caller.result(support.PHONE_BULK)["stats"]
    assert stats == {"credits_cost": 100, "credits_to_refund": 50, "valid": 1, "requested": 2}


def test_legacy_running_phone_repeats_its_inputs(legacy: Sandbox) -> None:
    """The 202 of a phone has the structure of the 200."""
    legacy.configure(delay=60)
    caller = Caller(legacy)
    response = caller.get(support.PHONE, caller.launch(support.PHONE, {**support.PHONE_HIT, "custom": "c"}))
    assert response.status_code == 202
    assert response.json == {"params": support.PHONE_HIT, "custom": "c", "qualification": "ongoing"}


def test_legacy_info_has_the_fullname(legacy: Sandbox) -> None:
    """Single finds tell the full name; bulk items tell it instead of the company."""
    caller = Caller(legacy)
    info = {"fullname": "Dwight Somebody", "firstname": "Dwight", "lastname": "Somebody"}
    assert caller.result(support.FIND)["info"] == {"company_domain": "dundermifflin.com", **info}
    assert caller.result(support.FIND_BULK)["results"][0]["info"] == {
        "domain": "dundermifflin.com",
        "fullname": "Dwight Somebody",
        "firstname": "Dwight",
        "lastname": "Somebody",
    }


def test_info_without_fullname_is_a_fact_of_its_own() -> None:
    """Before that generation single finds told first and last name only."""
    with Sandbox(rate=None, profile="legacy", facts="info_fullname=false") as sandbox:
        info = Caller(sandbox).result(support.FIND)["info"]
    assert info == {"company_domain": "dundermifflin.com", "firstname": "Dwight", "lastname": "Somebody"}


@pytest.mark.parametrize("path", support.PATHS)
def test_legacy_events_are_the_documented_ones(legacy: Sandbox, receiver: Receiver, path: str) -> None:
    """No event of that generation is nested or tells a balance; its examples show ``custom`` in two of the six."""
    shows_custom = path in {support.FIND, support.VERIFY}
    request = {**support.REQUESTS[path], "custom": "c", "settings": {"webhook": receiver.url}}
    Caller(legacy).launch(path, request)
    assert legacy.wait_until_idle()
    (body,) = receiver.bodies
    assert keys(body) == keys(documented(f"webhooks/{body['event']}.json"))
    assert ("custom" in str(body)) is shows_custom


def test_a_phone_event_that_is_nested_twice(receiver: Receiver) -> None:
    """As captured before that generation: the result is wrapped with a second, different id; no balance."""
    with Sandbox(facts="phone_nested,webhook_balance,phone_price=50", webhooks=[receiver.url]) as sandbox:
        job_id = Caller(sandbox).launch(support.PHONE)
        assert sandbox.wait_until_idle()
    (body,) = receiver.bodies
    inner = body["result"].pop("id")
    assert inner not in {"", job_id}
    number, _ = people.find_phone(**support.PHONE_HIT) or ("", "")
    assert body == {
        "event": "single_phone_search_finished",
        "id": job_id,
        "credits": {"cost": 50},
        "result": {
            "event": "single_phone_search_finished",
            "result": {"number": number, "params": support.PHONE_HIT, "qualification": "found"},
        },
    }


def test_legacy_says_rate_limit_exceeded(legacy: Sandbox) -> None:
    """The text of a 429 is that generation's, and still one message, by the limit and by chaos."""
    legacy.configure(rate=1)
    caller = Caller(legacy)
    answers = [caller.post(support.VERIFY, {"email": "ok@acme.com"}) for _ in range(2)]
    legacy.configure(rate=None, chaos="throttle")
    answers.append(caller.post(support.VERIFY, {"email": "ok@acme.com"}))
    assert [answer.status_code for answer in answers] == [200, 429, 429]
    assert [answer.json for answer in answers[1:]] == [{"message": "Rate limit exceeded"}] * 2


@pytest.mark.parametrize(
    "request_of",
    [
        (support.VERIFY_BULK, {"emails": ["ok@acme.com"]}),
        (support.PHONE, {"first_name": "A", "last_name": "Somebody", "company_name": "Acme"}),
        (support.PHONE_BULK, {"searches": [{"first_name": "A", "last_name": "Somebody", "company_name": "Acme"}]}),
    ],
)
def test_legacy_takes_the_keys_of_its_time(legacy: Sandbox, request_of: tuple[str, dict[str, object]]) -> None:
    """``emails``, ``first_name`` and ``last_name`` are taken beside today's spellings."""
    path, payload = request_of
    assert Caller(legacy).post(path, payload).status_code == 201
    assert Caller(legacy).post(path, support.REQUESTS[path]).status_code == 201


def test_what_the_profiles_differ_in() -> None:
    """Each profile differs from the one on which it is built in the facts that name it, and in no other."""
    for name, base in (("legacy", "current"), ("resolver", "current"), ("unkind", "resolver")):
        now, before = values_of(PROFILES[name]), values_of(PROFILES[base])
        declared = {fact.name: fact.others[name] for fact in FACTS.values() if name in fact.others}
        assert declared
        assert {fact: value for fact, value in now.items() if value != before[fact]} == declared
    assert set(PROFILES) == {"current", "legacy", "resolver", "unkind"}


def test_unkind_does_otherwise_wherever_no_source_says() -> None:
    """Whatever no document promises is otherwise in ``unkind``, but for the answer to paths that do not exist."""
    unkind = values_of(PROFILES["unkind"])
    usual = {
        fact.name for fact in FACTS.values() if "no source says" in fact.source and unkind[fact.name] == fact.usual
    }
    assert usual == {"unknown_route_status"}


def test_no_profile_changes_what_enrow_takes() -> None:
    """The same searches cost the same and find the same people in all profiles with the same prices."""
    ledgers = []
    for name in ("current", "resolver", "unkind"):
        with Sandbox(rate=None, profile=name) as sandbox:
            caller = Caller(sandbox)
            for path in support.PATHS:
                caller.launch(path)
            assert sandbox.wait_until_idle()
            ledgers.append((sandbox.ledger.spent, sandbox.ledger.purchases, [job.hits for job in sandbox.jobs]))
    assert ledgers[0] == ledgers[1] == ledgers[2]


def test_legacy_bad_json_of_a_verification(legacy: Sandbox) -> None:
    """The older text begins with a capital."""
    assert Caller(legacy).post(support.VERIFY, b"{").json == {"message": "Invalid JSON input"}


def test_a_single_fact_can_be_flipped() -> None:
    """A profile is a value: replace one field and hand it over, or name the fact."""
    with Sandbox(profile=replace(CURRENT, phone_price=Decimal(45)), rate=None) as sandbox:
        assert Caller(sandbox).post(support.PHONE, support.PHONE_HIT).json["credits_used"] == 45
        sandbox.configure(facts={"phone_price": "12.5", "verify_bulk_breakdown": True, "account_breakdown": True})
        caller = Caller(sandbox)
        assert caller.post(support.PHONE, support.PHONE_HIT).json["credits_used"] == 12.5
        assert caller.post(support.VERIFY_BULK, {"verifications": ["ok@acme.com"]}).json["credits"]["amount"] == 0.25
        assert caller.get("/account/info").json["credits_breakdown"]["paygo"] == 0


def test_an_invalid_answer_may_carry_an_address() -> None:
    """One fact has the finder tell the guessed address of a miss, still as invalid and still free."""
    with Sandbox(rate=None, facts={"invalid_carries_email": True}) as sandbox:
        body = Caller(sandbox).result(support.FIND, support.MISS)
        assert body == {"email": "ryan.nobody@dundermifflin.com", "qualification": "invalid"}
        assert sandbox.ledger.spent == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"facts": {"x": 1}}, "There is no fact 'x' of a profile."),
        ({"facts": {"phone_nested": "yes"}}, "The fact phone_nested must be true or false, not 'yes'."),
        ({"profile": "future"}, "There is no profile 'future'. Known profiles: current, legacy, resolver, unkind."),
        ({"credits": "many"}, "credits must be a number of credits, not 'many'."),
        ({"credits": -1}, "credits must be a number of credits, not -1."),
        ({"delay": "soon"}, "delay must be a number that is not negative, not 'soon'."),
        ({"seed": 1.5}, "seed must be a whole number that is not negative, not 1.5."),
        ({"phone_allowed": "no"}, "phone_allowed must be true or false, not 'no'."),
        ({"webhooks": 3}, "webhooks must be a list of texts, not 3."),
        ({"chaos": 3}, "chaos must be switches like 'duplicate,late=0.5', not 3."),
        ({"speed": 3}, "There is no setting 'speed'. Known settings: credits, "),
    ],
)
def test_a_wrong_setting_is_refused_in_a_sentence(sandbox: Sandbox, changes: dict[str, object], sentence: str) -> None:
    """A wrong name or value changes nothing and says what is known."""
    before = sandbox.settings
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        sandbox.configure(**changes)
    assert sandbox.settings == before
