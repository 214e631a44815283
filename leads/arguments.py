"""What a caller may hand to enrich() and estimate(): told in a sentence that says what to write instead."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Manager, Model, QuerySet

from enrow_webhooks.client.values import Kind
from leads.kinds import JUDGING, WORDS
from leads.mapping import LeadMapping, registry


def leads(given: object) -> QuerySet[Any]:
    """Return the queryset of leads that was given.

    Raises TypeError for anything else and after ``values()`` or ``values_list()``, ValueError for a model that nobody
    mapped.
    """
    if isinstance(given, Manager):
        name = given.model.__name__
        raise TypeError(f"enrich() takes a queryset: {name}.objects.all(), not the manager alone.")
    if not isinstance(given, QuerySet):
        raise TypeError(
            f"enrich() takes a queryset of leads, not {_a(given)}. For leads that you have in a list, give "
            "Lead.objects.filter(pk__in=[lead.pk for lead in …])."
        )
    if registry.of(given.model) is None:
        raise ValueError(f"{given.model._meta.label} is not mapped to leads. {how_to_map(given.model)}")
    if given._fields is not None:  # type: ignore[attr-defined]  # Django's own mark of values(); nothing public says it
        raise TypeError("enrich() takes a queryset of leads; leave values() or values_list() away.")
    return given


def leads_by_mapping(given: object) -> Iterator[tuple[LeadMapping, QuerySet[Any] | list[Model]]]:
    """Yield each mapping with its leads, of a queryset, one instance or several.

    Raises TypeError for anything else, ValueError for a model that nobody mapped and for what is not saved yet.
    """
    if isinstance(given, Manager | QuerySet):
        queryset = leads(given)
        if mapping := registry.of(queryset.model):
            yield mapping, queryset
        return
    if not isinstance(given, Model | Iterable) or isinstance(given, str | bytes):
        raise TypeError(f"enrich_batched() takes a queryset, a lead, or several leads, not {_a(given)}.")
    several = [given] if isinstance(given, Model) else list(given)
    found: dict[str, tuple[LeadMapping, list[Model]]] = {}
    for lead in several:
        if not isinstance(lead, Model):
            raise TypeError(f"enrich_batched() takes leads, not {_a(lead)}.")
        mapping = registry.of(type(lead))
        if mapping is None:
            raise ValueError(f"{lead._meta.label} is not mapped to leads. {how_to_map(type(lead))}")
        if lead.pk is None:
            raise ValueError("enrich_batched() takes leads that are saved; this one has no key yet.")
        found.setdefault(mapping.label, (mapping, []))[1].append(lead)
    yield from found.values()


def how_to_map(model: type[Model]) -> str:
    """Return the lines that map a model, in a sentence."""
    options, name = model._meta, model.__name__
    return (
        f"Write in lead_mapping.py of the app {options.app_label}, with the names of your own fields:\n\n"
        "from leads.mapping import LeadMapping, register\n"
        f"from {model.__module__} import {name}\n\n\n"
        f"@register({name})\n"
        f"class {name}Mapping(LeadMapping):\n"
        f'    crm_id_prefix = "{options.model_name}-"\n'
        '    firstname = "first_name"\n'
        '    lastname = "last_name"\n'
        '    company_domain = "company__website"\n'
        '    email = "email"\n'
    )


def words(given: object, *, allowed: Collection[str]) -> set[str]:
    """Return the words that were given as a set. Raises TypeError for anything else, ValueError for a wrong word."""
    like = f"find takes a set of words, like {{{', '.join(map(repr, sorted(allowed)))}}}"
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"{like}, not {given!r}.")
    chosen = list(given)
    if wrong := [word for word in chosen if not isinstance(word, str) or word not in allowed]:
        raise ValueError(f"{like}; it knows no {wrong[0]!r}.")
    return set(chosen)


def kinds_of(find: Collection[str], *, verify: bool = False) -> tuple[Kind, ...]:
    """Return the kinds that ``find`` and ``verify`` ask for.

    Raises TypeError when ``find`` is no set, and ValueError for a word in it that is not allowed.
    """
    kinds = {*(WORDS[word] for word in words(find, allowed=WORDS)), *(JUDGING if verify else ())}
    if not kinds:
        choice = ", ".join(f'find={{"{word}"}}' for word in WORDS)
        raise ValueError(f"Nothing to do: give {choice} or verify=True.")
    return tuple(kind for kind in Kind if kind in kinds)


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
