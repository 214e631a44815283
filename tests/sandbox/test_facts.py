"""Each fact can be switched alone, by everything that a user can type, and changes what the sandbox says."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.facts import Fact
from enrow_webhooks.sandbox.profiles import CURRENT, FACTS, PROFILES, values_of
from enrow_webhooks.sandbox.server import SandboxServer
from tests.sandbox import support
from tests.sandbox.client import HttpCaller
from tests.sandbox.support import Receiver
from tests.sandbox.tour import tour


def other_values(fact: Fact) -> list[object]:
    """Return values of a fact that are not its usual one, all there are where they can be listed."""
    if fact.choices:
        return [choice for choice in fact.choices if choice != fact.usual]
    if isinstance(fact.usual, bool):
        return [not fact.usual]
    if isinstance(fact.usual, float):
        return [1.0]
    if isinstance(fact.usual, int):
        return [7]
    return [fact.usual + Decimal("0.1") if isinstance(fact.usual, Decimal) else "other words"]


OTHERS = [(name, value) for name, fact in FACTS.items() for value in other_values(fact)]


@pytest.fixture(scope="module")
def touring() -> Iterator[tuple[SandboxServer, HttpCaller, Receiver, list[tuple[str, object]]]]:
    """A server, its client, a receiver, and all that is seen in the profile ``current``."""
    with Receiver() as receiver, SandboxServer() as server, HttpCaller(server) as http:
        yield server, http, receiver, tour(server, http, receiver)


@pytest.mark.parametrize(("name", "value"), OTHERS, ids=lambda value: str(value).replace(" ", "-"))
def test_each_fact_changes_what_is_said_and_can_be_taken_back(touring, name, value) -> None:
    """Over HTTP, the answers differ with the fact and are the old ones without it: no fact is an empty word."""
    server, http, receiver, usual = touring
    # One tenth of a credit is no binary fraction; with whole prices this fact has nothing to show.
    price = {"find_price": "0.1"} if name == "inexact_credits" else {}
    server.sandbox.configure(profile="current", facts=price)
    before = tour(server, http, receiver) if price else usual
    server.sandbox.configure(facts={name: value})
    assert tour(server, http, receiver) != before
    server.sandbox.configure(facts={name: FACTS[name].usual})
    assert tour(server, http, receiver) == before


def test_a_tour_repeats_itself(touring) -> None:
    """Two rounds with the same facts say the same, so that a difference is the fact's."""
    server, http, receiver, usual = touring
    server.sandbox.configure(profile="current")
    assert tour(server, http, receiver) == usual


SPELLINGS = [
    "shuffled_rows, phone_price=50 ,missing_rows=0.5,verify_rows_key=emails,info_fullname=false",
    ["shuffled_rows=true", "phone_price=50", "missing_rows=0.5", "verify_rows_key=emails", "info_fullname=false"],
    {
        "shuffled_rows": True,
        "phone_price": "50",
        "missing_rows": 0.5,
        "verify_rows_key": "emails",
        "info_fullname": False,
    },
]


@pytest.mark.parametrize("written", SPELLINGS, ids=["text", "list", "mapping"])
def test_facts_are_written_as_text_list_or_mapping(http: HttpCaller, server: SandboxServer, written: object) -> None:
    """The keyword, the call and the control address take the same spellings; what is not named stays."""
    expected = replace(
        CURRENT,
        shuffled_rows=True,
        phone_price=Decimal(50),
        missing_rows=0.5,
        verify_rows_key="emails",
        info_fullname=False,
    )
    with Sandbox(facts=written) as sandbox:
        assert sandbox.settings.profile == expected
    assert http.settings(facts=written).status_code == 200
    assert server.sandbox.settings.profile == expected
    assert server.sandbox.configure(profile="current", facts=written).profile == expected


def test_a_bare_share_is_every_row() -> None:
    """A fact without a value is on: a switch is true, a share is 1."""
    with Sandbox(facts="missing_rows,phone_nested") as sandbox:
        assert (sandbox.settings.profile.missing_rows, sandbox.settings.profile.phone_nested) == (1.0, True)


def test_facts_come_on_top_of_the_profile_that_is_named_with_them() -> None:
    """A profile sets every fact, and the facts beside it win."""
    with Sandbox(facts="phone_price=7") as sandbox:
        sandbox.configure(profile="unkind", facts="missing_rows=0")
        assert sandbox.settings.profile == replace(PROFILES["unkind"], missing_rows=0.0)


def test_the_state_tells_every_fact_and_takes_it_back(http: HttpCaller, server: SandboxServer) -> None:
    """What the settings answer can be sent again and means the same."""
    http.settings(profile="unkind", facts={"phone_price": 12.5})
    told = http.get("/_sandbox/state").json()["settings"]
    assert told["facts"] == {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in values_of(replace(PROFILES["unkind"], phone_price=Decimal("12.5"))).items()
    }
    before = server.sandbox.settings
    http.settings(profile="current")
    assert http.settings(**told).json() == told
    assert server.sandbox.settings == before


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("nested", "There is no fact 'nested' of a profile. Known facts: find_price, verify_price,"),
        ("phone_price", "The fact phone_price needs a value, like phone_price=50."),
        ("phone_price=much", "The fact phone_price must be a number of credits, not 'much'."),
        ("phone_nested=yes", "The fact phone_nested must be true or false, not 'yes'."),
        ("missing_rows=2", "The fact missing_rows must be a share from 0 to 1, not 2.0."),
        ("missing_rows=few", "The fact missing_rows must be a share from 0 to 1, not 'few'."),
        ("phone_limit=-1", "The fact phone_limit must be a whole number that is not negative, not -1."),
        ("phone_limit=few", "The fact phone_limit must be a whole number that is not negative, not 'few'."),
        ("bulk_event_custom", "The fact bulk_event_custom needs a value, like bulk_event_custom=off."),
        ("bulk_event_custom=here", "The fact bulk_event_custom must be top or general or off, not 'here'."),
        ("unknown_route_status=500", "The fact unknown_route_status must be 403 or 404, not 500."),
        ({"phone_nested": 1}, "The fact phone_nested must be true or false, not 1."),
        ({"missing_rows": True}, "The fact missing_rows must be a share from 0 to 1, not True."),
        ({"unknown_route_status": 403.0}, "The fact unknown_route_status must be 403 or 404, not 403.0."),
        ({"rate_limit_text": 3}, "The fact rate_limit_text must be a text, not 3."),
        (3, "facts must be like 'shuffled_rows,phone_price=50', not 3."),
        (None, "facts must be like 'shuffled_rows,phone_price=50', not None."),
    ],
)
def test_a_wrong_fact_is_refused_in_a_sentence(
    http: HttpCaller, server: SandboxServer, written: object, sentence: str
) -> None:
    """Nothing changes, neither by the call nor over HTTP, and the sentence says what would do."""
    before = server.sandbox.settings
    answer = http.settings(facts=written)
    assert (answer.status_code, answer.json()["message"][: len(sentence)]) == (400, sentence)
    with pytest.raises(ValueError, match=r"\S") as caught:
        server.sandbox.configure(facts=written)
    assert str(caught.value).startswith(sentence)
    assert server.sandbox.settings == before


def test_a_fact_works_while_the_sandbox_runs(http: HttpCaller, server: SandboxServer) -> None:
    """The same search is told in another way at the next GET; nothing has to be started again."""
    job_id = http.launch(support.FIND)
    assert "fullname" in http.get(support.FIND, job_id).json()["info"]
    server.sandbox.configure(facts="info_fullname=false")
    assert "fullname" not in http.get(support.FIND, job_id).json()["info"]
