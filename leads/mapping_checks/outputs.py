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
    DecimalField,
    DurationField,
    F,
    FileField,
    FloatField,
    GenericIPAddressField,
    IntegerField,
    JSONField,
    TextField,
    TimeField,
    UniqueConstraint,
    UUIDField,
)
from django.db.models.constants import LOOKUP_SEP

from leads.digests import INPUTS
from leads.kinds import VALUES, KindFacts
from leads.mapping import LeadMapping, Source
from leads.mapping_checks.attributes import KNOWN, OUTPUTS
from leads.mapping_checks.sources import own_field, place
from leads.mapping_checks.wording import WrongError, a, error, label_of, raised, warning

# A project's own field may turn a text into anything, but not one that inherits these.
_NO_TEXT = (
    BooleanField,
    DateField,
    DecimalField,
    DurationField,
    F,
    FileField,
    FloatField,
    GenericIPAddressField,
    IntegerField,
    JSONField,
    TimeField,
    UUIDField,
)


def check_outputs(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what is wrong with the columns that are written."""
    for facts in VALUES:
        yield from _check_value(mapping, facts)
    yield from _check_used_once(mapping)


def _check_value(mapping: LeadMapping, facts: KindFacts) -> Iterator[CheckMessage]:
    name, source = facts.value, mapping.source(facts.value)
    if not source or mapping.has_own_write:
        return  # what write() writes is its own affair; how the value is read is checked with the inputs
    try:
        field = _written(mapping, source)
        must_take_texts(field)
        _must_be_long_enough(field, facts)
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
        f"{f'the path {source!r}' if isinstance(source, str) else 'an expression'} can be read, but not written.",
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
        f"{field.name!r} is {a(kind)}; a text is written.",
        hint="Name a CharField, a TextField, an EmailField or a field of your own that takes a text, "
        "or override write() of the mapping.",
        code="E120",
    )


def _must_be_long_enough(field: Any, facts: KindFacts) -> None:  # noqa: ANN401 - a field of whatever kind
    limit = getattr(field, "max_length", None)
    if limit is not None and limit < facts.longest and not isinstance(field, TextField):
        raise WrongError(
            f"{field.name!r} is too short: it takes {limit} characters, and {facts.noun} may have {facts.longest}.",
            hint=f"Set max_length={facts.longest} or more, or silence this check: what does not fit is then paid for, "
            "kept with its search, and not written to its lead.",
            code="E122",
        )


def _check_blank(mapping: LeadMapping, name: str, field: Any) -> Iterator[CheckMessage]:  # noqa: ANN401 - any field
    """A lead without the value, or one who was forgotten, has NULL or '' there."""
    if field.null:
        return
    hint = f"Write null=True on {label_of(field.model)}.{field.name}."
    if not field.empty_strings_allowed:
        sentence = (
            f"{field.name!r} takes neither NULL nor '': a lead without the value, or a forgotten one, has no place."
        )
        yield error(mapping, name, sentence, hint=hint, code="E123")
    elif _is_unique(field):
        sentence = f"{field.name!r} is unique and not NULL: only one lead could be without it, or be forgotten."
        yield error(mapping, name, sentence, hint=f"{hint} NULL may stand in many rows.", code="E123")
    elif not field.blank:
        sentence = f"{field.name!r} is neither null=True nor blank=True: forms refuse a lead that is without it."
        yield warning(mapping, name, sentence, hint=f"{hint} Or write blank=True, which changes no table.", code="W102")


def _is_unique(field: Any) -> bool:  # noqa: ANN401 - a field of whatever kind
    """Tell whether two rows cannot have one value; also not in lower case, say, as far as expressions go."""
    meta = field.model._meta
    constraints = [each for each in meta.constraints if isinstance(each, UniqueConstraint) and each.condition is None]
    together = [{*each.fields, *_named(each.expressions)} for each in constraints]
    return field.unique or {field.name} in [*together, *map(set, meta.unique_together)]


def _named(expressions: Iterable[Any]) -> Iterator[str]:
    for expression in expressions:
        parts: Iterable[Any] = expression.flatten() if hasattr(expression, "flatten") else [expression]
        yield from (str(getattr(part, "name", "")) for part in parts if isinstance(part, F))


def _check_validators(mapping: LeadMapping, name: str, field: Any, sample: str) -> Iterator[CheckMessage]:  # noqa: ANN401 - any field
    """Try an example on what refuses texts by their form; a project's own functions are not called."""
    for validators, is_kind in ((field.default_validators, True), (field._validators, False)):  # noqa: SLF001 - tells which came with the class
        if not (said := _refusal(validators, sample)):
            continue
        kind = type(field).__name__
        if is_kind:
            sentence = f"{field.name!r} is {a(kind)}, for which {sample!r} is no value: {said}"
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
    if not isinstance(source, str):
        return None
    try:
        return own_field(mapping, source)
    except WrongError:
        return None
