"""A lead's key and its text in a query, both ways: a text names a lead, and its table has an index on the key."""

from __future__ import annotations

from django.db import connections
from django.db.models import BigIntegerField, Case, CharField, Expression, F, IntegerField, Q, UUIDField, Value, When
from django.db.models.functions import Cast, Collate, Concat, Replace, Substr
from django.db.models.lookups import LessThanOrEqual

from leads import sql
from leads.mapping import LeadMapping
from leads.reading import is_plain

# What a whole number, and a UUID, look like as texts; nothing else is turned into one. Of 19 digits some are too many.
_NUMBER = r"^(0|-?[1-9][0-9]{0,17})$"
_LONG_NUMBER, _MOST = r"^-?[1-9][0-9]{18}$", str(2**63 - 1)
_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
# Where each group of a UUID starts among its 32 digits, and how long it is.
_GROUPS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))


def can_be_asked(mapping: LeadMapping) -> bool:
    """Tell whether one query can ask for leads and for what names them: keys of a known kind, in the same database."""
    field = mapping.key_field
    is_known = isinstance(field, IntegerField | UUIDField) or is_plain(field)
    return is_known and not hasattr(field, "from_db_value") and mapping.alias == sql.alias()


def text(mapping: LeadMapping, alias: str) -> Expression | F:
    """Return the text of a lead's key, as Python's str() makes it."""
    name, field = mapping.key_name, mapping.key_field
    if isinstance(field, UUIDField) and not is_postgres(alias):
        groups: list[Expression] = []
        for start, length in _GROUPS:
            groups += [Value("-"), Substr(Cast(name, CharField()), start, length)]
        return Concat(*groups[1:], output_field=CharField())
    if is_postgres(alias) and getattr(field, "db_collation", None):
        return Collate(F(name), "default")
    return F(name) if is_plain(field) else Cast(name, CharField())


def key(mapping: LeadMapping, name: str, alias: str) -> Expression | None:
    """Return the key that the text in ``name`` is of, NULL for none; None for a mapping whose keys are texts."""
    if isinstance(mapping.key_field, IntegerField):
        number = Cast(name, BigIntegerField())
        if not is_postgres(alias):
            return number
        # PostgreSQL fails at what is none.
        digits = Replace(F(name), Value("-"), Value(""), output_field=CharField())
        # As texts, which are equally long.
        is_within = LessThanOrEqual(digits, Value(_MOST))
        fits = Q((f"{name}__regex", _NUMBER)) | (Q((f"{name}__regex", _LONG_NUMBER)) & Q(is_within))
        return Case(When(fits, then=number))
    if not isinstance(mapping.key_field, UUIDField):
        return None
    if is_postgres(alias):
        return Case(When(Q((f"{name}__regex", _UUID)), then=Cast(name, UUIDField())))
    return Replace(F(name), Value("-"), Value(""), output_field=UUIDField())


def compares_as_text(mapping: LeadMapping) -> bool:
    """Tell whether a mapping's keys are texts that are compared as our own rows are, so that their index serves."""
    return is_plain(mapping.key_field) and not getattr(mapping.key_field, "db_collation", None)


def is_postgres(alias: str) -> bool:
    """Tell which of the two databases it is."""
    return connections[alias].vendor == "postgresql"
