"""What a caller may hand to enrich() and estimate(): told in a sentence that says what to write instead."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal, InvalidOperation

from django.db.models import Manager, QuerySet

from leads.models import AbstractLead, get_lead_model


def leads(given: object) -> QuerySet[AbstractLead]:
    """Return the queryset of leads that was given.

    Raises TypeError for anything else and after ``values()`` or ``values_list()``, ValueError for another model's.
    """
    model = get_lead_model()
    if isinstance(given, Manager):
        raise TypeError(f"enrich() takes a queryset: {model.__name__}.objects.all(), not the manager alone.")
    if not isinstance(given, QuerySet):
        raise TypeError(
            f"enrich() takes a queryset of leads, not {_a(given)}. For leads that you have in a list, give "
            f"{model.__name__}.objects.filter(pk__in=[lead.pk for lead in …])."
        )
    if not issubclass(given.model, model._meta.concrete_model or model):
        raise ValueError(  # noqa: TRY004 - it is a queryset, of the wrong rows
            f'enrich() takes leads of {model._meta.label}, not of {given.model._meta.label}. ENROW["LEAD_MODEL"] says '
            "which model holds the leads."
        )
    if given._fields is not None:  # type: ignore[attr-defined]  # Django's own mark of values(); nothing public says it
        raise TypeError("enrich() takes a queryset of leads; leave values() or values_list() away.")
    return given


def words(given: object, *, allowed: Collection[str]) -> set[str]:
    """Return the words that were given as a set. Raises TypeError for anything else, ValueError for a wrong word."""
    like = f"find takes a set of words, like {{{', '.join(map(repr, sorted(allowed)))}}}"
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"{like}, not {given!r}.")
    chosen = list(given)
    if wrong := [word for word in chosen if not isinstance(word, str) or word not in allowed]:
        raise ValueError(f"{like}; it knows no {wrong[0]!r}.")
    return set(chosen)


def cap(given: object) -> Decimal | None:
    """Return how many credits a run may cost; None stands for no cap of its own.

    Raises TypeError for what is no number, ValueError for one that is no amount (below zero, infinite, not a number).
    """
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, Decimal | int | float | str):
        raise TypeError(f"max_credits takes a number of credits, like 100, not {given!r}.")
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and amount >= 0):
        raise ValueError(f"max_credits takes a number of credits, zero or more, like 100, not {given!r}.")
    return amount


def _a(given: object) -> str:
    name = type(given).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
