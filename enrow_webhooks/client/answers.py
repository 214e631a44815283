"""Enrow's JSON into our values: the one table where its words become ours.

Every generation of the documentation is read: ``credits_cost`` as an object or a number, ``index`` as text, integer or
UUID, ``custom`` as an object or text. What has the wrong type counts as absent.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from enrow_webhooks.client.errors import BadInput
from enrow_webhooks.client.inputs import clean_text, profile_url
from enrow_webhooks.client.values import (
    Answer,
    FindEmail,
    FindPhone,
    Kind,
    Query,
    Result,
    SearchStatus,
    Verdict,
    VerifyEmail,
)

_VERDICTS = {
    "valid": Verdict.FOUND,
    "found": Verdict.FOUND,
    "invalid": Verdict.NOT_FOUND,
    "not_found": Verdict.NOT_FOUND,
    "ongoing": Verdict.ONGOING,
}
_PROGRESS = {progress.value: progress for progress in SearchStatus}
_NOTHING: Mapping[str, object] = {}
_COUNTRY = re.compile(r"[A-Za-z]{2}")
# More credits than anybody has, and finer than Enrow counts.
_TOO_MANY = Decimal(10**9)
_FINEST = Decimal("0.0001")
_LONGEST_VALUE = 254
# A crm_id of 128 characters, each escaped, in its object.
_LONGEST_CUSTOM = 2000


def mapping(value: object) -> Mapping[str, object]:
    """Return the value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def text(value: object, limit: int = 500) -> str:
    """Return the value if it is text, in one line and bounded, else ''."""
    return clean_text(value)[:limit] if isinstance(value, str) else ""


def decimal(value: object) -> Decimal | None:
    """Return credits as an exact number (Enrow counts in quarters), None when there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):  # ValueError: an integer of more digits than Python writes out
        return None
    # Compared, never computed with: arithmetic on 1E+999999999 raises.
    if not number.is_finite() or not -_TOO_MANY < number < _TOO_MANY:
        return None
    return number if -4 <= int(number.as_tuple().exponent) <= 9 else number.quantize(_FINEST)


def crm_id_of(custom: object) -> str:
    """Return the crm_id in ``custom``: the ``crm_id`` of an object, also of one that came as text, or the bare text."""
    return text(_named(custom), 128)


def _named(custom: object) -> str:
    """Return what stands in ``custom`` for a crm_id, exactly as it came; blank for nothing."""
    found = mapping(_unpacked(custom)).get("crm_id", custom)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found) if abs(found) < 10**18 else ""
    return found if isinstance(found, str) else ""


def _unpacked(custom: object) -> object:
    """Return the object that stands as JSON in a text; anything else as it came."""
    if isinstance(custom, str) and custom.lstrip().startswith("{") and len(custom) <= _LONGEST_CUSTOM:
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(custom)
    return custom


def verdict_of(body: Mapping[str, object]) -> Verdict:
    """Return the verdict of one result; an unknown qualification is UNUSABLE, never an error."""
    return _VERDICTS.get(text(body.get("qualification")).lower(), Verdict.UNUSABLE)


def result(kind: Kind, body: Mapping[str, object]) -> Result:
    """Read one result, be it a single GET, an item of a bulk GET or what an event carries."""
    verdict = verdict_of(body)
    came = body.get(_VALUE_KEYS[kind])
    value = text(came, _LONGEST_VALUE + 1)
    if kind is not Kind.VERIFY_EMAIL and verdict is Verdict.FOUND and not 0 < len(value) <= _LONGEST_VALUE:
        # What is cut off might be somebody else's.
        verdict, value = Verdict.WORTHLESS, value or _as_json(came)
    value = value[:_LONGEST_VALUE]
    country, crm_id = text(body.get("country")), crm_id_of(body.get("custom"))
    # An "invalid" answer of the finder can still carry an address: only a hit counts.
    keep = verdict is not Verdict.NOT_FOUND or kind is Kind.VERIFY_EMAIL
    return Result(
        verdict=verdict,
        value=value if keep else "",
        country=country.upper() if _COUNTRY.fullmatch(country) else "",
        crm_id=crm_id,
        is_verbatim=crm_id == _named(body.get("custom")),
        index=_index(body.get("index")),
        echo=_ECHOES[kind](body),
    )


def _as_json(value: object) -> str:
    """Return what came instead of a text, for a person to read; blank for nothing."""
    if value is None or value == "":
        return ""
    try:
        return clean_text(json.dumps(value))[:_LONGEST_VALUE]
    except RecursionError:
        return "(nested too deeply)"


def _index(value: object) -> int | None:
    """Return a count or place, be it a number or text; None for a UUID and for what no batch can have."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 7:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**6 else None


def _find_email(body: Mapping[str, object]) -> FindEmail | None:
    sent = mapping(body.get("raw_params"))
    names = {key: text(sent.get(key)) for key in ("fullname", "company_domain", "company_name")}
    return FindEmail(**names) if names["fullname"] else _found_person(mapping(body.get("info")))


def _found_person(info: Mapping[str, object]) -> FindEmail | None:
    """Read whom Enrow found: a single search echoes nothing else."""
    name = text(info.get("fullname")) or clean_text(f"{text(info.get('firstname'))} {text(info.get('lastname'))}")
    domain = text(info.get("company_domain")) or text(info.get("domain"))
    return FindEmail(fullname=name, company_domain=domain) if name else None


def _verify_email(body: Mapping[str, object]) -> VerifyEmail | None:
    email = text(body.get("email"))
    return VerifyEmail(email=email) if email else None


def _find_phone(body: Mapping[str, object]) -> FindPhone | None:
    sent = mapping(body.get("params"))
    names = {key: text(sent.get(key)) for key in ("firstname", "lastname", "company_domain", "company_name")}
    url = _profile(text(sent.get("linkedin_url")))
    return FindPhone(linkedin_url=url, **names) if url or names["lastname"] else None


def _profile(url: str) -> str:
    try:
        return profile_url(url) if url else ""
    except BadInput:
        return url


# Where the value stands in a result, and how the inputs are echoed. A kind that is not named here fails at once,
# instead of bringing results without a value.
_VALUE_KEYS = {Kind.FIND_EMAIL: "email", Kind.VERIFY_EMAIL: "email", Kind.FIND_PHONE: "number"}
_ECHOES: dict[Kind, Callable[[Mapping[str, object]], Query | None]] = {
    Kind.FIND_EMAIL: _find_email,
    Kind.VERIFY_EMAIL: _verify_email,
    Kind.FIND_PHONE: _find_phone,
}


def single_answer(kind: Kind, body: Mapping[str, object]) -> Answer:
    """Read the body of a single GET; ``qualification`` says whether it is done, never the HTTP code.

    Raises ValueError when the body has none: a page of some gateway is no result.
    """
    if not text(body.get("qualification")):
        raise ValueError("it has no qualification.")
    found = result(kind, body)
    if found.verdict is Verdict.ONGOING:
        return Answer(status=SearchStatus.ONGOING)
    return Answer(status=SearchStatus.COMPLETED, results=(found,))


def bulk_answer(kind: Kind, body: Mapping[str, object]) -> Answer:
    """Read the body of a bulk GET; ``general.status`` says whether it is done, never the HTTP code.

    Raises ValueError when the status is none that Enrow documents.
    """
    status = _PROGRESS.get(text(mapping(body.get("general")).get("status")).lower())
    if status is None:
        raise ValueError("it has no known general.status.")
    items, stats = body.get("results"), mapping(body.get("stats"))
    return Answer(
        status=status,
        results=tuple(result(kind, row) for row in items if isinstance(row, dict)) if isinstance(items, list) else (),
        cost=_final_cost(stats),
        # Older documentation counts the hits of a phone batch under "valid" as well.
        hits=_index(stats.get("found", stats.get("valid"))),
    )


def _final_cost(stats: Mapping[str, object]) -> Decimal | None:
    cost = stats.get("credits_cost")
    if isinstance(cost, dict):
        return decimal(cost.get("final"))
    # Whether a phone batch's credits_cost is before or after its credits_to_refund is documented nowhere.
    return None if decimal(stats.get("credits_to_refund")) else decimal(cost)
