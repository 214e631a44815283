"""What Enrow refuses, in the order in which it refuses, with the documented texts.

Inferences: the texts for broken JSON in bulk (cut short in every source), for a phone search with neither option, and
for rows of a verification that are no text. A misspelt address in a bulk verification is accepted, and found invalid.
"""

import json
from collections.abc import Callable
from typing import Any

from enrow_webhooks.sandbox import people
from enrow_webhooks.sandbox.endpoints import Endpoint, Kind
from enrow_webhooks.sandbox.profiles import Profile

Payload = dict[str, Any]

FAILING_DOMAIN = "failed.example"
REFUSED_DOMAIN = "refused.example"


class RefusedError(Exception):
    """A request that Enrow answers with an error, before anything is taken."""

    def __init__(self, status: int, body: Payload) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body

    @classmethod
    def saying(cls, message: str, status: int = 400) -> "RefusedError":
        """Return the ordinary error: one ``message``."""
        return cls(status, {"message": message})


def text(row: Payload, key: str) -> str:
    """Return a field of a row when it is a text that says something, else the empty text."""
    value = row.get(key)
    return value.strip() if isinstance(value, str) else ""


def parse(endpoint: Endpoint, raw: bytes, profile: Profile) -> Payload:
    """Return the JSON object of a request body. Raises RefusedError."""
    if endpoint.bulk and not raw.strip():
        raise RefusedError.saying("Missing payload")
    try:
        payload = json.loads(raw)
    except (ValueError, RecursionError):
        raise RefusedError.saying(_json_text(endpoint, profile)) from None
    if not isinstance(payload, dict):
        raise RefusedError.saying("Missing payload" if endpoint.bulk else _json_text(endpoint, profile))
    return payload


def rows_of(endpoint: Endpoint, payload: Payload) -> list[Any]:
    """Return the rows of a request as they were sent; a single one is its own row, a verification is a bare address."""
    if endpoint.bulk:
        rows: list[Any] = payload[endpoint.rows_key]
        return rows
    return [payload["email"] if endpoint.kind is Kind.VERIFY_EMAIL else payload]


def check(endpoint: Endpoint, payload: Payload, profile: Profile) -> None:
    """Check fields, then the size of the batch. Raises RefusedError."""
    if not endpoint.bulk:
        _SINGLE_CHECKS[endpoint.kind](payload)
        return
    rows = payload.get(endpoint.rows_key)
    if not isinstance(rows, list) or not rows:
        raise RefusedError.saying(_NO_ROWS[endpoint.kind])
    complete = _ROW_CHECKS[endpoint.kind]
    for position, row in enumerate(rows, start=1):
        if not complete(row):
            raise RefusedError.saying(
                f"Missing mandatory property on {_ROW_NAMES[endpoint.kind]} n°{position} of {len(rows)}"
            )
    limit = profile.limit(endpoint)
    if len(rows) > limit:
        raise RefusedError.saying(f"Too many {endpoint.rows_key}. Limit is currently at {limit} per batch.")


def is_doomed(endpoint: Endpoint, payload: Payload, raw: bytes) -> bool:
    """Tell whether the batch will end ``failed``: it, or one of its rows, is about the domain ``failed.example``."""
    # Looking at the bytes first spares the walk through thousands of rows in nearly every batch.
    if not endpoint.bulk or FAILING_DOMAIN.encode() not in raw.lower():
        return False
    if endpoint.kind is Kind.VERIFY_EMAIL:
        return any(row.strip().lower().endswith(f"@{FAILING_DOMAIN}") for row in payload[endpoint.rows_key])
    domains = (text(row, "company_domain") for row in (payload, *payload[endpoint.rows_key]))
    return any(people.domain_of(domain, None) == FAILING_DOMAIN for domain in domains)


def _json_text(endpoint: Endpoint, profile: Profile) -> str:
    if endpoint.bulk:
        return "Error while parsing the JSON payload"
    return profile.verify_json_text if endpoint.kind is Kind.VERIFY_EMAIL else "Invalid JSON input"


def _check_find(payload: Payload) -> None:
    if not text(payload, "fullname"):
        raise RefusedError.saying("input payload is missing fullname")
    if not _has_company(payload):
        raise RefusedError.saying(
            "both company_domain and company_name are absent, input payload needs at least one of them"
        )


def _check_verify(payload: Payload) -> None:
    if not people.is_address(text(payload, "email")):
        raise RefusedError.saying("invalid email format")


def _check_phone(payload: Payload) -> None:
    if payload.get("linkedin_url"):
        if people.slug_of(text(payload, "linkedin_url")) is None:
            raise RefusedError.saying("Invalid linkedin_url")
    elif not _is_phone_row(payload):
        raise RefusedError.saying(
            "input payload is missing linkedin_url, or firstname and lastname with company_domain or company_name"
        )


def _is_find_row(row: object) -> bool:
    return isinstance(row, dict) and bool(text(row, "fullname")) and _has_company(row)


def _is_verify_row(row: object) -> bool:
    return isinstance(row, str) and bool(row.strip())


def _is_phone_row(row: object) -> bool:
    if not isinstance(row, dict):
        return False
    if row.get("linkedin_url"):
        return people.slug_of(text(row, "linkedin_url")) is not None
    return bool(text(row, "firstname") and text(row, "lastname")) and _has_company(row)


def _has_company(row: Payload) -> bool:
    domain = text(row, "company_domain")
    return bool(domain or text(row, "company_name")) and domain != REFUSED_DOMAIN


_SINGLE_CHECKS: dict[Kind, Callable[[Payload], None]] = {
    Kind.FIND_EMAIL: _check_find,
    Kind.VERIFY_EMAIL: _check_verify,
    Kind.FIND_PHONE: _check_phone,
}
_ROW_CHECKS: dict[Kind, Callable[[object], bool]] = {
    Kind.FIND_EMAIL: _is_find_row,
    Kind.VERIFY_EMAIL: _is_verify_row,
    Kind.FIND_PHONE: _is_phone_row,
}
_NO_ROWS = {
    Kind.FIND_EMAIL: "Missing searches payload",
    Kind.VERIFY_EMAIL: "At least 1 verification must be present in the payload",
    Kind.FIND_PHONE: "At least 1 phone search must be present in the payload",
}
_ROW_NAMES = {Kind.FIND_EMAIL: "search", Kind.VERIFY_EMAIL: "verification", Kind.FIND_PHONE: "search"}
