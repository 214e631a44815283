"""Requests as older documentation spells them: ``emails`` for the rows of a verification, ``first_name``.

They are brought to today's keys before anything looks at them.
"""

from typing import Any

from enrow_webhooks.sandbox.endpoints import Endpoint, Product
from enrow_webhooks.sandbox.profiles import Profile

Payload = dict[str, Any]

_ROWS = {"emails": "verifications"}
_NAMES = {"first_name": "firstname", "last_name": "lastname"}


def with_current_keys(endpoint: Endpoint, payload: Payload, profile: Profile) -> Payload:
    """Return the request with today's keys; the very same one when the profile knows no others."""
    if endpoint.kind is Product.VERIFY_EMAIL and endpoint.bulk and profile.verify_rows_key != "verifications":
        return _renamed(payload, _ROWS, takes_both=profile.verify_rows_key == "either")
    if endpoint.kind is not Product.FIND_PHONE or profile.phone_names == "firstname":
        return payload
    takes_both = profile.phone_names == "either"
    if not endpoint.bulk:
        return _renamed(payload, _NAMES, takes_both=takes_both)
    rows = payload.get(endpoint.rows_key)
    if not isinstance(rows, list):
        return payload
    renamed = [_renamed(row, _NAMES, takes_both=takes_both) if isinstance(row, dict) else row for row in rows]
    return {**payload, endpoint.rows_key: renamed}


def _renamed(row: Payload, older: dict[str, str], *, takes_both: bool) -> Payload:
    """Return the row with its older keys renamed. Today's spelling wins where it is taken, else it is not read."""
    known = older.keys() if takes_both else {*older, *older.values()}
    return {older[key]: row[key] for key in older if key in row} | {
        key: value for key, value in row.items() if key not in known
    }
