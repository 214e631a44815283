"""Phone numbers: whether a text is one, and its form in E.164."""

from __future__ import annotations

import re

import phonenumbers

from enrow_webhooks.client.errors import BadInput

_DIGIT = re.compile(r"\d")
# The shortest numbers of small countries.
_FEWEST_DIGITS = 5
# E.164 has no longer ones; and what is kept as it came has to fit its column.
_MOST_DIGITS, _LONGEST = 15, 32
_ROUNDED = re.compile(r"\A\d+(?:[.,]\d+)?E[+-]?\d+", re.IGNORECASE)
# As spreadsheets and pandas write it, always with a sign; 123e4567 may be an id. An apostrophe marks a text.
_ROUNDED_ID = re.compile(r"\A'?[1-9](?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_NO_COUNTRY = phonenumbers.NumberParseException.INVALID_COUNTRY_CODE


def is_number(value: str) -> bool:
    """Tell whether a text has a phone number in it, which a spreadsheet has not rounded: 1.57E+10 is none."""
    return len(_DIGIT.findall(value)) >= _FEWEST_DIGITS and not is_rounded(value)


def _may_be_dialled(number: str) -> bool:
    """Tell whether a number has no more digits than any has, and the column takes it as it came."""
    return len(number) <= _LONGEST and len(_DIGIT.findall(number)) <= _MOST_DIGITS


def is_rounded(value: str) -> bool:
    """Tell whether a spreadsheet has rounded a number, like 1.57E+10: most of its digits are lost."""
    return _ROUNDED.fullmatch(value.strip()) is not None


def is_rounded_id(value: str) -> bool:
    """Tell whether a spreadsheet has rounded an id of digits, like 1.23456789012346E+17; it keeps 15 of them."""
    return _ROUNDED_ID.fullmatch(value.strip()) is not None


def e164(number: str, country: str) -> tuple[str, str]:
    """Return the number in E.164 and its country; one that nobody can dial raises BadInput.

    A number of an unknown country stays as it came if it is long enough for one: Google's library cannot tell more.
    """
    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException as error:
        if error.error_type == _NO_COUNTRY and is_number(number) and _may_be_dialled(number):
            return number, country
        raise BadInput(f"{number[:80]!r} is not a phone number.") from None
    if not phonenumbers.is_possible_number(parsed):
        raise BadInput(f"{number[:80]!r} is not a possible phone number.")
    return (
        phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),
        country or phonenumbers.region_code_for_number(parsed) or "",
    )


def dialled(number: str, country: str) -> str:
    """Return a number that a person typed in E.164.

    Raises BadInput for one that is none, of which no country is known, or that has an extension, which E.164 has not.
    """
    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException as error:
        if error.error_type == _NO_COUNTRY:
            raise BadInput(f"no country says how {number[:80]!r} is dialled from abroad.") from None
        raise BadInput(f"{number[:80]!r} is not a phone number.") from None
    if parsed.extension:
        raise BadInput(f"{number[:80]!r} has an extension.")
    if not phonenumbers.is_possible_number(parsed):
        raise BadInput(f"{number[:80]!r} is not a possible phone number.")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
