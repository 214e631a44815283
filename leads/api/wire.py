"""What goes over the wire: JSON of one form, whatever the host's own API speaks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer

from enrow_webhooks.views import AlwaysJSON, django_request, read_body

# 10,000 crm_ids of 128 characters, as JSON.
MOST_BYTES = 2 * 1024 * 1024


class Conflict(APIException):
    """The state of a thing does not allow what was asked."""

    status_code = 409
    default_detail = "That cannot be done now."
    default_code = "conflict"


class NotFinished(Conflict):
    """The first request with this Idempotency-Key is under way."""

    default_detail = "The first request with this Idempotency-Key is under way; send it again in a moment."
    default_code = "under_way"
    # Seconds; REST framework makes the header Retry-After of it.
    wait = 2


class Unprocessable(APIException):
    """The key of another request."""

    status_code = 422
    default_detail = "This Idempotency-Key was used for another request; take a new one."
    default_code = "key_reused"


class PlainJSON(JSONRenderer):
    """JSON in ASCII: half of a surrogate pair, sent back in an error, cannot be written in UTF-8."""

    compact = True
    ensure_ascii = True
    strict = True


class OnlyJSON(AlwaysJSON, DefaultContentNegotiation):
    """Answers JSON, whatever is accepted: neither ``Accept`` nor ``?format=`` costs a program a 406."""


class BoundedJSON(JSONParser):
    """JSON by the book, and no more of it than MOST_BYTES. The view keeps the bytes: a repeat is known by them."""

    strict = True

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - whatever the body is
        """Return what the body says. Raises ParseError for what is no JSON, BodyTooLarge for too much of it."""
        context = parser_context or {}
        view, raw = context["view"], read_body(django_request(context["request"]), MOST_BYTES)
        view.raw_body = raw
        try:
            return json.loads(raw.decode("utf-8"), parse_constant=_no_number)
        except RecursionError:
            raise ParseError("JSON parse error - it is nested too deeply.") from None
        except ValueError:
            # Not what Python says of it: that quotes the body.
            raise ParseError("The body is no JSON.") from None


def _no_number(word: str) -> float:
    raise ValueError(word)
