"""``get_queryset()`` of a mapping: called once, never asked of the database."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage
from django.db import Error as DatabaseProblem
from django.db.models import QuerySet

from leads.mapping import LeadMapping
from leads.mapping_checks.wording import a, error, label_of


def check_queryset(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what is wrong with what ``get_queryset()`` returns, E128.

    One that asks the database itself is not judged where the database does not answer: ``migrate`` makes the tables.
    """
    try:
        found: object = mapping.get_queryset()
    except DatabaseProblem:
        return
    except Exception as problem:  # noqa: BLE001 - a project's own method may raise anything
        sentence = f"it raises {type(problem).__name__}: {problem}."
        yield error(mapping, "get_queryset", sentence, hint="Return a queryset of the model.", code="E128")
        return
    if wrong := _wrong(mapping, found):
        sentence, hint = wrong
        yield error(mapping, "get_queryset", sentence, hint=hint, code="E128")


def _wrong(mapping: LeadMapping, found: object) -> tuple[str, str] | None:
    told = label_of(mapping.model)
    rows = f"Return {mapping.model.__name__}.objects.filter(…)"
    if not isinstance(found, QuerySet):
        what = "nothing" if found is None else a(type(found).__name__)
        return f"it returns {what}, not a queryset.", f"{rows}."
    if found.model._meta.concrete_model is not mapping.model:
        return (
            f"it returns rows of {label_of(found.model)}, not of {told}.",
            f"{rows}; relations can be followed there.",
        )
    query = found.query
    if query.is_sliced:
        return "it returns a slice, which cannot be asked for single leads.", f"{rows} without [:…]."
    if query.combinator:
        return f"it returns a {query.combinator}, which cannot be asked for single leads.", f"{rows}, with Q(…) | Q(…)."
    if query.values_select:
        return "it returns values, not rows.", f"{rows} without values()."
    return None
