"""Which leads a person means: conditions like ``company_domain__endswith=.com`` or ``employer__city=Lyon``.

Relations are followed: who has a shell may read the whole database anyway. Nothing but the command line calls this.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from django.core.exceptions import EmptyResultSet, FieldError, FullResultSet, ValidationError
from django.db.models import CharField, DateTimeField, Field, Model, Q, QuerySet, TextField

from leads.coercion import typed
from leads.mapping import LeadMapping

_YES_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_COMPARISONS = {"exact", "gt", "gte", "lt", "lte", "in", "range"}
_ON_RELATIONS = {"exact", "in", "isnull"}
# Characters of a regular expression, and of a word that is compared with known ones: both are slow to read.
_LONGEST_EXPRESSION = 1000
_LONGEST_WORD = 100
# A whole number that no database takes; what is shorter is none.
_WHOLE, _BEYOND, _SHORT = re.compile(r"[+-]?[0-9]{1,400}"), 2**63, 18
# Characters of a path over relations.
_LONGEST_NAME = 300


class FilterError(ValueError):
    """A condition, or a crm_id, that fits no lead; the message is one sentence."""


def matching(
    mapping: LeadMapping,
    conditions: Iterable[str] = (),
    *,
    crm_ids: Collection[str] = (),
    model: type[Model] | None = None,
) -> QuerySet[Any]:
    """Return the leads that meet every condition, of those with the crm_ids if any are given. Raises FilterError.

    ``model``: a proxy or a child of the mapped model, whose own rows are meant.
    """
    leads = (model or mapping.model)._default_manager.using(mapping.alias).order_by("pk")
    if crm_ids:
        keys = {mapping.key(crm_id): crm_id for crm_id in crm_ids}
        leads = leads.filter(**{f"{mapping.key_name}__in": keys.keys() - {None}})
        known = {mapping.crm_id(key) for key in leads.values_list(mapping.key_name, flat=True)}
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
    path = _followed(leads.model, left.removesuffix("!").strip())
    try:
        value = _value(path.field, path.lookup, text)
        met = Q((path.name, value))
        if path.is_to_many:
            # A lead with two such rows is one lead.
            met = Q(pk__in=leads.model._base_manager.using(leads.db).filter(met).values("pk"))
        return _written(leads.filter(~met if left.endswith("!") else met))
    except FieldError:
        _unknown_lookup(path.field, path.lookup, path.field.get_lookups())
    except (ValueError, TypeError, OverflowError, ValidationError, csv.Error):
        raise FilterError(f"{text!r} is no value for {path.name}.") from None


def _written(leads: QuerySet[Any]) -> QuerySet[Any]:
    """Return the leads, once the statement is written: some lookups reckon then, and a year may be none. Raises."""
    with contextlib.suppress(EmptyResultSet, FullResultSet):
        leads.query.get_compiler(leads.db).as_sql()
    return leads


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    """What stands left of the equals sign."""

    name: str
    # The last field of the path, and what follows it.
    field: Field[Any, Any]
    lookup: str
    is_to_many: bool


def _followed(model: type[Model], name: str) -> _Path:
    """Follow a path over relations to its last field. Raises FilterError with the part that is not there."""
    if len(name) > _LONGEST_NAME:
        raise FilterError(f"A condition's name has {len(name):,} characters; {_LONGEST_NAME} are read.")
    here, is_to_many = model, False
    head, *rest = name.split("__")
    field = _field(here, head)
    while rest and field.related_model and not _is_lookup_of_relation(field, rest):
        is_to_many = is_to_many or bool(field.one_to_many or field.many_to_many)
        here = field.related_model
        head, *rest = rest
        field = _field(here, head)
    is_to_many = is_to_many or bool(field.one_to_many or field.many_to_many)
    lookup = "__".join(rest)
    if field.related_model and lookup and lookup not in _ON_RELATIONS:
        _unknown_lookup(field, lookup, _ON_RELATIONS)
    own = getattr(field, "target_field", None) if field.related_model else field
    return _Path(name=name, field=own or here._meta.pk, lookup=lookup, is_to_many=is_to_many)


def _is_lookup_of_relation(field: Any, rest: Sequence[str]) -> bool:  # noqa: ANN401 - a field or a reverse relation
    """Tell whether what follows a relation compares it, and no field of the other model has that name."""
    names = {name for other in field.related_model._meta.get_fields() for name in _names(other)}
    return len(rest) == 1 and rest[0] in _ON_RELATIONS and rest[0] not in names


def _names(field: Any) -> Iterator[str]:  # noqa: ANN401 - a field or a reverse relation
    """Yield what a field is called in a condition."""
    yield field.name
    if hasattr(field, "attname"):
        yield field.attname


def _field(model: type[Model], name: str) -> Any:  # noqa: ANN401 - a field or a reverse relation
    fields = {key: field for field in model._meta.get_fields() for key in _names(field)}
    if name == "pk":
        return model._meta.pk
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
    if "\x00" in text:
        raise ValueError(text)  # no text of a database has it
    last = lookup.rpartition("__")[2]
    if last == "isnull":
        return _yes_no(text)
    if last in {"regex", "iregex"}:
        _check_expression(text)
    parts = next(csv.reader([text]), [""]) if last in {"in", "range"} else [text]
    if last == "range" and len(parts) != 2:
        raise ValueError(text)
    if not isinstance(field, CharField | TextField) and any(map(_is_beyond, parts)):
        raise ValueError(text)
    is_moment = isinstance(field, DateTimeField) and lookup in _COMPARISONS | {""}
    values = [typed(field, part) for part in parts] if is_moment else parts
    return values if last in {"in", "range"} else values[0]


def _is_beyond(text: str) -> bool:
    """Tell whether a text is a whole number that no database takes."""
    return len(text) > _SHORT and bool(_WHOLE.fullmatch(text)) and abs(int(text)) >= _BEYOND


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
