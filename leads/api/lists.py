"""What lists have in common: the parameters of an address, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from leads.api.base import EnrowView
from leads.api.openapi import Parameter
from leads.api.pages import CURSOR, LIMIT
from leads.narrowing import NoValueError, moment

Rows = TypeVar("Rows", bound=QuerySet[Any])

PAGE = (
    Parameter(name=CURSOR, about="Where the page begins; take it from 'next'."),
    Parameter(name=LIMIT, about="Rows of the page; 1 to 200.", kind=int),
)
CREATED = (
    Parameter(name="created_before", about="A moment like 2026-01-31T12:00:00Z."),
    Parameter(name="created_after", about="The same; that moment is in."),
)


def check_parameters(view: EnrowView, request: Request) -> None:
    """Raise ValidationError for a parameter that nobody knows, and for one that is given twice."""
    known = [one.name for one in view.parameters.get("GET", ()) if one.where == "query"]
    if unknown := sorted(set(request.query_params) - set(known)):
        told = f"There is no such parameter. Parameters: {', '.join(sorted(known))}."
        raise ValidationError({name[:100]: [told] for name in unknown[:10]})
    for name in request.query_params:
        only(request, name)


def only(request: Request, name: str) -> str:
    """Return a parameter that may be given once; blank when it is not."""
    texts = request.query_params.getlist(name)
    if len(texts) > 1:
        raise ValidationError({name: ["It takes one value."]})
    return str(texts[0]) if texts else ""


def one_of(request: Request, name: str, words: Collection[str]) -> str:
    """Return a word; blank when none is given."""
    text = only(request, name)
    if text and text not in words:
        raise ValidationError({name: [f"It takes one of {', '.join(words)}."]})
    return text


def created_between(request: Request, rows: Rows) -> Rows:
    """Narrow rows by when they were made."""
    for name, lookup in (("created_before", "lt"), ("created_after", "gte")):
        if text := only(request, name):
            try:
                rows = rows.filter(**{f"created_at__{lookup}": moment(text)})
            except NoValueError as error:
                raise ValidationError({name: [str(error)]}) from None
    return rows
