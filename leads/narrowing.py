"""What a mapping lets programs narrow its leads by: ``api_filters``, each a field and one lookup.

No filter may tell what is not shown: a value that is searched character by character is as good as read. So there are
neither relations nor lookups but those that a mapping names, and never a regular expression.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connections
from django.db.models import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    Field,
    FloatField,
    IntegerField,
    Model,
    Q,
    TextField,
    UUIDField,
)
from django.db.models.constants import LOOKUP_SEP

from leads.coercion import typed
from leads.keys import Keys
from leads.kinds import VALUES
from leads.mapping import LeadMapping, registry

_TEXTS = ("iexact", "startswith", "istartswith", "contains", "icontains")
_ORDERED = ("gt", "gte", "lt", "lte")
_ON_RELATIONS = ("exact", "in", "isnull")
LOOKUPS = (*_ON_RELATIONS, *_ORDERED, *_TEXTS)
_KNOWN = (BooleanField, CharField, DateField, DecimalField, FloatField, IntegerField, TextField, UUIDField)
# Who a person is; the other inputs are their employer's.
_NAMES = ("firstname", "lastname", "fullname", "linkedin_url")
_MOMENT, _LONGEST_MOMENT = DateTimeField(), 40
_YES_NO = {"true": True, "false": False}


class NoFilterError(ValueError):
    """A name in ``api_filters`` that can be no filter; the message is one sentence."""


class NoValueError(ValueError):
    """A text that is no value for a filter; the message is one sentence, without the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One filter of a mapping."""

    name: str
    # From the model to the field that is compared, and how.
    path: str
    field: Field[Any, Any]
    lookup: str
    # Whether it compares what Enrow finds, and whether it says who somebody is: neither may stand in an address.
    is_output: bool
    is_personal: bool

    def condition(self, texts: list[str], alias: str) -> Q:
        """Return the condition that these texts ask for. Raises NoValueError."""
        if self.lookup == "isnull":
            values: list[Any] = [_yes_no(text) for text in texts]
        elif self.lookup in _TEXTS:
            values = [_text(text) for text in texts]
        else:
            values = [self._value(text, alias) for text in texts]
        if self.lookup == "in":
            return Q((f"{self.path}__in", values))
        if len(values) != 1:
            raise NoValueError("It takes one value.")
        return Q((f"{self.path}__{self.lookup}", values[0]))

    def _value(self, text: str, alias: str) -> Any:  # noqa: ANN401 - whatever the field holds
        """Return a text as a value that the database can be asked for."""
        if isinstance(self.field, BooleanField):
            return _yes_no(text)
        if isinstance(self.field, CharField | TextField):
            return _text(text)
        if isinstance(self.field, IntegerField | UUIDField):
            value = Keys(self.field, alias).read(text)
            if value is None:
                raise NoValueError("That is no value for it.")
            return value
        try:
            value = typed(self.field, text)
            self.field.get_db_prep_value(value, connections[alias])
        except Exception:  # noqa: BLE001 - each kind of field raises its own at what is no value of it
            raise NoValueError("That is no value for it.") from None
        if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124 - so NaN is known
            raise NoValueError("That is no value for it.")
        return value


def _yes_no(text: str) -> bool:
    if text.lower() not in _YES_NO:
        raise NoValueError("Write true or false.")
    return _YES_NO[text.lower()]


def _text(text: str) -> str:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise NoValueError("It has a character that no text in a database has.")
    return text


def filters_of(mapping: LeadMapping) -> dict[str, Filter]:
    """Return what a mapping adds, by name. Raises NoFilterError; a check says so before."""
    return {name: read(mapping, name) for name in mapping.api_filters}


def read(mapping: LeadMapping, name: str) -> Filter:
    """Return the filter of this name. Raises NoFilterError."""
    path, field, lookup = _followed(mapping, name)
    if field.related_model is not None:
        if lookup not in _ON_RELATIONS:
            raise NoFilterError(f"a relation is compared by {', '.join(_ON_RELATIONS)}, not by {lookup!r}.")
        while field.remote_field:
            field = field.target_field
    if not isinstance(field, _KNOWN) or hasattr(field, "from_db_value"):
        raise NoFilterError(f"{type(field).__name__} cannot be compared with a text.")
    if lookup in _TEXTS and not isinstance(field, CharField | TextField):
        raise NoFilterError(f"{lookup!r} compares texts, and this is {type(field).__name__}.")
    if lookup in _ORDERED and isinstance(field, BooleanField | UUIDField):
        raise NoFilterError(f"{lookup!r} needs an order, which {type(field).__name__} has not.")
    outputs = [mapping.source(name) for facts in VALUES for name in (facts.value, facts.country) if name]
    return Filter(
        name=name,
        path=path,
        field=field,
        lookup=lookup,
        is_output=path in outputs,
        is_personal=path in [*outputs, *map(mapping.source, _NAMES)],
    )


def _followed(mapping: LeadMapping, name: str) -> tuple[str, Any, str]:
    """Return the path, its last field and the lookup."""
    *steps, last = name.split(LOOKUP_SEP)
    steps, lookup = ([*steps, last], "exact") if last not in LOOKUPS else (steps, last)
    model: type[Model] | None = mapping.model
    names: list[str] = []
    field: Any = None
    for step in steps:
        if model is None:
            raise NoFilterError(f"{names[-1]!r} is no relation, and {step!r} none of the lookups {', '.join(LOOKUPS)}.")
        if field is not None and registry.of(model) is not None:
            raise NoFilterError(f"{names[-1]!r} leads to other leads, which visible_to() may hide.")
        field = _field(model, step)
        names.append(field.name)
        model = field.related_model
    if field is None:
        raise NoFilterError("it names no field.")
    return LOOKUP_SEP.join(names), field, lookup


def _field(model: type[Model], name: str) -> Any:  # noqa: ANN401 - a field of whatever kind
    try:
        field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    except FieldDoesNotExist:
        raise NoFilterError(f"{model._meta.label} has no field {name!r}.") from None
    if not getattr(field, "concrete", False) or field.many_to_many or field.one_to_many:
        raise NoFilterError(f"{name!r} is no column of {model._meta.label}.")
    return field


def moment(text: str) -> dt.datetime:
    """Return a moment, in the project's own zone where it names none. Raises NoValueError."""
    try:
        value = typed(_MOMENT, text)
    except Exception:  # noqa: BLE001 - Django's own parsing raises several
        value = None
    # Python reads thousands of digits as a moment, too.
    if len(text) > _LONGEST_MOMENT or not isinstance(value, dt.datetime):
        raise NoValueError("Write a moment like 2026-01-31T12:00:00Z.")
    return value
