"""What a mapping lets programs filter by."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage

from leads.mapping import LeadMapping
from leads.mapping_checks.wording import error
from leads.narrowing import LOOKUPS, NoFilterError, read

# Names of the filters that every mapping has, and of the other parameters of a list.
_TAKEN = ("cursor", "limit", "ordering", "crm_id", "searching")
_TAKEN_ENDINGS = ("_status", "_checked_before", "_checked_after")


def check_api_filters(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what cannot be a filter of the API, E133: left out at run time, it would be missed only there."""
    hint = f"Name an own field, or a path over to-one relations; behind it one of {', '.join(LOOKUPS)}, or nothing."
    for name in mapping.api_filters:
        try:
            read(mapping, name)
        except NoFilterError as wrong:
            yield error(mapping, "api_filters", f"{name!r}: {wrong}", hint=hint, code="E133")
            continue
        if name in _TAKEN or (name.endswith(_TAKEN_ENDINGS) and name.startswith(("email_", "phone_"))):
            sentence = f"{name!r}: every list of leads has a filter or parameter of this name."
            yield error(mapping, "api_filters", sentence, hint=f"Write {name}__exact.", code="E133")
