"""The project's own columns for what is known of a value: its status, when Enrow was asked, the country of a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage
from django.db.models import DateTimeField, TextField

from leads.kinds import VALUES, KindFacts
from leads.mapping import LeadMapping
from leads.mapping_checks.outputs import must_take_texts
from leads.mapping_checks.sources import own_field
from leads.mapping_checks.wording import WrongError, a, error, raised
from leads.models import LeadEnrichment

_COUNTRY_LENGTH = 2
_LEAVE_OUT = "or leave the attribute out: leads.LeadEnrichment keeps it."


def check_states(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what is wrong with these columns: E120 where they are never written, E119, E122 and E124."""
    for facts in VALUES:
        yield from _check_known(mapping, facts)


def _check_known(mapping: LeadMapping, facts: KindFacts) -> Iterator[CheckMessage]:
    checks = {facts.status: _check_status, facts.checked_at: _check_time, facts.country: _check_country}
    for name, check in checks.items():
        if not (source := str(mapping.source(name))):
            continue
        if not mapping.source(facts.value) or mapping.has_own_write:
            why = "write() is overridden" if mapping.has_own_write else f"{facts.value} is not mapped"
            sentence = f"{source!r} would never be written, because {why}."
            hint = f"Leave {name} out: leads.LeadEnrichment keeps it."
            yield error(mapping, name, sentence, hint=hint, code="E120" if mapping.has_own_write else "E119")
            continue
        try:
            field = own_field(mapping, source)
            check(name, field)
        except WrongError as wrong:
            yield raised(mapping, name, wrong)


def _check_status(name: str, field: Any) -> None:  # noqa: ANN401 - a field of whatever kind
    ours: Any = LeadEnrichment._meta.get_field(name)
    words = [word for word, _ in ours.flatchoices if word]
    _must_be_text(field, max(words, key=len))
    allowed = [value for value, _ in field.flatchoices]
    missing = [word for word in words if word not in allowed]
    if allowed and missing:
        raise _wrong(
            f"{field.name!r} has choices without {', '.join(map(repr, missing))}, which are written there.",
            f"Add them to the choices, {_LEAVE_OUT}",
        )


def _check_country(name: str, field: Any) -> None:  # noqa: ANN401 - a field of whatever kind
    _must_be_text(field, "FR")
    odd = [value for value, _ in field.flatchoices if value and not _is_country(value)]
    if odd:
        raise _wrong(
            f"{field.name!r} has the choice {odd[0]!r}; codes of two letters, like FR, are written there.",
            f"Name a column for ISO 3166-1 alpha-2 codes, {_LEAVE_OUT}",
        )


def _is_country(value: object) -> bool:
    return isinstance(value, str) and len(value) == _COUNTRY_LENGTH and value.isalpha() and value.isupper()


def _check_time(name: str, field: Any) -> None:  # noqa: ANN401 - a field of whatever kind
    if not isinstance(field, DateTimeField):
        raise _wrong(
            f"{field.name!r} is {a(type(field).__name__)}; a time is written.", f"Name a DateTimeField, {_LEAVE_OUT}"
        )
    if field.auto_now or field.auto_now_add:
        raise _wrong(
            f"{field.name!r} is set by itself; when Enrow was asked is written.", f"Name another column, {_LEAVE_OUT}"
        )
    if not field.null:
        raise _wrong(
            f"{field.name!r} is not NULL; a lead that was never searched has no time.", f"Set null=True, {_LEAVE_OUT}"
        )


def _must_be_text(field: Any, longest: str) -> None:  # noqa: ANN401 - a field of whatever kind
    try:
        must_take_texts(field)
    except WrongError as wrong:
        raise _wrong(str(wrong), f"Name a CharField, {_LEAVE_OUT}") from None
    limit = getattr(field, "max_length", None)
    if limit is not None and limit < len(longest) and not isinstance(field, TextField):
        raise WrongError(
            f"{field.name!r} is too short: it takes {limit} characters, and {longest!r} is written there.",
            hint=f"Set max_length={len(longest)} or more, {_LEAVE_OUT}",
            code="E122",
        )


def _wrong(sentence: str, hint: str) -> WrongError:
    return WrongError(sentence, hint=hint, code="E124")
