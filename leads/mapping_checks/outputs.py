"""Columns that are written: whether they take what a search brings, and nothing else stands in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.checks import CheckMessage
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, RegexValidator
from django.db.models import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    DurationField,
    FileField,
    FloatField,
    GenericIPAddressField,
    IntegerField,
    JSONField,
    TextField,
    TimeField,
    UUIDField,
)
from django.db.models.constants import LOOKUP_SEP

from leads.digests import INPUTS
from leads.kinds import VALUES, KindFacts
from leads.mapping import LeadMapping, Source
from leads.mapping_checks.attributes import KNOWN, OUTPUTS
from leads.mapping_checks.sources import own_field, place
from leads.mapping_checks.wording import WrongError, error, label_of, raised, warning
from leads.models import LeadEnrichment

# A project's own field may turn a text into anything, but not one that inherits these.
_NO_TEXT = (
    BooleanField,
    DateField,
    DecimalField,
    DurationField,
    FileField,
    FloatField,
    GenericIPAddressField,
    IntegerField,
    JSONField,
    TimeField,
    UUIDField,
)
_COUNTRY_LENGTH = 2


def check_outputs(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what is wrong with the columns that are written."""
    for facts in VALUES:
        yield from _check_value(mapping, facts)
        yield from _check_known(mapping, facts)
    yield from _check_used_once(mapping)


def _check_value(mapping: LeadMapping, facts: KindFacts) -> Iterator[CheckMessage]:
    name, source = facts.value, mapping.source(facts.value)
    if not source or mapping.has_own_write:
        return  # what write() writes is its own affair; how the value is read is checked with the inputs
    try:
        field = _written(mapping, source)
        must_take_texts(field)
        _must_be_long_enough(field, facts.longest)
    except WrongError as wrong:
        yield raised(mapping, name, wrong)
        return
    yield from _check_blank(mapping, name, field)
    if facts.sample:
        yield from _check_validators(mapping, name, field, facts.sample)


def _written(mapping: LeadMapping, source: Source) -> Any:  # noqa: ANN401 - a field of whatever kind
    """Return the column of an output. Raises WrongError for what can only be read."""
    if isinstance(source, str) and LOOKUP_SEP not in source:
        return own_field(mapping, source)
    place(mapping, source)
    raise WrongError(
        f"{'a path' if isinstance(source, str) else 'an expression'} can be read, but not written.",
        hint=f"Name a column of {label_of(mapping.model)} itself, or override write() of the mapping.",
        code="E120",
    )


def must_take_texts(field: Any) -> None:  # noqa: ANN401 - a field of whatever kind
    """Raise WrongError, E120, unless the column can be written with a text: Django's own, or a project's field."""
    is_own = not type(field).__module__.startswith(("django.db.", "django.contrib."))
    kind = type(field).__name__
    if field.remote_field:
        kind = f"relation ({kind})"
    elif getattr(field, "generated", False):
        kind = f"{kind}, which the database computes"
    elif isinstance(field, CharField | TextField) or (is_own and not isinstance(field, _NO_TEXT)):
        return
    raise WrongError(
        f"{field.name!r} is a {kind}; a text is written.",
        hint="Name a CharField, a TextField, an EmailField or a field of your own that takes a text, "
        "or override write() of the mapping.",
        code="E120",
    )


def _must_be_long_enough(field: Any, length: int) -> None:  # noqa: ANN401 - a field of whatever kind
    limit = getattr(field, "max_length", None)
    if limit is not None and limit < length and not isinstance(field, TextField):
        raise WrongError(
            f"{field.name!r} is too short: it takes {limit} characters, and what is written may have {length}.",
            hint=f"Set max_length={length} or more, or silence this check: what does not fit is then paid for, "
            "kept with its search, and not written to its lead.",
            code="E122",
        )


def _check_blank(mapping: LeadMapping, name: str, field: Any) -> Iterator[CheckMessage]:  # noqa: ANN401 - any field
    """A lead without the value, or one who was forgotten, has NULL or '' there."""
    if field.null:
        return
    hint = f"Write null=True on {label_of(field.model)}.{field.name}."
    alone = [tuple(each.fields) for each in field.model._meta.total_unique_constraints]
    if not field.empty_strings_allowed:
        sentence = (
            f"{field.name!r} takes neither NULL nor '': a lead without the value, or a forgotten one, has no place."
        )
        yield error(mapping, name, sentence, hint=hint, code="E123")
    elif field.unique or (field.name,) in [*alone, *map(tuple, field.model._meta.unique_together)]:
        sentence = f"{field.name!r} is unique and not NULL: only one lead could be without it, or be forgotten."
        yield error(mapping, name, sentence, hint=f"{hint} NULL may stand in many rows.", code="E123")
    elif not field.blank:
        sentence = f"{field.name!r} is neither null=True nor blank=True: forms refuse a lead that is without it."
        yield warning(mapping, name, sentence, hint=f"{hint} Or write blank=True, which changes no table.", code="W102")


def _check_validators(mapping: LeadMapping, name: str, field: Any, sample: str) -> Iterator[CheckMessage]:  # noqa: ANN401 - any field
    """Try an example on what refuses texts by their form; a project's own functions are not called."""
    for validators, is_kind in ((field.default_validators, True), (field._validators, False)):  # noqa: SLF001 - tells which came with the class
        if not (said := _refusal(validators, sample)):
            continue
        kind = type(field).__name__
        if is_kind:
            sentence = f"{field.name!r} is a {kind}, for which {sample!r} is no value: {said}"
            yield error(mapping, name, sentence, hint="Name a column for such values.", code="E120")
        else:
            sentence = f"a validator of {field.name!r} refuses {sample!r}: {said}"
            hint = "It is written all the same, and a form would then not save its row. Let the validator take it."
            yield warning(mapping, name, sentence, hint=hint, code="W101")


def _refusal(validators: Iterable[Any], sample: str) -> str:
    for validator in validators:
        if isinstance(validator, RegexValidator | EmailValidator):
            try:
                validator(sample)
            except ValidationError as refused:
                return " ".join(refused.messages)
    return ""


def _check_known(mapping: LeadMapping, facts: KindFacts) -> Iterator[CheckMessage]:
    """Yield what is wrong with the project's own columns for what is known of a value."""
    checks = {facts.status: _check_status, facts.checked_at: _check_time, facts.country: _check_country}
    for name, check in checks.items():
        if not name or not (source := str(mapping.source(name))):
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
            "Add them to the choices, or leave the attribute out: leads.LeadEnrichment keeps it.",
        )


def _check_country(name: str, field: Any) -> None:  # noqa: ANN401 - a field of whatever kind
    _must_be_text(field, "FR")
    odd = [value for value, _ in field.flatchoices if value and not _is_country(value)]
    if odd:
        raise _wrong(
            f"{field.name!r} has the choice {odd[0]!r}; codes of two letters, like FR, are written there.",
            "Name a column for ISO 3166-1 alpha-2 codes, or leave the attribute out: leads.LeadEnrichment keeps it.",
        )


def _is_country(value: object) -> bool:
    return isinstance(value, str) and len(value) == _COUNTRY_LENGTH and value.isalpha() and value.isupper()


def _check_time(name: str, field: Any) -> None:  # noqa: ANN401 - a field of whatever kind
    leave = "or leave the attribute out: leads.LeadEnrichment keeps it."
    if not isinstance(field, DateTimeField) or getattr(field, "generated", False):
        raise _wrong(
            f"{field.name!r} is a {type(field).__name__}; a time is written.", f"Name a DateTimeField, {leave}"
        )
    if field.auto_now or field.auto_now_add:
        raise _wrong(
            f"{field.name!r} is set by itself; when Enrow was asked is written.", f"Name another column, {leave}"
        )
    if not field.null:
        raise _wrong(
            f"{field.name!r} is not NULL; a lead that was never searched has no time.", f"Set null=True, {leave}"
        )


def _must_be_text(field: Any, longest: str) -> None:  # noqa: ANN401 - a field of whatever kind
    leave = "or leave the attribute out: leads.LeadEnrichment keeps it."
    try:
        must_take_texts(field)
    except WrongError as wrong:
        raise _wrong(str(wrong), f"Name a CharField, {leave}") from None
    limit = getattr(field, "max_length", None)
    if limit is not None and limit < len(longest) and not isinstance(field, TextField):
        raise WrongError(
            f"{field.name!r} is too short: it takes {limit} characters, and {longest!r} is written there.",
            hint=f"Set max_length={len(longest)} or more, {leave}",
            code="E122",
        )


def _check_used_once(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield outputs that stand in a column which is something else, too, E121."""
    used = {name: _column(mapping, name) for name in (*INPUTS, *OUTPUTS, *KNOWN)}
    used["crm_id_field"] = _column(mapping, "crm_id_field")
    written = set() if mapping.has_own_write else {*OUTPUTS, *KNOWN}
    order = list(used)
    for name in order:
        for other in order:
            is_pair = (name in written and other not in written) or (
                name in written and order.index(other) > order.index(name)
            )
            if is_pair and used[name] is not None and used[name] == used[other]:
                sentence = f"{used[name].name!r} is {other}, too: what is written there would change the other."
                yield error(mapping, name, sentence, hint="Give each a column of its own.", code="E121")
    yield from _check_inputs_differ(mapping)


def _check_inputs_differ(mapping: LeadMapping) -> Iterator[CheckMessage]:
    seen: dict[str, str] = {}
    for name in INPUTS:
        source = mapping.source(name)
        if isinstance(source, str) and source and seen.setdefault(source, name) != name:
            sentence = f"{source!r} is {seen[source]}, too: the same text would be sent as both."
            yield error(mapping, name, sentence, hint="Give each its own source, or leave one out.", code="E121")


def _column(mapping: LeadMapping, name: str) -> Any:  # noqa: ANN401 - a field of whatever kind
    source = mapping.source(name)
    if not isinstance(source, str) or not source or LOOKUP_SEP in source:
        return None
    try:
        return mapping.model._meta.pk if source == "pk" else own_field(mapping, source)
    except WrongError:
        return None


def _wrong(sentence: str, hint: str) -> WrongError:
    return WrongError(sentence, hint=hint, code="E124")
