"""Keys and prefixes: a crm_id must name one row, of one model, also after its way to Enrow and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage
from django.db.models import CharField, Field, IntegerField, TextField

from enrow_webhooks.client.text import spelled
from leads.mapping import LONGEST_CRM_ID, LeadMapping
from leads.mapping_checks.sources import own_field
from leads.mapping_checks.wording import WrongError, a, error, label_of, name_of, raised
from leads.models import Lead

_EXAMPLE = "contact-"
# SQLite's collations that take two texts for one.
_BLIND = {"NOCASE", "RTRIM"}
_UUID_LENGTH = 36
# The smallest number of 64 bits has so many characters.
_NUMBER_LENGTH = 20


def check_key(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what is wrong with the field of the key, E114."""
    try:
        field = own_field(mapping, mapping.crm_id_field)
        _must_name_one_row(mapping, field)
        _must_fit(mapping, field)
    except WrongError as wrong:
        yield raised(mapping, "crm_id_field", wrong)


def _must_name_one_row(mapping: LeadMapping, field: Any) -> None:  # noqa: ANN401 - a field of whatever kind
    name = mapping.crm_id_field
    if name not in {"pk", field.attname}:
        hint = (
            'Write "pk".' if field.primary_key else f"Write {field.attname!r}, or a unique field that is no relation."
        )
        raise _wrong(f"{name!r} is a relation: a row, not a key.", hint)
    if not _is_unique(field):
        raise _wrong(
            f"{name!r} is not unique in {label_of(mapping.model)}: a result could reach another row.",
            'Name a field with unique=True, or write "pk". A UniqueConstraint counts if it is on this field alone, '
            "without condition and not deferrable.",
        )
    if field.null:
        raise _wrong(
            f"{name!r} may be NULL: such a row has no name, and its result would be lost.",
            'Name a field that never is NULL, or write "pk".',
        )


def _is_unique(field: Field[Any, Any]) -> bool:
    meta = field.model._meta
    alone = [constraint for constraint in meta.total_unique_constraints if not constraint.deferrable]
    named = [*(tuple(constraint.fields) for constraint in alone), *map(tuple, meta.unique_together)]
    return field.unique or (field.name,) in named


def _must_fit(mapping: LeadMapping, field: Any) -> None:  # noqa: ANN401 - a field of whatever kind
    while field.remote_field:
        field = field.target_field
    name, kind = mapping.crm_id_field, type(field).__name__
    collation = str(getattr(field, "db_collation", None) or "")
    if collation.upper() in _BLIND:
        raise _wrong(
            f"{name!r} has the collation {collation}, which takes two keys for one.",
            'Name a field that tells capitals and spaces apart, or write "pk".',
        )
    longest = _longest(field)
    if longest is None:
        hint = 'Name a unique integer, UUID, or CharField with a max_length, or write "pk".'
        if isinstance(field, TextField):
            hint = f"Its texts have no limit, and a crm_id has {LONGEST_CRM_ID} characters at most. {hint}"
        raise _wrong(f"{name!r} is {a(kind)}, which is no key that can travel as a text.", hint)
    length = longest + len(mapping.crm_id_prefix)
    if length > LONGEST_CRM_ID:
        raise _wrong(
            f"a crm_id could have {length} characters, prefix and {name!r} together; "
            f"{LONGEST_CRM_ID} is the most that is stored and sent.",
            f"Shorten the prefix or the field to {LONGEST_CRM_ID} characters in all, or key by another unique field.",
        )


def _longest(field: Any) -> int | None:  # noqa: ANN401 - a field of whatever kind
    """Return how many characters the text of a key may have; None where it has no limit, or more than one spelling."""
    inner = str(field.get_internal_type())
    if inner == "UUIDField":
        return _UUID_LENGTH
    if isinstance(field, IntegerField):
        return _NUMBER_LENGTH
    if isinstance(field, CharField) or inner == "CharField":
        return getattr(field, "max_length", None)
    return None


def check_prefix(mapping: LeadMapping, others: Sequence[LeadMapping]) -> Iterator[CheckMessage]:
    """Yield what is wrong with the prefix, alone and beside those of the other mappings, E115."""
    prefix = mapping.crm_id_prefix
    if prefix != spelled(prefix):
        yield error(
            mapping,
            "crm_id_prefix",
            f"{prefix!a} has space at an end, two spaces, or characters that nobody sees: it may come back changed.",
            hint=f"Write {(spelled(prefix) or _EXAMPLE)!r}.",
            code="E115",
        )
    for other in others:
        if prefix == other.crm_id_prefix:
            if _is_told_of(mapping, other):
                yield _collides(mapping, other, f"{prefix!r} is also the prefix of" if prefix else "it is blank as in")
        elif prefix and other.crm_id_prefix.startswith(prefix):
            yield _collides(mapping, other, f"{prefix!r} begins {other.crm_id_prefix!r}, the prefix of")


def _is_told_of(mapping: LeadMapping, other: LeadMapping) -> bool:
    """Tell which of two is told of what is wrong with both: the project's own, for ours is right by itself."""
    ours = Lead._meta.label_lower
    return other.label == ours or (mapping.label != ours and mapping.label > other.label)


def _collides(mapping: LeadMapping, other: LeadMapping, sentence: str) -> CheckMessage:
    hint = f'Give each its own, like "{mapping.model._meta.model_name}-"; change one that has no searches yet.'
    if other.label == Lead._meta.label_lower:
        hint = f"{hint} Or take leads.Lead away: leads.mapping.unregister(Lead)."
    return error(mapping, "crm_id_prefix", f"{sentence} {name_of(other)}.", hint=hint, code="E115")


def _wrong(sentence: str, hint: str) -> WrongError:
    return WrongError(sentence, hint=hint, code="E114")
