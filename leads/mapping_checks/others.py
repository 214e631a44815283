"""What else a mapping says: fields of files, when a row was made, what forgetting does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage
from django.db.models import BinaryField, DateTimeField, FileField, JSONField
from django.db.models.constants import LOOKUP_SEP

from leads.kinds import VALUES
from leads.mapping import LeadMapping, OnForget, Source
from leads.mapping_checks.sources import own_field, place
from leads.mapping_checks.wording import WrongError, a, error, label_of, near

# What no cell of a file can hold.
_NOT_A_CELL = (BinaryField, FileField, JSONField)


def check_files(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what is wrong with the fields that stand in files, E125: what is not editable only goes out."""
    for attribute, is_filled in (("import_fields", True), ("export_fields", False)):
        for name in getattr(mapping, attribute):
            try:
                _must_be_a_cell(own_field(mapping, name), is_filled=is_filled)
            except WrongError as wrong:
                yield error(mapping, attribute, str(wrong), hint=wrong.hint, code="E125")


def _must_be_a_cell(field: Any, *, is_filled: bool) -> None:  # noqa: ANN401 - a field of whatever kind
    if field.remote_field:
        said = f"{field.name!r} is a relation: a row, which is no cell."
    elif isinstance(field, _NOT_A_CELL):
        said = f"{field.name!r} is {a(type(field).__name__)}, which is no cell."
    elif is_filled and field.primary_key:
        said = f"{field.name!r} is the primary key: a file names a lead by its crm_id."
    elif is_filled and not field.editable:
        said = f"{field.name!r} is not editable."
    else:
        return
    raise WrongError(said, hint="Leave it out.", code="E125")


def check_created_at(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what is wrong with the time at which a row was made, E127."""
    if not mapping.created_at:
        return
    try:
        field = place(mapping, mapping.created_at).field
    except WrongError as wrong:
        yield error(mapping, "created_at", str(wrong), hint=wrong.hint, code="E127")
        return
    if not isinstance(field, DateTimeField):
        sentence = f"{mapping.created_at!r} is {a(type(field).__name__)}; the time is wanted at which a row was made."
        yield error(mapping, "created_at", sentence, hint="Name a DateTimeField, or leave it out.", code="E127")


def check_on_forget(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield that forgetting would do nothing that is known, E126."""
    words = [str(word) for word in OnForget]
    if mapping.on_forget not in words:
        guess = near(str(mapping.on_forget), words)
        hint = f'Write "{guess}".' if guess else f"Write {' or '.join(map(repr, words))}."
        sentence = f"{mapping.on_forget!r} is not what forgetting a person can do."
        yield error(mapping, "on_forget", sentence, hint=hint, code="E126")


def check_forget(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield that nobody blanks what write() writes, E132: nobody could be forgotten, as would be told only then."""
    has_own_forget = type(mapping).forget is not LeadMapping.forget
    if has_own_forget or not mapping.has_own_write or mapping.on_forget != OnForget.BLANK:
        return
    beside = [facts.value for facts in VALUES if _is_beside(mapping.source(facts.value))]
    if beside:
        named = (
            f"{' and '.join(beside)} {'is' if len(beside) == 1 else 'are'} in no column of {label_of(mapping.model)}"
        )
        sentence = f"{named}, so nothing blanks what write() wrote when a person is forgotten."
        hint = 'Override forget(keys) and blank or delete it there; or on_forget = "delete", if it goes with the row.'
        yield error(mapping, "forget", sentence, hint=hint, code="E132")


def _is_beside(source: Source) -> bool:
    """Tell whether a value is read by a path or an expression."""
    return not isinstance(source, str) or LOOKUP_SEP in source
