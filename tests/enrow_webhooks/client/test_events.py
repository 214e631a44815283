"""webhook events of every age become exact values; nothing that arrives breaks the reader."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrow_webhooks.client import events
from enrow_webhooks.client.errors import UnreadableEvent
from enrow_webhooks.client.events import Event, EventType
from enrow_webhooks.client.values import FindEmail, FindPhone, Kind, Result, Verdict, VerifyEmail
from tests.conftest import PAYLOADS, payload
from tests.enrow_webhooks.client.test_answers import JSON, OBJECT

ID = "910f3e13-b2bf-442d-ab0b-4cf44dfrij84fjrt"
MICHAEL = FindPhone(linkedin_url="https://www.linkedin.com/in/michael-scott/")
PHONE_HIT = Result(verdict=Verdict.FOUND, value="+15705551234", echo=MICHAEL)
DOCUMENTED = {
    "single_search_finished": Event(
        type=EventType.SINGLE_SEARCH,
        ids=(ID,),
        cost=Decimal(1),
        result=Result(
            verdict=Verdict.FOUND,
            value="dwight.schrute@dundermifflin.com",
            crm_id="your_custom_data",
            echo=FindEmail(fullname="Dwight Schrute", company_domain="dundermifflin.com"),
        ),
    ),
    "bulk_search_finished": Event(type=EventType.BULK_SEARCH, ids=(ID,), cost=Decimal(2284)),
    "verification_finished": Event(
        type=EventType.SINGLE_VERIFICATION,
        ids=(ID,),
        result=Result(
            verdict=Verdict.FOUND,
            value="pam.beesly@dundermifflin.com",
            crm_id="your_custom_data",
            echo=VerifyEmail(email="pam.beesly@dundermifflin.com"),
        ),
    ),
    "bulk_verification_finished": Event(type=EventType.BULK_VERIFICATION, ids=(ID,), cost=Decimal("386.25")),
    "single_phone_search_finished": Event(type=EventType.SINGLE_PHONE, ids=(ID,), cost=Decimal(50), result=PHONE_HIT),
    "bulk_phone_search_finished": Event(type=EventType.BULK_PHONE, ids=(ID,)),
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_documented_event_is_read_exactly(name):
    """The six bodies of Enrow's page, word for word, from the wire."""
    body = (PAYLOADS / "webhooks" / f"{name}.json").read_bytes()
    assert events.understand(events.decode(body)) == DOCUMENTED[name]
    assert events.envelope(events.decode(body)) == events.Envelope(event=name, enrow_id=ID)


@pytest.mark.parametrize(
    ("event", "kind", "is_bulk"),
    [
        (EventType.SINGLE_SEARCH, Kind.FIND_EMAIL, False),
        (EventType.BULK_SEARCH, Kind.FIND_EMAIL, True),
        (EventType.SINGLE_VERIFICATION, Kind.VERIFY_EMAIL, False),
        (EventType.BULK_VERIFICATION, Kind.VERIFY_EMAIL, True),
        (EventType.SINGLE_PHONE, Kind.FIND_PHONE, False),
        (EventType.BULK_PHONE, Kind.FIND_PHONE, True),
        (EventType.UNKNOWN, None, False),
    ],
)
def test_an_event_knows_its_kind(event, kind, is_bulk):
    """What was searched, and whether the result has to be fetched."""
    assert (event.kind, event.is_bulk) == (kind, is_bulk)


def test_the_old_phone_event_is_unwrapped_and_keeps_both_ids():
    """It is nested twice, and the inner id differs: either may be the one that the POST gave."""
    body = payload("webhooks/single_phone_search_finished")
    nested = {"event": body["event"], "id": "outer", "credits": {"cost": 50}, "result": body | {"id": "inner"}}
    assert events.understand(nested) == Event(
        type=EventType.SINGLE_PHONE, ids=("outer", "inner"), cost=Decimal(50), result=PHONE_HIT
    )


def test_an_old_event_with_a_balance_is_the_same_event():
    """``credits.balance``, ``info`` without ``fullname`` and ``info.domain`` change nothing."""
    body = payload("webhooks/single_search_finished")
    body["credits"] = {"balance": 85053, "cost": 1}
    body["result"]["info"] = {"domain": "dundermifflin.com", "firstname": "Dwight", "lastname": "Schrute"}
    assert events.understand(body) == DOCUMENTED["single_search_finished"]


def test_the_oldest_event_has_no_result():
    """Then the result is fetched by GET."""
    assert events.understand({"event": "single_search_finished", "id": "x"}) == Event(
        type=EventType.SINGLE_SEARCH, ids=("x",)
    )


@pytest.mark.parametrize("word", ["ongoing", "catch_all", "", None, 5])
def test_an_event_without_a_verdict_carries_no_result(word):
    """Only a hit or a miss is used without a GET."""
    body = payload("webhooks/single_search_finished")
    body["result"]["qualification"] = word
    assert events.understand(body).result is None


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("single_search_finished", {"result": {"email": None, "qualification": "invalid"}}),
        ("single_phone_search_finished", {"result": {"qualification": "not_found"}}),
        ("verification_finished", {"email": "a@b.com", "qualification": "invalid"}),
    ],
)
def test_a_miss_is_a_result(event, body):
    """Searched and nothing found is not the same as nothing said."""
    assert events.understand({"event": event, "id": "x"} | body).result.verdict is Verdict.NOT_FOUND


def test_unknown_events_and_fields_are_no_error():
    """What Enrow invents tomorrow is kept and understood as far as possible."""
    assert events.understand({"event": "reverse_email_finished", "id": "x", "new": [1]}) == Event(
        type=EventType.UNKNOWN, ids=("x",)
    )
    body = payload("webhooks/single_search_finished") | {"tenant": {"a": 1}}
    body["result"]["score"] = 0.9
    assert events.understand(body) == DOCUMENTED["single_search_finished"]


def test_a_bulk_event_never_carries_a_result():
    """A batch is fetched, whatever the event says about it."""
    body = payload("webhooks/bulk_search_finished") | {"result": {"email": "a@b.com", "qualification": "valid"}}
    assert events.understand(body).result is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff{}", "not JSON"),
        (b'{"event": "\xed\xa0\x80"}', "not JSON"),
        ('{"event": "x"}'.encode("utf-16"), "not JSON"),
        (b'{"event": "a\x00b"}', "not JSON"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"1" * 5000, "not JSON"),
        (b'{"a":' * 200_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_object_is_said_in_a_sentence(body, words):
    """In UTF-8 only: that is what the row keeps, so what is accepted can be read again."""
    with pytest.raises(UnreadableEvent, match=words):
        events.decode(body)


def test_a_byte_order_mark_is_no_obstacle():
    """It is invisible to the writer of the body."""
    assert events.decode(b'\xef\xbb\xbf{"event": "x"}') == {"event": "x"}


@pytest.mark.parametrize("event", [None, "", "  ", 5, ["x"], {"x": 1}, "\x00"])
def test_a_body_without_an_event_is_no_event(event):
    """It says nothing that could be done."""
    with pytest.raises(UnreadableEvent, match="no event"):
        events.envelope({"event": event, "id": "x"})


@pytest.mark.parametrize(
    ("id_", "kept"), [("  x  ", "x"), (5, ""), (None, ""), ("a\x00b", "a b"), ("x" * 200, "x" * 128)]
)
def test_an_id_is_opaque_text_that_fits_its_column(id_, kept):
    """Never a UUID, never more than 128 characters, never a NUL."""
    assert events.envelope({"event": "x", "id": id_}).enrow_id == kept


@given(st.binary(max_size=200) | (OBJECT | JSON).map(lambda body: json.dumps(body).encode()))
def test_no_bytes_break_the_reader(body):
    """Either an event that fits its row, or UnreadableEvent."""
    try:
        payload = events.decode(body)
        names = events.envelope(payload)
    except UnreadableEvent:
        return
    assert 0 < len(names.event) <= 64
    assert len(names.enrow_id) <= 128
    event = events.understand(payload, reference="r")
    assert event.reference == "r"
    assert all(0 < len(name) <= 128 for name in event.ids)


@given(event_type=st.sampled_from(EventType), body=OBJECT)
def test_no_object_breaks_the_reader(event_type, body):
    """Wrong types everywhere: what cannot be used counts as absent."""
    event = events.understand({**body, "event": event_type.value})
    assert event.type is event_type
    assert event.result is None or event.result.verdict in {Verdict.FOUND, Verdict.NOT_FOUND}
