"""Webhook notices: the six documented bodies, of every age, into one frozen value.

Source: Enrow's page "How Webhooks Work" (the current shapes) and its older documentation (the nested phone notice,
whose inner ``id`` differs from the outer one; e-mail notices without a ``result``).
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from enrow_webhooks.client import answers
from enrow_webhooks.client.errors import UnreadableNotice
from enrow_webhooks.client.values import Kind, Result, Verdict


class Event(enum.StrEnum):
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
        return self in {Event.BULK_SEARCH, Event.BULK_VERIFICATION, Event.BULK_PHONE}


_KINDS = {
    Event.SINGLE_SEARCH: Kind.FIND_EMAIL,
    Event.BULK_SEARCH: Kind.FIND_EMAIL,
    Event.SINGLE_VERIFICATION: Kind.VERIFY_EMAIL,
    Event.BULK_VERIFICATION: Kind.VERIFY_EMAIL,
    Event.SINGLE_PHONE: Kind.FIND_PHONE,
    Event.BULK_PHONE: Kind.FIND_PHONE,
}
_BY_NAME = {event.value: event for event in _KINDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is needed to store a notice once: its two names."""

    # Enrow's event name as sent.
    event: str
    # Enrow's id of the search, opaque text; blank when the body has none.
    enrow_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One webhook delivery, understood."""

    event: Event
    # Every id that the body names, the outer one first.
    ids: tuple[str, ...]
    # What Enrow says the search cost; absent from verifications and bulk phone notices.
    cost: Decimal | None = None
    # The result of a single search when the notice carries a usable one.
    result: Result | None = field(default=None, repr=False)
    # The id of our search job, proved by the signature in the URL; blank when the notice came by a shared secret.
    reference: str = ""


def decode(body: bytes) -> Mapping[str, object]:
    """Return the JSON object in a body; raises UnreadableNotice with one sentence."""
    try:
        # As bytes, json.loads would also take UTF-16, which the row does not keep.
        payload = json.loads(body.decode("utf-8-sig"))
    except RecursionError:
        raise UnreadableNotice("The body is nested too deeply.") from None
    except ValueError:
        raise UnreadableNotice("The body is not JSON in UTF-8.") from None
    if not isinstance(payload, dict):
        raise UnreadableNotice("The body is not a JSON object.")
    return payload


def envelope(payload: Mapping[str, object]) -> Envelope:
    """Return the names of a notice; raises UnreadableNotice when it does not say which event it is."""
    event = answers.text(payload.get("event"), 64)
    if not event:
        raise UnreadableNotice("The body has no event.")
    return Envelope(event=event, enrow_id=answers.text(payload.get("id"), 128))


def understand(payload: Mapping[str, object], *, reference: str = "") -> Notice:
    """Return the typed notice; unknown events and fields are no error."""
    event = _BY_NAME.get(answers.text(payload.get("event"), 64), Event.UNKNOWN)
    inner = answers.mapping(payload.get("result"))
    ids = [payload.get("id")]
    if isinstance(inner.get("result"), dict):
        ids.append(inner.get("id"))
        inner = answers.mapping(inner["result"])
    return Notice(
        event=event,
        ids=tuple(name for value in ids if (name := answers.text(value, 128))),
        cost=answers.decimal(answers.mapping(payload.get("credits")).get("cost")),
        result=_result(event, payload if event is Event.SINGLE_VERIFICATION else inner),
        reference=reference,
    )


def _result(event: Event, body: Mapping[str, object]) -> Result | None:
    if event.kind is None or event.is_bulk or not body:
        return None
    result = answers.result(event.kind, body)
    return result if result.verdict in {Verdict.FOUND, Verdict.NOT_FOUND} else None
