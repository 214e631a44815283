"""The columns of a file of leads: how a cell is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import CharField, Field, TextField

from enrow_webhooks.client.blanks import filled, name_filled, some_blank
from enrow_webhooks.client.errors import BadInput
from leads.coercion import typed
from leads.csvfiles import forms
from leads.csvfiles.guards import may_be_guarded, unguarded
from leads.kinds import VALUES, KindFacts
from leads.numbers import is_rounded_id

_CRM_ID = "crm_id"
_COUNTRY = "country_code"
_COUNTRIES = frozenset({_COUNTRY, *(facts.country for facts in VALUES if facts.country)})


def _form_of(facts: KindFacts, text: str) -> str:
    return facts.form(text, "")


# How the fields are read in which people and programs write a word for nothing; it counts as a blank cell.
_FILLED: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(("company_name", "company_domain", "linkedin_url", *(facts.value for facts in VALUES)), filled),
    # Words for nothing that are names, or a country, stay there.
    **dict.fromkeys(("firstname", "lastname", "fullname", *_COUNTRIES), name_filled),
}
# What is brought into one form, and what is in it at a glance.
_FORMS: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(_COUNTRIES, forms.country),
    "company_domain": forms.domain,
    **{facts.value: partial(_form_of, facts) for facts in VALUES if not facts.country},
}
_IN_FORM: dict[str, Callable[[str], object]] = {
    "company_domain": forms.IS_BARE,
    **{facts.value: facts.is_in_form for facts in VALUES},
}
# Values whose form follows from the country of their row.
_BY_COUNTRY = {facts.value: facts for facts in VALUES if facts.country}
# Several values in a cell, as Google writes them.
_BETWEEN = " ::: "


class HeaderError(ValueError):
    """A header from which no lead can be read; the message is one sentence."""


class CellError(ValueError):
    """A cell that cannot be stored; the message is one sentence that names its column."""


class LeftOut(ValueError):  # noqa: N818 - the cell is wrong, and its row comes in
    """A cell that is left out of its row; the message is one sentence that names its column."""


class AsTyped(str):
    """A value that could not be brought into its form, and is kept as it was typed; ``why`` says it in a sentence."""

    __slots__ = ("why",)

    why: str

    def __new__(cls, text: str, why: str) -> AsTyped:
        """Return the text with the sentence."""
        kept = super().__new__(cls, text)
        kept.why = why
        return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the file that is a field of the lead."""

    place: int
    # Other columns that say the same, in the order in which they count where this one is blank.
    others: tuple[int, ...] = ()
    # How a cell is read.
    field: Field[Any, Any]
    # The word for it, where that is not the field's own name.
    word: str = ""

    @property
    def name(self) -> str:
        """What the column says of a lead."""
        return self.word or self.field.name

    def values(self, by_place: Sequence[Sequence[str]]) -> list[Any]:
        """Return what the column says of each row, of all the file's columns; the first that is filled counts."""
        values = self.read(by_place[self.place])
        for place in self.others:
            values = [
                rest if value is None else value for value, rest in zip(values, self.read(by_place[place]), strict=True)
            ]
        return values

    def read(self, cells: Sequence[str]) -> list[Any]:
        """Return the values in the cells, None for a blank one, and a CellError for one that cannot be stored."""
        texts = list(map(str.strip, cells))
        # Many cells of a column say the same, and to check one is dear.
        different = set(texts)
        if self._is_plain() and self._is_clean(different):
            return [text or None for text in texts]
        known = {text: self._value_or_error(text) for text in different}
        return [known[text] for text in texts]

    def _is_plain(self) -> bool:
        """Tell whether a text that is short enough is a value; a full clean() is ten times slower."""
        field = self.field
        return (
            isinstance(field, CharField)
            and not field.choices
            and self.name not in _COUNTRIES
            and all(isinstance(validator, MaxLengthValidator) for validator in field.validators)
        )

    def _is_key(self) -> bool:
        """Tell whether a text in it says which lead, or which record elsewhere, is meant."""
        return self.name == _CRM_ID or (isinstance(self.field, CharField | TextField) and self.field.unique)

    def _is_clean(self, texts: Collection[str]) -> bool:
        """Tell by one look at all of them whether nothing is to be said or changed about any of these texts."""
        whole = "\n".join(texts)
        limit = self.field.max_length
        return (
            "\x00" not in whole
            and not may_be_guarded(whole)
            and not (self._is_key() and ("E+" in whole or "e+" in whole))
            and (whole.isascii() or _is_utf8(whole))
            and (limit is None or max(map(len, texts)) <= limit)
            and not (self.name in _FILLED and some_blank(texts))
            and self._is_in_form(texts)
        )

    def _is_in_form(self, texts: Collection[str]) -> bool:
        looks = _IN_FORM.get(self.name)
        return looks is None or all(map(looks, filter(None, texts)))

    def _value_or_error(self, text: str) -> Any:  # noqa: ANN401 - whatever the field holds
        try:
            return self._value(text) if text else None
        except (CellError, LeftOut) as error:
            return error

    def _value(self, text: str) -> Any:  # noqa: ANN401 - whatever the field holds
        name = self.name
        if "\x00" in text:
            raise CellError(f"{name} has a NUL character in it.")
        if not _is_utf8(text):
            raise CellError(f"{name} has bytes that are not UTF-8; save the file as 'CSV UTF-8'.")
        text = unguarded(text)
        if not _FILLED.get(name, str)(text):
            return None
        if self._is_key() and is_rounded_id(text):
            told = f"{name} {text[:40]!r} was rounded by a spreadsheet, and may be another one's now"
            raise CellError(f"{told}; make the column text in the program that has the ids, and export it again.")
        if name in _BY_COUNTRY and not _BY_COUNTRY[name].is_in_form(text):
            # It may be longer than the column as long as it is not in its form; see ``settled``.
            return text
        if form := _FORMS.get(name):
            return self._formed(text, form)
        return self._fitting(text)

    def _formed(self, text: str, form: Callable[[str], str]) -> Any:  # noqa: ANN401 - whatever the field holds
        """Return the value in its form; as it was typed, or left out, where there is none."""
        try:
            return self._fitting(form(text.partition(_BETWEEN)[0]))
        except BadInput as error:
            why = str(error)
        if not why.startswith(self.name):
            why = f"{self.name} {why}"
        try:
            return AsTyped(self._fitting(text), why)
        except CellError:
            raise LeftOut(why) from None

    def settled(self, values: list[Any], cells: Mapping[str, Sequence[Any]]) -> list[Any]:
        """Return the values of all rows in their form, where that follows from the country that the row's cells say."""
        facts = _BY_COUNTRY.get(self.name)
        odd = (
            []
            if facts is None
            else [number for number, value in enumerate(values) if type(value) is str and not facts.is_in_form(value)]
        )
        if facts is None or not odd:
            return values
        given = [cells[name] for name in (facts.country, _COUNTRY) if name in cells]
        known: dict[tuple[str, str], Any] = {}
        for number in odd:
            country = next((str(column[number]) for column in given if type(column[number]) is str), "")
            key = values[number], country
            if key not in known:
                known[key] = self._dialled(facts, *key)
            values[number] = known[key]
        return values

    def _dialled(self, facts: KindFacts, text: str, country: str) -> Any:  # noqa: ANN401 - whatever the field holds
        if facts.is_spoilt(text):
            return LeftOut(f"{self.name} {text[:40]!r} was rounded by a spreadsheet, and most of its digits are lost.")
        try:
            return self._formed(text, lambda number: facts.form(number, country))
        except LeftOut as error:
            return error

    def _fitting(self, text: str) -> Any:  # noqa: ANN401 - whatever the field holds
        name, limit = self.name, self.field.max_length
        if limit is not None and len(text) > limit:
            raise CellError(f"{name} is {len(text):,} characters long; {limit} fit.")
        if self._is_plain():
            return text
        try:
            value = typed(self.field, text)
            self.field.clean(value, None)
        except ValidationError as error:
            raise CellError(f"{name}: {' '.join(error.messages)}") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise CellError(f"{name} {text[:40]!r} is not a number; leave the cell blank where there is none.")
        return value


def _is_utf8(text: str) -> bool:
    """Tell whether the text came from bytes that are UTF-8; others are read as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
