"""What Enrow refuses, in the order in which it refuses, with the documented texts.

Inferences: the texts for broken JSON in bulk (cut short in every source), for a phone search with neither option, and
for rows of a verification that are no text. A misspelt address in a bulk verification is accepted, and found invalid.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from enrow_webhooks.sandbox import people, special
from enrow_webhooks.sandbox.endpoints import Endpoint, Product
from enrow_webhooks.sandbox.profiles import Profile

Payload = dict[str, Any]

_NO_COMPANY = "both company_domain and company_name are absent, input payload needs at least one of them"
_NO_PERSON = "input payload is missing linkedin_url, or firstname and lastname with company_domain or company_name"
_CANNOT = "this search cannot be processed"
# What no slug of LinkedIn has, and what is left behind by copying one out of a sentence or a query.
_ODD_IN_SLUG = re.compile(r"[,;&=+!*'()\"<>|\\]")


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
    return [payload["email"] if endpoint.kind is Product.VERIFY_EMAIL else payload]


def check(
    endpoint: Endpoint, payload: Payload, profile: Profile, *, fails: Callable[[Any], bool] = lambda _row: False
) -> None:
    """Check fields, and whether a row ``fails`` as a test said, then the size of the batch. Raises RefusedError."""

    def refusal_of(row: object, profile: Profile) -> str:
        return _REFUSALS[endpoint.kind](row, profile) or (_CANNOT if fails(row) else "")

    if not endpoint.bulk:
        row = payload.get("email") if endpoint.kind is Product.VERIFY_EMAIL else payload
        said = refusal_of(row, profile) or _misspelt(endpoint, row)
        if said:
            raise RefusedError.saying(said)
        return
    rows = payload.get(endpoint.rows_key)
    if not isinstance(rows, list) or not rows:
        raise RefusedError.saying(_NO_ROWS[endpoint.kind])
    for number, row in enumerate(rows, start=1):
        if said := refusal_of(row, profile):
            where = f"{_ROW_NAMES[endpoint.kind]} n°{number} of {len(rows)}"
            named = f"Missing mandatory property on {where}"
            raise RefusedError.saying(said if profile.refusals_without_row else named)
    limit = profile.limit(endpoint)
    if len(rows) > limit:
        raise RefusedError.saying(f"Too many {endpoint.rows_key}. Limit is currently at {limit} per batch.")


def is_doomed(endpoint: Endpoint, payload: Payload, raw: bytes) -> bool:
    """Tell whether the batch will end ``failed``: it, or one of its rows, is about the domain ``failed.example``."""
    # Looking at the bytes first spares the walk through thousands of rows in nearly every batch.
    if not endpoint.bulk or special.FAILED_DOMAIN.encode() not in raw.lower():
        return False
    if endpoint.kind is Product.VERIFY_EMAIL:
        return any(row.strip().lower().endswith(f"@{special.FAILED_DOMAIN}") for row in payload[endpoint.rows_key])
    domains = (text(row, "company_domain") for row in (payload, *payload[endpoint.rows_key]))
    return any(people.domain_of(domain, None) == special.FAILED_DOMAIN for domain in domains)


def _json_text(endpoint: Endpoint, profile: Profile) -> str:
    if endpoint.bulk:
        return "Error while parsing the JSON payload"
    return profile.verify_json_text if endpoint.kind is Product.VERIFY_EMAIL else "Invalid JSON input"


def _refusal_of_find(row: object, profile: Profile) -> str:
    """Return why one row is refused, in the words for a single search; empty when it is accepted."""
    if not isinstance(row, dict) or not (fullname := text(row, "fullname")):
        return "input payload is missing fullname"
    is_refused = people.word_of_name(fullname) is special.Word.REFUSED
    return _NO_COMPANY if is_refused or not _has_company(row) else ""


def _refusal_of_verification(row: object, profile: Profile) -> str:
    is_address = isinstance(row, str) and row.strip() and people.word_of_address(row) is not special.Word.REFUSED
    return "" if is_address else "invalid email format"


def _misspelt(endpoint: Endpoint, row: object) -> str:
    """Return the refusal of a misspelt address, which a single verification does not take and a batch does."""
    if endpoint.kind is Product.VERIFY_EMAIL and not people.is_address(str(row).strip()):
        return "invalid email format"
    return ""


def _refusal_of_phone(row: object, profile: Profile) -> str:
    if not isinstance(row, dict):
        return _NO_PERSON
    if row.get("linkedin_url"):
        return "" if _is_profile(text(row, "linkedin_url"), profile) else "Invalid linkedin_url"
    has_name = text(row, "firstname") and text(row, "lastname")
    is_refused = people.word_of_name(text(row, "lastname")) is special.Word.REFUSED
    return "" if has_name and _has_company(row) and not is_refused else _NO_PERSON


def _is_profile(url: str, profile: Profile) -> bool:
    slug = people.slug_of(url)
    if slug is None or people.word_of_slug(slug) is special.Word.REFUSED:
        return False
    return not (profile.strict_slugs and _ODD_IN_SLUG.search(slug))


def _has_company(row: Payload) -> bool:
    domain = text(row, "company_domain")
    return bool(domain or text(row, "company_name")) and domain != special.REFUSED_DOMAIN


_REFUSALS: dict[Product, Callable[[object, Profile], str]] = {
    Product.FIND_EMAIL: _refusal_of_find,
    Product.VERIFY_EMAIL: _refusal_of_verification,
    Product.FIND_PHONE: _refusal_of_phone,
}
_NO_ROWS = {
    Product.FIND_EMAIL: "Missing searches payload",
    Product.VERIFY_EMAIL: "At least 1 verification must be present in the payload",
    Product.FIND_PHONE: "At least 1 phone search must be present in the payload",
}
_ROW_NAMES = {Product.FIND_EMAIL: "search", Product.VERIFY_EMAIL: "verification", Product.FIND_PHONE: "search"}
