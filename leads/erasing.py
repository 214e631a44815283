"""The row of a person who is forgotten: deleted, or its values blanked, as the mapping says; and a look if it is so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib.admin.utils import NestedObjects
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import Field, Model, ProtectedError, RestrictedError
from django.utils.text import capfirst

from enrow_webhooks.client.scrub import constraint, describe
from enrow_webhooks.transactions import owned
from leads.kinds import VALUES
from leads.mapping import LeadMapping, OnForget

_BLANKS = (None, "")


class NotForgotten(Exception):  # noqa: N818 - it is a verdict
    """Somebody could not be forgotten, and nothing has changed; the message says why, without a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What would become of rows of the project, by what a person calls them."""

    # Fields that are blanked, in how many rows.
    blanked: Mapping[str, int] = field(default_factory=dict)
    # Rows that are deleted, the leads and what goes with them.
    deleted: Mapping[str, int] = field(default_factory=dict)
    # Rows that keep a lead from being deleted.
    protected: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Foreseen) -> Foreseen:
        return Foreseen(
            blanked=_added(self.blanked, other.blanked),
            deleted=_added(self.deleted, other.deleted),
            protected=_added(self.protected, other.protected),
        )


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted((Counter(one) + Counter(other)).items()))


def _counted(rows: Iterable[Model]) -> dict[str, int]:
    """Count rows by what a person calls them."""
    return dict(sorted(Counter(_plural(type(row)) for row in rows).items()))


def foresee(mapping: LeadMapping, keys: Collection[Any]) -> Foreseen:
    """Tell what erase() would do; changes nothing. What goes with rows is read as Django's own admin does it."""
    rows = mapping.by_keys(keys)
    if mapping.on_forget != OnForget.DELETE:
        fields = ", ".join(capfirst(str(column.verbose_name)) for column in _columns(mapping))
        number = rows.count()
        return Foreseen(blanked={f"{_plural(mapping.model)}: {fields}": number} if number else {})
    collector = NestedObjects(using=mapping.alias)
    collector.collect(rows)
    going = [row for rows_of_model in collector.model_objs.values() for row in rows_of_model]
    return Foreseen(deleted=_counted(going), protected=_counted(collector.protected))


def erase(mapping: LeadMapping, keys: Collection[Any]) -> int:
    """Delete or blank the rows with these keys; return how many there were. Raises NotForgotten."""
    try:
        return owned(mapping.alias, partial(_erase, mapping, keys))
    except (InterfaceError, OperationalError, NotForgotten):
        raise
    except (ProtectedError, RestrictedError) as error:
        raise NotForgotten(f"{_protectors(error)} keep a lead from being deleted; delete them first.") from error
    except DatabaseError as error:
        refused = f"{type(error).__name__} {constraint(error)}".rstrip()
        raise NotForgotten(f"The table of {mapping.model._meta.label} refuses it: {refused}.") from error
    except Exception as error:
        raise NotForgotten(
            f"Code of the project refuses it for {mapping.model._meta.label}: {describe(error)}"
        ) from error


def _erase(mapping: LeadMapping, keys: Collection[Any]) -> int:
    locked = mapping.by_keys(keys).order_by(mapping.crm_id_field).select_for_update()
    found = list(locked.values_list(mapping.crm_id_field, flat=True))
    if found:
        mapping.forget(found)
        (_delete if mapping.on_forget == OnForget.DELETE else _blank)(mapping, found)
    return len(found)


def _delete(mapping: LeadMapping, keys: Collection[Any]) -> None:
    rows = mapping.by_keys(keys)
    rows.delete()
    if left := rows.all().count():
        raise NotForgotten(
            f"{left} of {len(keys)} rows of {mapping.model._meta.label} are still there after they were deleted: "
            "a trigger, or code of the project, keeps them."
        )


def _blank(mapping: LeadMapping, keys: Collection[Any]) -> None:
    values = {column.name: _blank_of(mapping, column) for column in _columns(mapping)}
    # As each change of a row does it.
    row = mapping.model()
    for column in mapping.model._meta.concrete_fields:
        if getattr(column, "auto_now", False):
            values[column.name] = column.pre_save(row, add=False)
    if values:
        mapping.by_keys(keys).update(**values)
    if left := _not_blank(mapping, keys):
        raise NotForgotten(
            f"{mapping.model._meta.label} still has the {' and '.join(left)} of somebody. Where a value is in no "
            f"column of the model, {type(mapping).__name__}.forget() blanks it; a trigger may have brought it back."
        )


def _outputs(mapping: LeadMapping) -> dict[str, Any]:
    """Return what the mapping has of a lead's values and of what is known of them: our words, and where each is."""
    names = [name for facts in VALUES for name in (facts.value, facts.status, facts.checked_at, facts.country) if name]
    return {name: source for name in names if (source := mapping.source(name))}


def _columns(mapping: LeadMapping) -> list[Field[Any, Any]]:
    columns = [mapping.column(name) for name in _outputs(mapping)]
    return [column for column in columns if column is not None and column.concrete]


def _blank_of(mapping: LeadMapping, column: Field[Any, Any]) -> Any:  # noqa: ANN401 - of whatever field
    if column.null:
        return None
    if column.empty_strings_allowed:
        return ""
    raise NotForgotten(f"{mapping.model._meta.label}.{column.name} cannot be blank; let it be null.")


def _not_blank(mapping: LeadMapping, keys: Collection[Any]) -> list[str]:
    """Return which values are still there; read anew, by the ORM, wherever they are."""
    outputs = _outputs(mapping)
    rows = list(mapping.by_keys(keys).values_list(*outputs.values())) if outputs else []
    return [name for place, name in enumerate(outputs) if any(row[place] not in _BLANKS for row in rows)]


def _plural(model: type[Model]) -> str:
    return str(model._meta.verbose_name_plural)


def _protectors(error: ProtectedError | RestrictedError) -> str:
    objects = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
    return capfirst(", ".join(sorted({_plural(type(row)) for row in objects})))
