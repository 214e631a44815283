"""Any model is a lead: which of its fields are a lead's inputs and outputs.

A project writes it down once, in ``lead_mapping.py`` of its app, which is found as ``admin.py`` is found: a class that
inherits LeadMapping, under ``@register(Contact)``. The table of ``Contact`` stays as it is.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.db.models import Field, Model, QuerySet
from django.db.models.expressions import Combinable

from leads.keys import Keys
from leads.lookups import among

# A field, a path over to-one relations like ``employer__website``, or an expression of the ORM; blank: there is none.
Source: TypeAlias = str | Combinable

# What travels to Enrow and back, and stands in our rows, has this many characters at most.
LONGEST_CRM_ID = 128


class OnForget(enum.StrEnum):
    """What forgetting a person does to the row."""

    BLANK = "blank"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Change:
    """A value that is to be written to one lead, or was. Its repr shows no value."""

    model: type[Model]
    # The value of the mapping's ``crm_id_field``, and the lead's crm_id.
    key: Any
    crm_id: str
    # The mapping's own word, like "email", and what is in it before and after; a blank is ''.
    field: str
    old: str
    new: str

    def __repr__(self) -> str:
        return f"<Change {self.field} of {self.model._meta.label}>"


class LeadMapping:
    """Which fields of a model are a lead's inputs and outputs; a project's own inherits this."""

    # crm_id = prefix + str(value of the field). The field is unique; "pk" is the primary key. The prefix is part of
    # every search's name: with another one later, the history of the leads is no longer theirs.
    crm_id_prefix: str = ""
    crm_id_field: str = "pk"
    # Inputs: a field, a path over to-one relations, an expression, or blank.
    firstname: Source = ""
    lastname: Source = ""
    fullname: Source = ""
    company_name: Source = ""
    company_domain: Source = ""
    linkedin_url: Source = ""
    country_code: Source = ""
    # Outputs: read and written. NULL and '' are blank. A mapping with ``write`` may read them from anywhere.
    email: Source = ""
    phone: Source = ""
    # The project's own columns for what is known of them; where there is none, ``leads.LeadEnrichment`` keeps it.
    email_status: str = ""
    email_checked_at: str = ""
    phone_status: str = ""
    phone_country: str = ""
    phone_checked_at: str = ""
    # When the row was made: a key that is used again is then no one's who had it before.
    created_at: str = ""
    # Other fields that a file may fill, and that stand in one; what programs may filter by, like "joined__gte".
    import_fields: Sequence[str] = ()
    export_fields: Sequence[str] = ()
    api_filters: Sequence[str] = ()
    # Whether forgetting a person blanks the outputs, or deletes the row.
    on_forget: OnForget | str = OnForget.BLANK

    def __init__(self, model: type[Model]) -> None:
        self.model = model

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.label}>"

    def get_queryset(self) -> QuerySet[Any]:
        """Return who may be searched at all; asked at planning, and again before each POST."""
        return self.model._default_manager.all()

    def visible_to(self, user: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ANN401 - the project's own user model
        """Return what of the queryset a person or a program may see and enrich."""
        return queryset

    def write(self, changes: Sequence[Change]) -> Collection[Any]:
        """Write values to leads, and return the keys of those that were written. Override it for any other shape.

        Called once per batch, in a transaction, with the leads' rows locked; one change per lead, blank where a person
        took a value back. What is in no column, like a table of addresses, is written this way; ``forget`` blanks it.
        """
        raise NotImplementedError

    def forget(self, keys: Collection[Any]) -> None:
        """Blank what ``write`` wrote to these leads, and whatever else of these people has to go.

        Override it where a value is in no column of the model: afterwards it is looked whether the values are blank.
        Called in a transaction, with the leads' rows locked, before the columns that the mapping names are blanked or
        the rows are deleted, as ``on_forget`` says.
        """

    # What follows is not overridden.

    @property
    def label(self) -> str:
        """The model's name in our rows, like ``crm.contact``."""
        return self.model._meta.label_lower

    @property
    def has_own_write(self) -> bool:
        """Whether the project writes the values itself."""
        return type(self).write is not LeadMapping.write

    @property
    def alias(self) -> str:
        """The alias of the database where the leads are written, and read to be written."""
        return router.db_for_write(self.model)

    @property
    def own_key_field(self) -> Field[Any, Any]:
        """The model's own field with the key."""
        name = self.crm_id_field
        return self.model._meta.pk if name == "pk" else self._own_field(name)

    @property
    def key_name(self) -> str:
        """The name of the key's field, in queries of children, too: those may have another primary key."""
        return self.own_key_field.name

    def key_of(self, row: Model) -> Any:  # noqa: ANN401 - whatever the key is
        """Return the key of a row of the model, of a proxy or of a child."""
        return getattr(row, self.own_key_field.attname)

    @property
    def key_field(self) -> Field[Any, Any]:
        """The field that says what a key is: where the own one is a relation, like a child model's, the other's."""
        field: Any = self.own_key_field
        while field.remote_field:
            field = field.target_field
        return field  # type: ignore[no-any-return]  # a relation's target is a field

    def rows(self) -> QuerySet[Any]:
        """Return every row of the table, where it is written: a project's own managers may hide some."""
        return QuerySet(self.model, using=self.alias).order_by()

    def by_keys(self, keys: Collection[Any]) -> QuerySet[Any]:
        """Return the rows with these keys."""
        return self.rows().filter(among(self.crm_id_field, self.own_key_field, keys))

    def source(self, name: str) -> Source:
        """Return where one of a lead's fields is; blank for one that the mapping leaves out."""
        return getattr(self, name, "")

    def column(self, name: str) -> Field[Any, Any] | None:
        """Return the model's own field for one of a lead's, None for a path, an expression or nothing."""
        source = self.source(name)
        return self._own_field(source) if isinstance(source, str) and source and "__" not in source else None

    def crm_id(self, key: object) -> str:
        """Return the name of the lead with this key."""
        return f"{self.crm_id_prefix}{key}"

    def key(self, crm_id: str) -> Any:  # noqa: ANN401 - whatever the key is
        """Return the key in a crm_id; None unless exactly this crm_id is made of that key."""
        if not crm_id.startswith(self.crm_id_prefix):
            return None
        key = self._keys.read(crm_id.removeprefix(self.crm_id_prefix))
        return key if key is not None and self.crm_id(key) == crm_id else None

    @functools.cached_property
    def _keys(self) -> Keys:
        return Keys(self.key_field, self.alias)

    def _own_field(self, name: str) -> Any:  # noqa: ANN401 - a field of whatever kind
        return self.model._meta.get_field(name)


M = TypeVar("M", bound=type[LeadMapping])


class Registry:
    """The mappings of a project, by the labels of their models."""

    def __init__(self) -> None:
        self._by_label: dict[str, LeadMapping] = {}

    def __iter__(self) -> Iterator[LeadMapping]:
        return iter(self._by_label.values())

    def add(self, mapping: LeadMapping) -> None:
        """Add a mapping. Raises ImproperlyConfigured when its model has one."""
        if mapping.label in self._by_label:
            both = (type(self._by_label[mapping.label]), type(mapping))
            names = " and by ".join(f"{each.__module__}.{each.__qualname__}" for each in both)
            raise ImproperlyConfigured(
                f"{mapping.model._meta.label} is mapped twice: by {names}. Take one away; unregister() does that, too."
            )
        self._by_label[mapping.label] = mapping

    def remove(self, model: type[Model]) -> None:
        """Take a model's mapping away. Raises ImproperlyConfigured when it has none."""
        if self._by_label.pop(model._meta.label_lower, None) is None:
            raise ImproperlyConfigured(f"{model._meta.label} is not mapped.")

    def labelled(self, label: str) -> LeadMapping | None:
        """Return the mapping of a model by its label in our rows, None when it is not mapped (any more)."""
        return self._by_label.get(label)

    def of(self, model: type[Model]) -> LeadMapping | None:
        """Return the mapping of a model; a proxy and a child of a mapped model have that one's."""
        ancestors = (parent for parent in model.__mro__ if hasattr(parent, "_meta"))
        found = (self._by_label.get(parent._meta.label_lower) for parent in ancestors)
        return next((mapping for mapping in found if mapping), None)

    def mapped(self, model: type[Model]) -> LeadMapping:
        """Return the mapping of a model. Raises LookupError when there is none; arguments and checks say so before."""
        mapping = self.of(model)
        if mapping is None:
            raise LookupError(f"{model._meta.label} is not mapped to leads.")
        return mapping

    def owner(self, crm_id: str) -> LeadMapping | None:
        """Return the mapping that a crm_id belongs to: by its prefix; the blank prefix has what no other has."""
        blank = None
        for mapping in self:
            if not mapping.crm_id_prefix:
                blank = mapping
            elif crm_id.startswith(mapping.crm_id_prefix):
                return mapping
        return blank

    def prefixes(self) -> tuple[str, ...]:
        """Return every prefix that is not blank."""
        return tuple(mapping.crm_id_prefix for mapping in self if mapping.crm_id_prefix)

    def keys(self, crm_ids: Collection[str]) -> Iterator[tuple[LeadMapping, dict[Any, str]]]:
        """Yield for each mapping the crm_ids that are its own, by their keys. What is no lead's name is left out."""
        found: dict[str, dict[Any, str]] = {}
        for crm_id in crm_ids:
            mapping = self.owner(crm_id)
            key = mapping.key(crm_id) if mapping else None
            if mapping and key is not None:
                found.setdefault(mapping.label, {})[key] = crm_id
        for label, keys in found.items():
            yield self._by_label[label], keys


registry = Registry()


def register(*models: type[Model]) -> Callable[[M], M]:
    """Map each of the models by the class.

    Raises ImproperlyConfigured for one that has a mapping already, for what is no model, and for what is no mapping.
    """
    _must_be_models(models, "@register")

    def decorate(mapping: M) -> M:
        if not _is_kind(mapping, LeadMapping):
            raise ImproperlyConfigured(
                f"{mapping!r} is no mapping: a class that inherits leads.mapping.LeadMapping is registered."
            )
        for model in models:
            registry.add(mapping(model))
        return mapping

    return decorate


def unregister(*models: type[Model]) -> None:
    """Take the mappings of these models away, like that of ``leads.Lead``. Raises ImproperlyConfigured for none."""
    _must_be_models(models, "unregister")
    for model in models:
        registry.remove(model)


def _must_be_models(models: Sequence[object], name: str) -> None:
    for model in models or [None]:
        if not _is_kind(model, Model):
            said = "nothing" if model is None else repr(model)
            raise ImproperlyConfigured(f"{said} is no model: write {name}(Contact), with the model's class.")


def _is_kind(value: object, kind: type) -> bool:
    return isinstance(value, type) and issubclass(value, kind)
