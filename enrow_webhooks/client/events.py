"""webhook events: the six documented bodies, of every age, into one frozen value.

Source: Enrow's page "How Webhooks Work" (the current shapes) and its older documentation (the nested phone event,
whose inner ``id`` differs from the outer one; e-mail events without a ``result``).
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from enrow_webhooks.client import answers
from enrow_webhooks.client.errors import UnreadableEvent
from enrow_webhooks.client.values import Kind, Result, Verdict


class EventType(enum.StrEnum):
    """Enrow's event types; any other name is UNKNOWN and kept."""

    SINGLE_SEARCH = "single_search_finished"
    BULK_SEARCH = "bulk_search_finished"
    SINGLE_VERIFICATION = "verification_finished"
    BULK_VERIFICATION = "bulk_verification_finished"
    SINGLE_PHONE = "single_phone_search_finished"
    BULK_PHONE = "bulk_phone_search_finished"
    UNKNOWN = "unknown"

    @property
    def kind(self) -> Kind | None:
        """What was searched; None for UNKNOWN."""
        return _KINDS.get(self)

    @property
    def is_bulk(self) -> bool:
        """Whether the result has to be fetched by GET."""
        return self in {EventType.BULK_SEARCH, EventType.BULK_VERIFICATION, EventType.BULK_PHONE}


_KINDS = {
    EventType.SINGLE_SEARCH: Kind.FIND_EMAIL,
    EventType.BULK_SEARCH: Kind.FIND_EMAIL,
    EventType.SINGLE_VERIFICATION: Kind.VERIFY_EMAIL,
    EventType.BULK_VERIFICATION: Kind.VERIFY_EMAIL,
    EventType.SINGLE_PHONE: Kind.FIND_PHONE,
    EventType.BULK_PHONE: Kind.FIND_PHONE,
}
_BY_NAME = {event.value: event for event in _KINDS}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Envelope:
    """What is needed to store an event once: its two names."""

    # Enrow's event name as sent.
    event: str
    # Enrow's id of the search, opaque text; blank when the body has none.
    enrow_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One webhook event, understood."""

    type: EventType
    # Every id that the body names, the outer one first.
    ids: tuple[str, ...]
    # What Enrow says the search cost; absent from verifications and bulk phone events.
    cost: Decimal | None = None
    # The result of a single search when the event carries a usable one.
    result: Result | None = field(default=None, repr=False)
    # The id of our search job, proved by the signature in the URL; blank when the event came by a shared secret.
    reference: str = ""


def decode(body: bytes) -> Mapping[str, object]:
    """Return the JSON object in a body; raises UnreadableEvent with one sentence."""
    try:
        # As bytes, json.loads would also take UTF-16, which the row does not keep.
        payload = json.loads(body.decode("utf-8-sig"))
    except RecursionError:
        raise UnreadableEvent("The body is nested too deeply.") from None
    except ValueError:
        raise UnreadableEvent("The body is not JSON in UTF-8.") from None
    if not isinstance(payload, dict):
        raise UnreadableEvent("The body is not a JSON object.")
    return payload


def envelope(payload: Mapping[str, object]) -> Envelope:
    """Return the names of an event; raises UnreadableEvent when it does not say which event it is."""
    event = answers.text(payload.get("event"), 64)
    if not event:
        raise UnreadableEvent("The body has no event.")
    return Envelope(event=event, enrow_id=answers.text(payload.get("id"), 128))


def understand(payload: Mapping[str, object], *, reference: str = "") -> Event:
    """Return the typed event; unknown events and fields are no error."""
    event_type = _BY_NAME.get(answers.text(payload.get("event"), 64), EventType.UNKNOWN)
    inner = answers.mapping(payload.get("result"))
    ids = [payload.get("id")]
    if isinstance(inner.get("result"), dict):
        ids.append(inner.get("id"))
        inner = answers.mapping(inner["result"])
    return Event(
        type=event_type,
        ids=tuple(name for value in ids if (name := answers.text(value, 128))),
        cost=answers.decimal(answers.mapping(payload.get("credits")).get("cost")),
        result=_result(event_type, payload if event_type is EventType.SINGLE_VERIFICATION else inner),
        reference=reference,
    )


def _result(event_type: EventType, body: Mapping[str, object]) -> Result | None:
    if event_type.kind is None or event_type.is_bulk or not body:
        return None
    result = answers.result(event_type.kind, body)
    return result if result.verdict in {Verdict.FOUND, Verdict.NOT_FOUND} else None
