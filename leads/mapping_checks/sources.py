"""Where a source leads: a field, a path over to-one relations, or an expression, followed without a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import (
    BinaryField,
    BooleanField,
    CharField,
    DateField,
    DurationField,
    Field,
    ForeignObjectRel,
    JSONField,
    Model,
    TextField,
    TimeField,
)
from django.db.models.constants import LOOKUP_SEP

from leads.mapping import LeadMapping, Source
from leads.mapping_checks.wording import WrongError, a, label_of, listed, near

_UNKNOWN = "E116"
_TO_MANY = "E117"
_UNREADABLE = "E118"
# What these hold is never what a person would read as a name, a company, a URL or an address.
_NO_TEXT = (BinaryField, BooleanField, DateField, DurationField, JSONField, TimeField)
_ANNOTATION = "leads_mapping_check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a source ends, and which models the database joins on the way."""

    # None for an expression.
    field: Any = None
    models: tuple[type[Model], ...] = ()


def place(mapping: LeadMapping, source: Source) -> Place:
    """Return where a source that is not blank leads. Raises WrongError where it leads nowhere, or to many rows."""
    return follow(mapping.model, source) if isinstance(source, str) else _resolve(mapping, source)


def readable(mapping: LeadMapping, source: Source) -> Place:
    """Return the same of a source that is read as text. Raises WrongError where it ends at no text, or at a row."""
    found = place(mapping, source)
    field = found.field
    if field is not None:
        field = _target(field, str(source))
        if isinstance(field, _NO_TEXT) or type(field).__module__.startswith("django.contrib.postgres"):
            raise WrongError(
                f"{source!r} is {a(type(field).__name__)}, which is no text that could be sent.",
                hint='Name a field with a text, or write an expression, like KT("data__company") for a key of a '
                "JSONField.",
                code=_UNREADABLE,
            )
    return found


def follow(model: type[Model], path: str) -> Place:
    """Return where a field or a path over to-one relations ends. Raises WrongError."""
    steps = path.split(LOOKUP_SEP)
    models: list[type[Model]] = []
    here = model
    for number, step in enumerate(steps, start=1):
        field = _step(here, step, path, at=LOOKUP_SEP.join(steps[: number - 1]))
        if field.one_to_many or field.many_to_many:
            raise WrongError(
                f"{path!r} goes over {step!r}, which leads from one {label_of(here)} to many rows.",
                hint="Say which of them is meant by Subquery(….values(…)[:1]), and write values by overriding write().",
                code=_TO_MANY,
            )
        if number == len(steps):
            return Place(field=field, models=tuple(models))
        if field.related_model is None:
            raise _no_relation(path, step, field)
        here = field.related_model
        models.append(here)
    raise AssertionError


def _step(model: type[Model], step: str, path: str, *, at: str) -> Any:  # noqa: ANN401 - a field or a relation
    if step == "pk":
        return model._meta.pk
    try:
        return model._meta.get_field(step)
    except FieldDoesNotExist:
        names = field_names(model)
        guess = _over_relation(model, step) or near(step, names)
        start = f"{at}{LOOKUP_SEP}" if at else ""
        raise WrongError(
            f"{path!r} is no field or path: {label_of(model)} has no field {step!r}.",
            hint=f"Did you mean {start + guess!r}?" if guess else f"Fields of {label_of(model)}: {listed(names)}.",
            code=_UNKNOWN,
        ) from None


def field_names(model: type[Model]) -> list[str]:
    """Return the names of a model's fields, relations from other models among them."""
    return [field.name for field in model._meta.get_fields()]


def _over_relation(model: type[Model], step: str) -> str:
    """Return the path that was meant by ``employer_website`` or ``employer.website``; blank for none."""
    for field in model._meta.get_fields():
        for between in ("_", "."):
            rest = step.removeprefix(f"{field.name}{between}")
            if rest != step and isinstance(field.related_model, type):
                others = field_names(field.related_model)
                if rest in others:
                    return f"{field.name}{LOOKUP_SEP}{rest}"
    return ""


def _no_relation(path: str, step: str, field: Any) -> WrongError:  # noqa: ANN401 - a field or a relation
    if isinstance(field, JSONField):
        hint = f"A key of a JSONField is an expression: KT({path!r}) of django.db.models.fields.json."
    elif field.is_relation:
        hint = "It may lead to any model, so SQL cannot follow it; map it by a Subquery."
    else:
        hint = f"Only a relation can have {LOOKUP_SEP!r} behind it. End the path there, or write an expression."
    return WrongError(f"{path!r} goes through {step!r}, which is no relation to one model.", hint=hint, code=_UNKNOWN)


def _target(field: Any, path: str) -> Any:  # noqa: ANN401 - a field or a relation
    """Return the field with the value. A relation is read as its key, which is a text at best."""
    if isinstance(field, ForeignObjectRel) or field.column is None:
        raise _at_relation(field, path)
    target = field
    while target.remote_field:
        target = target.target_field
    if target is not field and not isinstance(target, CharField | TextField):
        raise _at_relation(field, path)
    return target


def _at_relation(field: Any, path: str) -> WrongError:  # noqa: ANN401 - a field or a relation
    related = field.related_model
    names = [name.name for name in related._meta.fields if isinstance(name, CharField)] if related else []
    return WrongError(
        f"{path!r} ends at a whole row, of which only the key would be sent.",
        hint=f"Name one of its fields, like {path + LOOKUP_SEP + (names[0] if names else 'name')!r}.",
        code=_UNREADABLE,
    )


def _resolve(mapping: LeadMapping, source: Any) -> Place:  # noqa: ANN401 - an expression of whatever kind
    try:
        query: Any = mapping.model._base_manager.annotate(**{_ANNOTATION: source}).query
        found = query.annotations[_ANNOTATION]
        # Django tells here that it cannot tell of which type the whole is.
        getattr(found, "output_field", None)
        inner = _inner_models(found)
    except Exception as error:  # noqa: BLE001 - an expression of the project may raise anything
        raise WrongError(
            f"its expression cannot be read: {type(error).__name__}: {error}.",
            hint=f"{label_of(mapping.model)}.objects.annotate(x=…) with the same expression must work.",
            code=_UNKNOWN,
        ) from None
    joins = [join.join_field for join in query.alias_map.values() if getattr(join, "join_field", None)]
    is_many = any(isinstance(field, ForeignObjectRel) and not field.one_to_one for field in joins)
    if is_many or found.contains_aggregate or found.contains_over_clause:
        raise WrongError(
            "its expression goes over many rows for one lead.",
            hint="Say which of them is meant by Subquery(….values(…)[:1]), filtered by OuterRef.",
            code=_TO_MANY,
        )
    return Place(models=(*(field.related_model for field in joins), *inner))


def _inner_models(expression: Any) -> list[type[Model]]:  # noqa: ANN401 - an expression of whatever kind
    """Return the models that subqueries of an expression read."""
    queries = [getattr(part, "query", part) for part in expression.flatten()]
    return list({query.model: None for query in queries if isinstance(getattr(query, "model", None), type)})


def own_field(mapping: LeadMapping, name: str) -> Field[Any, Any]:
    """Return the model's own column with this name. Raises WrongError for a path, a relation or nothing."""
    if LOOKUP_SEP in name:
        raise WrongError(
            f"{name!r} is a path; a column of {label_of(mapping.model)} itself is wanted.",
            hint=f"Fields of {label_of(mapping.model)}: {listed(_own_names(mapping))}.",
            code=_UNKNOWN,
        )
    field = follow(mapping.model, name).field
    if not field.concrete or field.column is None:
        raise WrongError(
            f"{name!r} is no column of {label_of(mapping.model)}.",
            hint=f"Fields of {label_of(mapping.model)}: {listed(_own_names(mapping))}.",
            code=_UNKNOWN,
        )
    return field  # type: ignore[no-any-return]  # a field that is a column


def _own_names(mapping: LeadMapping) -> list[str]:
    return [field.name for field in mapping.model._meta.concrete_fields]
