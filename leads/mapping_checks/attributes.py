"""What a mapping's class says, before its model is looked at: names, types, and the shape of its methods."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage
from django.core.exceptions import FieldDoesNotExist
from django.db.models import QuerySet
from django.db.models.expressions import Combinable

from leads.digests import INPUTS
from leads.kinds import VALUES
from leads.mapping import LeadMapping
from leads.mapping_checks.wording import a, error

# The lead's values, and what is known of each: status, time and country.
OUTPUTS = tuple(facts.value for facts in VALUES)
KNOWN = tuple(name for facts in VALUES for name in (facts.status, facts.checked_at, facts.country) if name)
_SOURCES = (*INPUTS, *OUTPUTS)
_TEXTS = ("crm_id_prefix", "crm_id_field", *KNOWN, "created_at")
_LISTS = ("import_fields", "export_fields", "api_filters")
# Each method that a project overrides, with arguments of the number that it is called with.
_METHODS: dict[str, tuple[object, ...]] = {
    "get_queryset": (),
    "visible_to": (None, None),
    "write": ([],),
    "forget": ([],),
}
# What a project may say: all that LeadMapping declares with a type.
_OWN = set(inspect.get_annotations(LeadMapping))
# How near a name is to one of ours to be meant; a field's name that is as near is enough where it names a field.
_NEAR, _NEARISH = 0.8, 0.7


def wrong_types(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what has the wrong type, E112: nothing else can be told of a mapping before that is right."""
    yield from _sources(mapping)
    for name in _TEXTS:
        if not isinstance(value := getattr(mapping, name), str):
            yield _wrong_type(mapping, name, value, "Write a text in quotes, or leave it out.")
    if mapping.crm_id_field == "":
        yield _wrong_type(mapping, "crm_id_field", "", 'Write the name of a unique field, or "pk".')
    for name in _LISTS:
        value = getattr(mapping, name)
        is_list = isinstance(value, list | tuple | set | frozenset) and all(isinstance(each, str) for each in value)
        if not is_list:
            yield _wrong_type(mapping, name, value, 'Write a list of names of fields, like ["city"].')
    yield from _methods(mapping)
    yield from _overridden(mapping)
    yield from _only_annotated(mapping)


def _sources(mapping: LeadMapping) -> Iterator[CheckMessage]:
    for name in _SOURCES:
        value = getattr(mapping, name)
        if not isinstance(value, str | Combinable):
            hint = "Write the name of a field, a path like employer__name, or an expression; leave it out for none."
            if isinstance(value, QuerySet):
                hint = "Put the queryset into Subquery(….values(…)[:1]), filtered by OuterRef."
            yield _wrong_type(mapping, name, value, hint)


def _wrong_type(mapping: LeadMapping, name: str, value: object, hint: str) -> CheckMessage:
    said = "blank" if value == "" else a(type(value).__name__) if value is not None else "None"
    if isinstance(value, tuple) and name not in _LISTS:
        hint = f"Is there a comma too many at the end of its line? {hint}"
    return error(mapping, name, f"it is {said}, which is nothing that a mapping can use.", hint=hint, code="E112")


def _methods(mapping: LeadMapping) -> Iterator[CheckMessage]:
    for name, arguments in _METHODS.items():
        method = getattr(mapping, name)
        hint = f"Write def {name}({', '.join(inspect.signature(getattr(LeadMapping, name)).parameters)})."
        if not callable(method):
            yield error(mapping, name, "it is no method.", hint=hint, code="E112")
        elif inspect.iscoroutinefunction(method) or inspect.isgeneratorfunction(method):
            yield error(mapping, name, "it is async or a generator; it is called as it is.", hint=hint, code="E112")
        elif not _takes(method, arguments):
            yield error(mapping, name, "it takes other arguments than it is called with.", hint=hint, code="E112")


def _takes(method: Any, arguments: tuple[object, ...]) -> bool:  # noqa: ANN401 - whatever the project wrote
    try:
        inspect.signature(method).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # something in C, of which nothing is known
        return True
    return True


def _overridden(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what is LeadMapping's own; ``crm_id = "code"`` would replace a method that everything else calls."""
    own = {name for name in vars(LeadMapping) if not name.startswith("__")} - _OWN - set(_METHODS)
    for name, _ in _said(mapping):
        if name in own:
            yield error(
                mapping,
                name,
                "this name is LeadMapping's own, and must not be replaced.",
                hint=f"Did you mean {guess}?" if (guess := _guess(name)) else "Give it another name.",
                code="E112",
            )


def _only_annotated(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield ``firstname: "given_name"``, which says nothing to Python."""
    for kind in _classes(mapping):
        try:
            annotated = inspect.get_annotations(kind)
        except NameError:  # Python 3.14 looks the names up here
            continue
        for name in sorted(_OWN & set(annotated) - set(vars(kind))):
            if getattr(mapping, name) == getattr(LeadMapping, name):
                sentence = "it has a type but no value: the line has a colon in place of an equals sign."
                yield error(mapping, name, sentence, hint=f'Write {name} = "…".', code="E112")


def unknown(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield attributes that were probably meant to be ours, E113. A project may have its own by other names."""
    for name, value in _said(mapping):
        if name.startswith("_") or hasattr(LeadMapping, name):
            continue
        if guess := _meant(mapping, name, value):
            yield error(
                mapping,
                name,
                "a mapping has no such attribute, so it does nothing.",
                hint=f"Did you mean {guess}? Begin its name with an underscore if it is your own.",
                code="E113",
            )


def _meant(mapping: LeadMapping, name: str, value: object) -> str:
    """Return which of our attributes was meant, blank for none."""
    if callable(value) or isinstance(value, property | classmethod | staticmethod):
        known = {*_METHODS, *(_OWN if isinstance(value, property) else ())}
        return _near(name, {each for each in known if each[0] == name[0]}, _NEAR)
    if guess := _near(name, _OWN, _NEAR):
        return guess
    return _guess(name) if isinstance(value, Combinable) or _names_a_field(mapping, value) else ""


def _guess(name: str) -> str:
    """Return the name of ours that is like this one, or of which it is a part: ``company`` of ``company_name``."""
    parts = [own for own in sorted(_OWN) if own.startswith(f"{name}_") or own.endswith(f"_{name}")]
    return " or ".join(parts) or _near(name, _OWN, _NEARISH)


def _near(name: str, known: set[str], cutoff: float) -> str:
    found = difflib.get_close_matches(name.lower(), sorted(known), n=1, cutoff=cutoff)
    return found[0] if found else ""


def _names_a_field(mapping: LeadMapping, value: object) -> bool:
    """Tell whether a value begins like a path of the model."""
    if not isinstance(value, str) or not value:
        return False
    try:
        mapping.model._meta.get_field(value.partition("__")[0])
    except FieldDoesNotExist:
        return False
    return True


def _classes(mapping: LeadMapping) -> list[type]:
    """Return the project's own classes of a mapping, the nearest first."""
    return [kind for kind in type(mapping).__mro__ if kind not in LeadMapping.__mro__]


def _said(mapping: LeadMapping) -> Iterator[tuple[str, object]]:
    """Yield what the project's own classes say, each name once."""
    seen: dict[str, object] = {}
    for kind in _classes(mapping):
        for name, value in vars(kind).items():
            if not (name.startswith("__") and name.endswith("__")):
                seen.setdefault(name, value)
    yield from seen.items()
