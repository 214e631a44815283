"""The six search endpoints as data: path, success code, event name and the literal texts that belong to each.

Source: the endpoint pages of docs.enrow.io. The texts for a missing id on the two e-mail finder paths and on bulk
verification, and the text for an unknown id on ``/phone/single``, are inferred from their documented twins.
"""

from dataclasses import dataclass
from enum import StrEnum


class Product(StrEnum):
    """What is searched, and so what it costs."""

    FIND_EMAIL = "find_email"
    VERIFY_EMAIL = "verify_email"
    FIND_PHONE = "find_phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One path that is launched by POST and read by GET."""

    path: str
    kind: Product
    bulk: bool
    created: int
    """Success code of the POST: 200 for single e-mail searches, 201 for phones and for everything in bulk."""
    launched: str
    """The ``message`` of an accepted POST."""
    event: str
    """The ``event`` of the webhook that tells of the end."""
    id_missing: str
    id_unknown: str
    rows_key: str = ""
    """Where a bulk request keeps its rows; empty for a single one."""


_ALL = (
    Endpoint(
        path="/email/find/single",
        kind=Product.FIND_EMAIL,
        bulk=False,
        created=200,
        launched="Single search operating",
        event="single_search_finished",
        id_missing="The single search id is missing in the URL query string",
        id_unknown="Could not retrieve single search results",
    ),
    Endpoint(
        path="/email/find/bulk",
        kind=Product.FIND_EMAIL,
        bulk=True,
        created=201,
        launched="Bulk search operating",
        event="bulk_search_finished",
        id_missing="The bulk search id is missing in the URL query string",
        id_unknown="Could not retrieve bulk search results",
        rows_key="searches",
    ),
    Endpoint(
        path="/email/verify/single",
        kind=Product.VERIFY_EMAIL,
        bulk=False,
        created=200,
        launched="Single verification operating",
        event="verification_finished",
        id_missing="The single verif id is missing in the URL query string",
        id_unknown="Could not retrieve single verification results",
    ),
    Endpoint(
        path="/email/verify/bulk",
        kind=Product.VERIFY_EMAIL,
        bulk=True,
        created=201,
        launched="Bulk verification operating",
        event="bulk_verification_finished",
        id_missing="The bulk verif id is missing in the URL query string",
        id_unknown="Could not retrieve bulk verification results",
        rows_key="verifications",
    ),
    Endpoint(
        path="/phone/single",
        kind=Product.FIND_PHONE,
        bulk=False,
        created=201,
        launched="Single search operating",
        event="single_phone_search_finished",
        id_missing="Missing id in the query params",
        id_unknown="Could not retrieve single search results",
    ),
    Endpoint(
        path="/phone/bulk",
        kind=Product.FIND_PHONE,
        bulk=True,
        created=201,
        launched="Bulk search operating",
        event="bulk_phone_search_finished",
        id_missing="Missing id in the query params",
        id_unknown="Could not retrieve bulk search results",
        rows_key="searches",
    ),
)

ENDPOINTS = {endpoint.path: endpoint for endpoint in _ALL}
