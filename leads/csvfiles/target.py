"""Where the rows of a file go: a mapped model, its columns by the words of the file, and what is known of values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import NOT_PROVIDED, AutoField, Field

from leads import reading, sql
from leads.csvfiles.fields import CRM_ID, FileColumn, fields, is_own, stored
from leads.kinds import VALUES
from leads.mapping import LeadMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """What a person asked for."""

    # Whether the filled cells are written onto leads that are there.
    update: bool = False
    # Whether each row is saved by the ORM.
    save: bool = False
    # Whether it is only told what would be done.
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Target:
    """A mapped model, as a file fills it."""

    mapping: LeadMapping

    @cached_property
    def fields(self) -> dict[str, FileColumn]:
        """What stands in a file, by the words that head it."""
        return fields(self.mapping)

    @cached_property
    def columns(self) -> dict[str, Field[Any, Any]]:
        """The model's columns by the words of the file; those that no file has by their own names."""
        known = stored(self.fields) | {CRM_ID: self.mapping.own_key_field} | self._beside()
        rest = {field.name: field for field in self.mapping.model._meta.concrete_fields}
        taken = set(known.values())
        return known | {name: field for name, field in rest.items() if name not in known and field not in taken}

    @cached_property
    def stored(self) -> list[str]:
        """What a file fills, by its words."""
        return list(stored(self.fields))

    def _beside(self) -> dict[str, Field[Any, Any]]:
        """Return the columns for what is known of a value that a file fills, also where no file may fill them."""
        names = (name for facts in VALUES for name in (facts.status, facts.checked_at, facts.country) if name)
        return {name: field for name in names if (field := self.mapping.column(name))}

    @property
    def is_own(self) -> bool:
        """Whether the leads are ``leads.Lead``, each of which has a crm_id that a file may give."""
        return is_own(self.mapping)

    @property
    def fills_key(self) -> bool:
        """Whether a file gives a new lead its key."""
        return self.fields[CRM_ID].field is not None

    @cached_property
    def has_zeros(self) -> bool:
        """Whether the key of a lead begins with a zero; asked once per file."""
        name = f"{self.mapping.crm_id_field}__startswith"
        return self.mapping.rows().filter(**{name: "0"}).exists()

    @cached_property
    def needs_orm(self) -> str:
        """Why one statement cannot write these rows, as the end of a sentence; blank where it can."""
        if self.mapping.model._meta.parents:
            return "its rows stand in two tables"
        if self.mapping.alias != sql.alias():
            return "it is in another database"
        for field in stored(self.fields).values():
            if is_made(field):
                return f"{field.name} has a default of the database"
            if not _is_plain(field):
                return f"{field.name} turns what is written to it"
        return ""

    @cached_property
    def required(self) -> dict[str, Field[Any, Any]]:
        """The columns without which no new row can be made, by the words of the file or by their own names."""
        return {name: field for name, field in self.columns.items() if _is_required(field)}


def _is_plain(field: Field[Any, Any]) -> bool:
    """Tell whether a column holds the value as SQL says it, not as a host's own field turns it."""
    return reading.is_plain(field) or type(field).__module__.startswith("django.db.models.")


def is_made(field: Field[Any, Any]) -> bool:
    """Tell whether the database makes up the field's value."""
    is_default: bool = getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED
    return getattr(field, "generated", False) or isinstance(field, AutoField) or is_default


def _is_required(field: Field[Any, Any]) -> bool:
    if is_made(field) or field.null or field.has_default() or getattr(field, "auto_now", False):
        return False
    if getattr(field, "auto_now_add", False) or getattr(field.remote_field, "parent_link", False):
        return False
    return not (field.blank and field.empty_strings_allowed)
