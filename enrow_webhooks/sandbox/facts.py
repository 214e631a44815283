"""How a fact of the contract is declared, and how a user writes its value.

A fact is one field of ``profiles.Profile``, annotated by ``told``. The field is the only place that knows it: its name,
its meaning, its value in each profile and where that is documented. ``--help``, ``docs/sandbox.md``, the command line,
``SandboxServer(facts=…)`` and ``POST /_sandbox/settings`` all walk this one table.

The type of a fact follows from its value: a bool is a switch, a float the share of rows that it strikes (0 to 1), a
Decimal an amount of credits, an int a number or an HTTP status, a str one of a few words or a text of Enrow's.

Facts change what Enrow says. But for prices and limits they never change what it takes: credits and truth stay those of
``ledger`` and ``people``, so a test can compare them with what a client made of the answers.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, get_type_hints

Written = str | Iterable[str] | Mapping[str, object]
"""Facts as a user may write them: ``"shuffled_rows,phone_price=50"``, a list of such words, or a mapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What stands beside the type of a fact."""

    meaning: str
    source: str
    """What documents, or does not document, this fact."""
    choices: tuple[object, ...]
    """All values that there are; empty when any value of the type will do."""
    others: Mapping[str, object]
    """The values of the profiles that differ from the profile on which they are built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Told):
    """One thing that Enrow does in one way or in another."""

    name: str
    usual: Any
    """The value of the profile ``current``."""


def told(meaning: str, source: str, *, choices: tuple[object, ...] = (), **others: object) -> Told:
    """Return what belongs into the annotation of a fact; ``legacy=…`` is its value in the profile of that name."""
    return Told(meaning=meaning, source=source, choices=choices, others=others)


def facts_of(table: type) -> dict[str, Fact]:
    """Return the facts that a dataclass declares, by name, in their order."""
    hints = get_type_hints(table, include_extras=True)
    usual = {entry.name: entry.default for entry in dataclasses.fields(table)}
    return {
        name: Fact(name=name, usual=usual[name], **dataclasses.asdict(beside))
        for name, hint in hints.items()
        for beside in getattr(hint, "__metadata__", ())
    }


def read(known: Mapping[str, Fact], written: object) -> dict[str, object]:
    """Return facts and their values, however a user wrote them.

    Raises ValueError, in a sentence, for an unknown fact or a wrong value.
    """
    if isinstance(written, Mapping):
        pairs = [(_known(known, str(name)), value) for name, value in written.items()]
    elif isinstance(written, str | list | tuple | set | frozenset):
        words = written.split(",") if isinstance(written, str) else [str(word) for word in written]
        pairs = [_spelled(known, word) for word in words if word.strip()]
    else:
        raise ValueError(f"facts must be like 'shuffled_rows,phone_price=50', not {written!r}.")  # noqa: TRY004 -- as all
    return {fact.name: _checked(fact, value) for fact, value in pairs}


def credits_from(name: str, value: object) -> Decimal:
    """Return an amount of credits. Raises ValueError, in a sentence, for what is none."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(-1)
    if amount.is_finite() and amount >= 0:
        return amount
    raise ValueError(f"{name} must be a number of credits, not {value!r}.")


def _known(known: Mapping[str, Fact], name: str) -> Fact:
    if name not in known:
        raise ValueError(f"There is no fact {name!r} of a profile. Known facts: {', '.join(known)}.")
    return known[name]


def _spelled(known: Mapping[str, Fact], word: str) -> tuple[Fact, object]:
    """Read ``NAME`` or ``NAME=VALUE``. A text that spells no value of the fact's type is left to the check."""
    name, equals, text = (part.strip() for part in word.partition("="))
    fact = _known(known, name)
    if not equals:
        if not isinstance(fact.usual, bool | float):
            raise ValueError(f"The fact {name} needs a value, like {name}={_example(fact)}.")
        return fact, type(fact.usual)(1)
    if isinstance(fact.usual, bool):
        return fact, {"true": True, "false": False}.get(text, text)
    if isinstance(fact.usual, int | float):
        try:
            return fact, type(fact.usual)(text)
        except ValueError:
            return fact, text
    return fact, text


def _example(fact: Fact) -> object:
    return next((value for value in (*fact.others.values(), *fact.choices) if value != fact.usual), fact.usual)


def _checked(fact: Fact, value: object) -> object:
    if isinstance(fact.usual, Decimal):
        return credits_from(f"The fact {fact.name}", value)
    if isinstance(fact.usual, float):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and 0 <= value <= 1:  # type: ignore[operator] # a number, by the line above
            return float(value)  # type: ignore[arg-type] # the same
        raise ValueError(f"The fact {fact.name} must be a share from 0 to 1, not {value!r}.")
    if fact.choices and (type(value) is not type(fact.usual) or value not in fact.choices):
        raise ValueError(f"The fact {fact.name} must be {' or '.join(map(str, fact.choices))}, not {value!r}.")
    if type(value) is type(fact.usual) and not (isinstance(value, int) and value < 0):
        return value
    kind = {bool: "true or false", int: "a whole number that is not negative"}.get(type(fact.usual), "a text")
    raise ValueError(f"The fact {fact.name} must be {kind}, not {value!r}.")
