"""Pages by cursor: each begins behind the last row of the one before, by an index, so that each costs the same.

A cursor says where a page begins and nothing else: keys and times, never a value that somebody searched by.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

CURSOR, LIMIT = "cursor", "limit"
# Rows of a page, and of the largest.
_USUAL, _MOST = 50, 200
_LONGEST_CURSOR = 500


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Page:
    """Some rows, and where the next ones begin; None behind the last."""

    results: Sequence[Any]
    next: str | None


def size(request: Request) -> int:
    """Return how many rows are asked for. Raises ValidationError."""
    text = request.query_params.get(LIMIT, str(_USUAL))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= _MOST):
        raise ValidationError({LIMIT: [f"A page has 1 to {_MOST} rows."]})
    return int(text)


def place(request: Request) -> list[str] | None:
    """Return what the cursor says, None without one. Raises ValidationError for what is none of ours."""
    text = request.query_params.get(CURSOR)
    if text is None:
        return None
    try:
        said = json.loads(base64.urlsafe_b64decode(text[:_LONGEST_CURSOR].encode("ascii")).decode("utf-8"))
    except (ValueError, RecursionError, binascii.Error):
        raise wrong_cursor() from None
    if not (isinstance(said, list) and all(isinstance(each, str) for each in said)):
        raise wrong_cursor()
    return said


def wrong_cursor() -> ValidationError:
    """Return what is said of a cursor that is none."""
    return ValidationError({CURSOR: ["Take the cursor from the address in 'next'; this is none."]})


def address(request: Request, said: Sequence[object]) -> str:
    """Return the address of the page that begins behind a place."""
    cursor = base64.urlsafe_b64encode(json.dumps([str(each) for each in said]).encode()).decode("ascii")
    return replace_query_param(remove_query_param(request.build_absolute_uri(), CURSOR), CURSOR, cursor)


def newest_first(request: Request, rows: QuerySet[Any]) -> Page:
    """Return a page of rows with ``created_at`` and a UUID, newest first."""

    def behind(said: list[str]) -> Q:
        at, pk = _moment(said[0]), uuid.UUID(said[1])
        # The first condition is what the index is searched by; the second leaves out what has been shown.
        return Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=pk))

    ordered = rows.order_by("-created_at", "-pk")
    return paged(request, ordered, behind=behind, place_of=lambda row: (row.created_at.isoformat(), row.pk))


def _moment(text: str) -> dt.datetime:
    at = parse_datetime(text)
    if at is None or at.tzinfo is None:
        raise ValueError(text)
    return at


def paged(
    request: Request,
    ordered: QuerySet[Any],
    *,
    behind: Callable[[list[str]], Q],
    place_of: Callable[[Any], Sequence[object]],
) -> Page:
    """Return a page of rows in their order; ``behind`` is the condition of a place, ``place_of`` the place of a row."""
    said, number = place(request), size(request)
    if said is not None:
        try:
            ordered = ordered.filter(behind(said))
        except (ValueError, TypeError, IndexError, AttributeError, OverflowError):
            raise wrong_cursor() from None
    rows = list(ordered[: number + 1])
    has_more = len(rows) > number
    return Page(results=rows[:number], next=address(request, place_of(rows[number - 1])) if has_more else None)
