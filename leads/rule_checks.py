"""System checks of ``ENROW["RULES"]``: what is wrong with a rule is said before it spends anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import FieldError, ValidationError
from django.db import Error as DatabaseProblem
from django.db.models import DateTimeField, Model, Q

from enrow_webhooks.client.text import spelled
from leads import arguments
from leads.conf import lead_settings
from leads.kinds import WORDS
from leads.mapping import registry
from leads.mapping_checks.sources import follow
from leads.mapping_checks.wording import WrongError, a, label_of, listed, near
from leads.rules import CREATED, STALE, EnrichmentRule
from leads.upkeep.rules.asking import mapping_of
from leads.upkeep.rules.places import has_order

_LONGEST_NAME = 100
# A hundred years in days, and a day in minutes.
_MOST_DAYS, _MOST_MINUTES = 36_500, 1_440
_FIND = f'find={{"{next(iter(WORDS))}"}}'
_EXAMPLE = f'EnrichmentRule("new contacts", "crm.Contact", {_FIND}, daily_credits=200)'


def check_rules(app_configs: Sequence[AppConfig] | None = None, **kwargs: object) -> list[CheckMessage]:
    """Check every rule, by itself and beside the others; asks no database."""
    enrow = getattr(settings, "ENROW", {})
    given = enrow.get("RULES") if isinstance(enrow, dict) else None
    if given is None:
        return []
    if not isinstance(given, list | tuple) or not all(isinstance(rule, EnrichmentRule) for rule in given):
        hint = f"Write [{_EXAMPLE}], with 'from leads.rules import EnrichmentRule'."
        return [Error('ENROW["RULES"] must be a list of EnrichmentRule(…).', hint=hint, id="enrow.E141")]
    return [*_names(given), *(message for rule in given for message in _check(rule))]


def _names(rules: Sequence[EnrichmentRule]) -> Iterator[CheckMessage]:
    for name, number in Counter(str(rule.name) for rule in rules).items():
        if number > 1:
            hint = "Give each rule a name of its own: what a rule has done is remembered by its name."
            yield Error(f'ENROW["RULES"] has {number} rules named {name!r}.', hint=hint, id="enrow.E141")


def _check(rule: EnrichmentRule) -> Iterator[CheckMessage]:
    """Yield what is wrong with one rule. What stands on something that is wrong is not looked at."""
    found = list(_each(rule, (_name, _model, _kinds)))
    yield from found
    if not found:
        looks = (_cap, _when, _where, _created_at) if rule.when == CREATED else (_cap, _when, _where)
        yield from _each(rule, looks)


def _each(rule: EnrichmentRule, looks: Iterable[Callable[[EnrichmentRule], CheckMessage | None]]) -> Iterator[Any]:
    for look in looks:
        try:
            if message := look(rule):
                yield message
        except WrongError as wrong:
            yield Error(_told(rule, str(wrong)), hint=wrong.hint, id=f"enrow.{wrong.code}")


def _told(rule: EnrichmentRule, sentence: str) -> str:
    return f'ENROW["RULES"], rule {rule.name!r}: {sentence}'


def _name(rule: EnrichmentRule) -> None:
    name: object = rule.name
    if not isinstance(name, str) or not name or len(name) > _LONGEST_NAME or name != spelled(name):
        sentence = f"the name must be a text of up to {_LONGEST_NAME} characters, without space at its ends."
        raise WrongError(sentence, hint='Write a name that a person understands, like "new contacts".', code="E141")


def _model(rule: EnrichmentRule) -> None:
    given: object = rule.model
    if isinstance(given, str) and registry.labelled(given.lower()):
        return
    labels = [label_of(mapping.model) for mapping in registry]
    said = f"{rule.model!r} is no mapped model."
    hint = f"Mapped are: {listed(labels)}."
    if isinstance(given, str) and (guess := near(given, [label.lower() for label in labels])):
        hint = f"Did you mean {guess!r}? {hint}"
    model = _found(rule.model)
    if model and (mapping := registry.of(model)):
        parent = label_of(mapping.model)
        hint = f"Its rows are those of {parent}, which is mapped: write {parent!r}, and narrow it by where."
    raise WrongError(said, hint=hint, code="E143")


def _found(label: object) -> type[Model] | None:
    try:
        return apps.get_model(str(label))
    except (LookupError, ValueError):
        return None


def _kinds(rule: EnrichmentRule) -> None:
    try:
        kinds = arguments.kinds_of(rule.find, verify=rule.verify)
    except (TypeError, ValueError) as error:
        raise WrongError(f"{str(error).rstrip('.')}.", hint=f"Write {_FIND}, or verify=True.", code="E144") from error
    if rule.when == STALE and len(kinds) > 1:
        sentence = "a rule that checks again asks for one thing, because each has a date of its own."
        raise WrongError(sentence, hint="Write a rule for each.", code="E144")


def _cap(rule: EnrichmentRule) -> None:
    hint = "Write daily_credits=200: the most that its searches may cost on one day."
    if rule.daily_credits is None:
        raise WrongError("it has no daily cap; no rule spends without one.", hint=hint, code="E142")
    cap = _number(rule.daily_credits)
    if cap is None or cap < 0:
        raise WrongError(f"daily_credits must be credits, not {rule.daily_credits!r}.", hint=hint, code="E142")
    price = sum(map(lead_settings.price, arguments.kinds_of(rule.find, verify=rule.verify)), Decimal(0))
    if cap < price:
        sentence = f"daily_credits={cap} pays for nobody: one lead costs up to {price} credits."
        raise WrongError(sentence, hint=f"Write {price} or more, or take the rule out.", code="E142")


def _number(given: object) -> Decimal | None:
    if isinstance(given, bool) or not isinstance(given, Decimal | int | float | str):
        return None
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _when(rule: EnrichmentRule) -> None:
    if rule.when not in (CREATED, STALE):
        hint = f"Write {CREATED!r} for rows that are made, {STALE!r} for leads that were checked too long ago."
        raise WrongError(f"when must be {CREATED!r} or {STALE!r}, not {rule.when!r}.", hint=hint, code="E144")
    if rule.when == CREATED:
        if rule.days is not None:
            raise WrongError("days is of rules that check again.", hint=f'Write when="{STALE}", too.', code="E144")
        minutes = _number(rule.late_minutes)
        if minutes is None or not 0 < minutes <= _MOST_MINUTES:
            sentence = f"late_minutes must be a number above 0, up to {_MOST_MINUTES:,}, not {rule.late_minutes!r}."
            raise WrongError(sentence, hint="Leave it out for 10 minutes.", code="E144")
        return
    days = None if rule.days is None else _number(rule.days)
    if days is None or days != int(days) or not 2 <= days <= _MOST_DAYS:
        sentence = f"days must be a whole number from 2 to {_MOST_DAYS:,}, not {rule.days!r}."
        raise WrongError(sentence, hint="Write days=180: no verdict becomes older than that.", code="E144")


def _where(rule: EnrichmentRule) -> None:
    if rule.where is None:
        return
    hint = 'Write lookups, like {"employer__city": "Lyon"}, or a Q.'
    if not isinstance(rule.where, Q) and not (isinstance(rule.where, dict) and all(map(_is_text, rule.where))):
        raise WrongError(f"where must be a dict of lookups or a Q, not {rule.where!r}.", hint=hint, code="E145")
    rows = mapping_of(rule).rows()
    try:
        leads = rows.filter(rule.where) if isinstance(rule.where, Q) else rows.filter(**rule.where)
        str(leads.query)
    except DatabaseProblem:
        return  # one that asks the database, where it does not answer
    except (FieldError, ValueError, TypeError, ValidationError) as error:
        raise WrongError(f"where cannot be asked: {_sentence(error)}", hint=hint, code="E145") from error


def _is_text(name: object) -> bool:
    return isinstance(name, str)


def _sentence(error: Exception) -> str:
    said = "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    return f"{said.rstrip('.')}."


def _created_at(rule: EnrichmentRule) -> CheckMessage | None:
    """Check the time at which a row was made; warn of one that no index answers, for each sweep asks by it."""
    model, path = mapping_of(rule).model, rule.created_at
    if not path:
        _must_have_order(model)
        return None
    hint = "Name a DateTimeField that is set when a row is made, like one with auto_now_add."
    if not isinstance(path, str):
        raise WrongError(f"created_at must be the path to a field, not {path!r}.", hint=hint, code="E146")
    try:
        field: Any = follow(model, path).field
    except WrongError as wrong:
        raise WrongError(f"created_at: {wrong}", hint=wrong.hint, code="E146") from wrong
    if not isinstance(field, DateTimeField):
        raise WrongError(f"created_at: {path!r} is {a(type(field).__name__)}.", hint=hint, code="E146")
    if field.model._meta.concrete_model is model and _is_indexed(field):
        return None
    return CheckWarning(
        _told(rule, f"created_at={path!r} has no index in {label_of(model)}, and each sweep asks by it."),
        hint="Give it db_index=True. Of few rows, silence this.",
        id="enrow.W106",
    )


def _must_have_order(model: type[Model]) -> None:
    if not has_order(model):
        key = model._meta.pk
        sentence = f"the key {key.name!r} of {label_of(model)} is {a(type(key).__name__)}, which has no order."
        hint = 'Name the time at which a row is made, like created_at="created".'
        raise WrongError(sentence, hint=hint, code="E146")


def _is_indexed(field: Any) -> bool:  # noqa: ANN401 - a field
    indexes = (index for index in field.model._meta.indexes if index.fields and index.condition is None)
    return bool(field.db_index) or field.unique or any(index.fields[0].lstrip("-") == field.name for index in indexes)
