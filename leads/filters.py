"""Which leads a person means: conditions like ``company_domain__endswith=.com`` on any own field of the lead model.

Relations are not followed: a condition on a host model must not reach into its users or invoices.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Collection, Iterable
from typing import Any, NoReturn

from django.core.exceptions import FieldError, ValidationError
from django.db.models import DateTimeField, Field, Model, Q, QuerySet

from leads.coercion import typed
from leads.mapping import LeadMapping

_YES_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_COMPARISONS = {"exact", "gt", "gte", "lt", "lte", "in", "range"}
_ON_RELATIONS = {"exact", "in", "isnull"}
# Characters of a regular expression, and of a word that is compared with known ones: both are slow to read.
_LONGEST_EXPRESSION = 1000
_LONGEST_WORD = 100


class FilterError(ValueError):
    """A condition, or a crm_id, that fits no lead; the message is one sentence."""


def matching(mapping: LeadMapping, conditions: Iterable[str] = (), *, crm_ids: Collection[str] = ()) -> QuerySet[Any]:
    """Return the leads that meet every condition, of those with the crm_ids if any are given. Raises FilterError."""
    leads = mapping.model._default_manager.using(mapping.alias).order_by("pk")
    if crm_ids:
        keys = {mapping.key(crm_id): crm_id for crm_id in crm_ids}
        leads = leads.filter(**{f"{mapping.crm_id_field}__in": keys.keys() - {None}})
        known = {mapping.crm_id(key) for key in leads.values_list(mapping.crm_id_field, flat=True)}
        for crm_id in crm_ids:
            if crm_id not in known:
                raise FilterError(f"There is no lead with the crm_id {crm_id!r}.")
    for condition in conditions:
        leads = _narrowed(leads, condition)
    return leads


def first(leads: QuerySet[Any], number: int) -> QuerySet[Any]:
    """Return the first leads by primary key.

    A bound on the key, not a slice: a slice is read anew for every page, and lets more leads in as the first ones are
    enriched.
    """
    last = list(leads.order_by("pk").values_list("pk", flat=True)[number - 1 : number])
    return leads.filter(pk__lte=last[0]) if last else leads


def _narrowed(leads: QuerySet[Any], condition: str) -> QuerySet[Any]:
    left, equals, text = condition.partition("=")
    if not equals:
        raise FilterError(f"{condition!r} is no condition; write FIELD=VALUE or FIELD__LOOKUP=VALUE.")
    name, _, lookup = left.removesuffix("!").strip().partition("__")
    field = _field(leads.model, name)
    if field.is_relation and not set(lookup.split("__")) <= _ON_RELATIONS | {""}:
        _unknown_lookup(field, lookup, _ON_RELATIONS)
    try:
        value = _value(field, lookup, text)
        met = Q((f"{name}__{lookup}" if lookup else name, value))
        return leads.filter(~met if left.endswith("!") else met)
    except FieldError:
        _unknown_lookup(field, lookup, field.get_lookups())
    except (ValueError, TypeError, ValidationError, csv.Error):
        raise FilterError(f"{text!r} is no value for {name}{'__' if lookup else ''}{lookup}.") from None


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    fields = {key: field for field in model._meta.concrete_fields for key in (field.name, field.attname)}
    if name not in fields:
        raise FilterError(f"A {model._meta.verbose_name} has no field {name!r}. {_near(name, fields, 'Fields')}")
    return fields[name]


def _unknown_lookup(field: Field[Any, Any], lookup: str, known: Iterable[str]) -> NoReturn:
    raise FilterError(f"{field.name} has no lookup {lookup!r}. {_near(lookup, known, 'Lookups')}") from None


def _near(word: str, known: Iterable[str], what: str) -> str:
    near = difflib.get_close_matches(word[:_LONGEST_WORD], known, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"{what}: {', '.join(sorted(known))}."


def _value(field: Field[Any, Any], lookup: str, text: str) -> object:
    """Return what Django's lookup takes. Raises ValueError, ValidationError or csv.Error."""
    last = lookup.rpartition("__")[2]
    if last == "isnull":
        return _yes_no(text)
    if last in {"regex", "iregex"}:
        _check_expression(text)
    parts = next(csv.reader([text]), [""]) if last in {"in", "range"} else [text]
    if last == "range" and len(parts) != 2:
        raise ValueError(text)
    is_moment = isinstance(field, DateTimeField) and lookup in _COMPARISONS | {""}
    values = [typed(field, part) for part in parts] if is_moment else parts
    return values if last in {"in", "range"} else values[0]


def _check_expression(text: str) -> None:
    """Raise ValueError for what is no regular expression: the database would fail in the middle of the run."""
    if len(text) > _LONGEST_EXPRESSION:
        raise ValueError(text)
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        raise ValueError(text) from None


def _yes_no(text: str) -> bool:
    if text.lower() not in _YES_NO:
        raise ValueError(text)
    return _YES_NO[text.lower()]
