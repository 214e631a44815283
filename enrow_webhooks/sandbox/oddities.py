"""Rows of which Enrow makes something that no document rules out: left out, never ended, or found with nonsense.

A special word in the inputs makes one row odd; the facts ``missing_rows``, ``ongoing_rows`` and ``worthless_values``
make a share of all rows odd. Which ones is a pure function of seed, place and inputs, so a test can ask ``oddity_of``
what to expect. Only what is told changes: such a row is billed as if it were whole.
"""

import json
from typing import Any

from enrow_webhooks.sandbox import people
from enrow_webhooks.sandbox.endpoints import Product
from enrow_webhooks.sandbox.profiles import Profile
from enrow_webhooks.sandbox.special import Word
from enrow_webhooks.sandbox.validation import text

_ODD = (Word.MISSING, Word.ONGOING, Word.WORTHLESS)
_NO_INPUT = frozenset({"custom", "settings"})
_NAMED = tuple(word.encode() for word in _ODD)


def oddities_of(profile: Profile, seed: int, kind: Product, rows: list[Any], raw: bytes) -> list[Word | None]:
    """Return what is odd about each row of a batch; ``raw`` is the request as it came."""
    # Looking at the bytes first spares the walk through thousands of rows in nearly every batch.
    small = raw.lower()
    if not _has_shares(profile) and not any(word in small for word in _NAMED):
        return [None] * len(rows)
    return [oddity_of(profile, seed, kind, place, row) for place, row in enumerate(rows)]


def oddity_of(profile: Profile, seed: int, kind: Product, place: int, row: Any) -> Word | None:  # noqa: ANN401 -- JSON
    """Return what is odd about one row of a request, at its place from 0, or None."""
    word = special_word_of(kind, row)
    if word in _ODD:
        return word
    if not _has_shares(profile):
        return None
    shares = {
        Word.MISSING: profile.missing_rows,
        Word.ONGOING: profile.ongoing_rows,
        Word.WORTHLESS: profile.worthless_values,
    }
    inputs = json.dumps(_inputs_of(row), sort_keys=True)
    lots = (odd for odd, share in shares.items() if people.share(str(seed), odd, str(place), inputs) < share)
    return next(lots, None)


def _inputs_of(row: Any) -> Any:  # noqa: ANN401 -- JSON
    """Return what says who is searched: who asks, and where the answer goes, is not the same in two runs of a test."""
    return {key: value for key, value in row.items() if key not in _NO_INPUT} if isinstance(row, dict) else row


def special_word_of(kind: Product, row: Any) -> Word | None:  # noqa: ANN401 -- JSON
    """Return the special word in the inputs of one row, or None."""
    if kind is Product.VERIFY_EMAIL:
        return people.word_of_address(row)
    if kind is Product.FIND_EMAIL:
        return people.word_of_name(text(row, "fullname"))
    if row.get("linkedin_url"):
        return people.word_of_slug(people.slug_of(text(row, "linkedin_url")) or "")
    return people.word_of_name(text(row, "lastname"))


def order_of(profile: Profile, seed: int, count: int) -> list[int]:
    """Return the places of the rows of a batch in the order in which its results tell them."""
    order = list(range(count))
    if not profile.shuffled_rows:
        return order
    order.sort(key=lambda place: people.share(str(seed), "order", str(place)))
    # A lot that leaves everything in its place would promise more than it keeps.
    return order if order != list(range(count)) else order[1:] + order[:1]


def _has_shares(profile: Profile) -> bool:
    return bool(profile.missing_rows or profile.ongoing_rows or profile.worthless_values)
