"""What of a mapped model stands in a file: which words head its columns, what each reads, and which column it fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BinaryField, CharField, Field, FileField, JSONField, TextField

from leads.digests import INPUTS
from leads.kinds import VALUES
from leads.mapping import LeadMapping, Source, registry
from leads.models import Lead

CRM_ID = "crm_id"
_NOT_A_CELL = (BinaryField, FileField, JSONField)
_OUTPUTS = tuple(
    name for facts in VALUES for name in (facts.value, facts.status, facts.checked_at, facts.country) if name
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileColumn:
    """One of the columns that a file of this model may have."""

    # What heads it: our word ("company_name"), or the name of the host's field.
    name: str
    # What the export reads.
    source: Source
    # The column that a cell fills; None where it only goes out.
    field: Field[Any, Any] | None
    # How a cell is read where it fills no column, and only helps to find the lead.
    cell: Field[Any, Any] | None = None
    # Why it is not imported, as the end of a sentence.
    why: str = ""
    # Whether it stands in an export.
    goes_out: bool = True


def mapping_of_lead() -> LeadMapping:
    """Return the mapping of ``leads.Lead``. Raises ValueError where the project took it away."""
    if mapping := registry.of(Lead):
        return mapping
    raise ValueError("leads.Lead is not mapped; say which mapping is meant.")


def is_own(mapping: LeadMapping) -> bool:
    """Tell whether the leads are ``leads.Lead``, of which a file has every column."""
    return mapping.model is Lead


def fields(mapping: LeadMapping | None = None) -> dict[str, FileColumn]:
    """Return what stands in a file of the mapping's model, by the words that head it; None: of ``leads.Lead``."""
    mapping = mapping or mapping_of_lead()
    found = _of_lead(mapping) if is_own(mapping) else _of_mapping(mapping)
    return {each.name: each for each in found}


def _of_lead(mapping: LeadMapping) -> Iterator[FileColumn]:
    """Yield what a person or Enrow fills in: no key, relation or automatic time."""
    for field in mapping.model._meta.concrete_fields:
        if field.editable and not field.primary_key and not field.is_relation and not isinstance(field, _NOT_A_CELL):
            yield FileColumn(name=field.name, source=field.name, field=field)


def _of_mapping(mapping: LeadMapping) -> Iterator[FileColumn]:
    yield _key(mapping)
    for name in (*INPUTS, *_OUTPUTS):
        if source := mapping.source(name):
            yield _mapped(mapping, name, source)
    taken = {CRM_ID, *(name for name in (*INPUTS, *_OUTPUTS) if mapping.source(name))}
    columns = {field.name for field in _columns(mapping).values()}
    for name in dict.fromkeys([*mapping.import_fields, *mapping.export_fields]):
        field: Any = mapping.model._meta.get_field(name)
        if field.name in columns:
            continue
        is_imported = name in mapping.import_fields
        yield FileColumn(
            # A field that is called like one of a lead's, and is another one.
            name=f"{mapping.model._meta.model_name}_{name}" if name in taken else name,
            source=name,
            field=field if is_imported else None,
            why="" if is_imported else "it only stands in an export",
            goes_out=name in mapping.export_fields,
        )


def _key(mapping: LeadMapping) -> FileColumn:
    """Return the column of the crm_id: what another program calls a lead may become a text, never another key."""
    field = mapping.key_field
    is_text = isinstance(field, CharField | TextField) and mapping.own_key_field is field
    return FileColumn(
        name=CRM_ID,
        source=mapping.crm_id_field,
        field=field if is_text else None,
        cell=_like(CRM_ID),
        why="" if is_text else "it names leads that are there; a new one gets its key from the database",
    )


def _columns(mapping: LeadMapping) -> dict[str, Field[Any, Any]]:
    """Return the model's own columns for a lead's fields, by these; one that writes itself has none."""
    found = {name: mapping.column(name) for name in (*INPUTS, *_OUTPUTS)}
    return {name: field for name, field in found.items() if field}


def _mapped(mapping: LeadMapping, name: str, source: Source) -> FileColumn:
    why = ""
    if not isinstance(source, str):
        why = "it is computed"
    elif "__" in source:
        why = f"it belongs to {source.rpartition('__')[0].replace('__', ', ')}"
    elif mapping.has_own_write and name in _OUTPUTS:
        why = "the project writes it in a way of its own"
    field = None if why else mapping.column(name)
    if field is not None and (field.remote_field or not field.editable):
        field, why = None, "nobody edits that column"
    return FileColumn(name=name, source=source, field=field, cell=None if field else _like(name), why=why)


def _like(name: str) -> Field[Any, Any]:
    """Return the field of ``leads.Lead`` that is called so: how a cell of this kind is read."""
    field: Any = Lead._meta.get_field(name)
    return field  # type: ignore[no-any-return]  # none of them is a relation


def stored(found: Mapping[str, FileColumn]) -> dict[str, Field[Any, Any]]:
    """Return the columns that a file fills, by the words that head them."""
    return {name: each.field for name, each in found.items() if each.field is not None}
