"""The columns of a CSV file of leads: which field a header means, and how a cell is read and written.

Spreadsheets run a cell that begins like a formula. On the way out such a cell gets an apostrophe in front, which they
take for "this is text"; on the way in one apostrophe before such a beginning is taken away, so that a file comes back
as it went out. A phone in E.164 form begins with a plus but is a plain number: it stays as it is, for the other
programs that read the file.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import BinaryField, CharField, Field, FileField, JSONField

from enrow_webhooks.client.blanks import filled, name_filled, some_blank
from leads.coercion import typed
from leads.kinds import KINDS, VALUES
from leads.models import Lead

# What other CRMs call our fields; blanks, hyphens, underscores and case do not count.
_ALIASES = {
    "id": "crm_id",
    "externalid": "crm_id",
    "leadid": "crm_id",
    "contactid": "crm_id",
    "first": "firstname",
    "givenname": "firstname",
    "forename": "firstname",
    "last": "lastname",
    "surname": "lastname",
    "familyname": "lastname",
    "name": "fullname",
    "contactname": "fullname",
    "company": "company_name",
    "organisation": "company_name",
    "organization": "company_name",
    "employer": "company_name",
    "domain": "company_domain",
    "website": "company_domain",
    "companywebsite": "company_domain",
    "companyurl": "company_domain",
    "linkedin": "linkedin_url",
    "linkedinprofile": "linkedin_url",
    "linkedinprofileurl": "linkedin_url",
    "country": "country_code",
    "countryiso": "country_code",
} | {heading: facts.value for facts in KINDS.values() for heading in facts.headings}
_NOT_A_CELL = (BinaryField, FileField, JSONField)
_COUNTRIES = frozenset({"country_code", *(facts.country for facts in VALUES if facts.country)})
_MOST_COLUMNS = 1000
# How the fields are read in which people and programs write a word for nothing; it counts as a blank cell.
_FILLED: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(("company_name", "company_domain", "linkedin_url", *(facts.value for facts in VALUES)), filled),
    # Words for nothing that are names, or a country, stay there.
    **dict.fromkeys(("firstname", "lastname", "fullname", *_COUNTRIES), name_filled),
}
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_FORMULA = re.compile(r"\A'*(\s*[=+\-@＝＋－＠]|[\t\r\n])")
_E164 = re.compile(r"\+\d{1,15}")


class HeaderError(ValueError):
    """A header from which no lead can be read; the message is one sentence."""


class CellError(ValueError):
    """A cell that cannot be stored; the message is one sentence that names its column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the file that is a field of the lead."""

    place: int
    field: Field[Any, Any]

    def read(self, cells: Sequence[str]) -> list[Any]:
        """Return the values in the cells, None for a blank one, and a CellError for one that cannot be stored."""
        texts = list(map(str.strip, cells))
        if self._is_plain() and self._is_clean(texts):
            return [text or None for text in texts]
        # Many cells of a column say the same, and to check one is dear.
        known = {text: self._value_or_error(text) for text in set(texts)}
        return [known[text] for text in texts]

    def _is_plain(self) -> bool:
        """Tell whether a text that is short enough is a value; a full clean() is ten times slower."""
        field = self.field
        return (
            isinstance(field, CharField)
            and not field.choices
            and field.name not in _COUNTRIES
            and all(isinstance(validator, MaxLengthValidator) for validator in field.validators)
        )

    def _is_clean(self, texts: Sequence[str]) -> bool:
        """Tell by one look at all of them whether nothing is to be said or changed about any of these texts."""
        whole = "\n".join(texts)
        limit = self.field.max_length
        return (
            "\x00" not in whole
            and "\n'" not in whole
            and not whole.startswith("'")
            and (whole.isascii() or _is_utf8(whole))
            and (limit is None or max(map(len, texts)) <= limit)
            and not (self.field.name in _FILLED and some_blank(texts))
        )

    def _value_or_error(self, text: str) -> Any:  # noqa: ANN401 - whatever the field holds
        try:
            return self._value(text) if text else None
        except CellError as error:
            return error

    def _value(self, text: str) -> Any:  # noqa: ANN401 - whatever the field holds
        name = self.field.name
        if "\x00" in text:
            raise CellError(f"{name} has a NUL character in it.")
        if not _is_utf8(text):
            raise CellError(f"{name} has bytes that are not UTF-8; save the file as 'CSV UTF-8'.")
        text = unguarded(text)
        return self._fitting(text) if _FILLED.get(name, str)(text) else None

    def _fitting(self, text: str) -> Any:  # noqa: ANN401 - whatever the field holds
        name, limit = self.field.name, self.field.max_length
        if name in _COUNTRIES and not _COUNTRY.fullmatch(text):
            raise CellError(f"{name} {text[:40]!r} is not a two-letter country code, like FR.")
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


def fields() -> dict[str, Field[Any, Any]]:
    """Return the fields that stand in a file: what a person or Enrow fills in, no key, relation or automatic time."""
    own = Lead._meta.concrete_fields
    return {
        field.name: field
        for field in own
        if field.editable and not field.primary_key and not field.is_relation and not isinstance(field, _NOT_A_CELL)
    }


def known_titles() -> Callable[[Sequence[str]], int]:
    """Return a function that counts the cells of a row that are the title of a field."""
    known = frozenset(_ALIASES) | set(map(_plain, fields()))
    return lambda cells: sum(_plain(cell) in known for cell in cells)


def columns_of(header: Sequence[str]) -> tuple[list[Column], list[str]]:
    """Return the columns that are fields, and the names of those that are not. Raises HeaderError."""
    if len(header) > _MOST_COLUMNS:
        raise HeaderError(f"The first line has {len(header):,} columns; a file of leads has {_MOST_COLUMNS:,} at most.")
    known = _ALIASES | {_plain(name): name for name in fields()}
    columns: dict[str, Column] = {}
    ignored = []
    for place, title in enumerate(header):
        name = known.get(_plain(title))
        if name is None:
            ignored.append(title.strip())
        elif name in columns:
            raise HeaderError(f"Columns {columns[name].place + 1} and {place + 1} both mean {name}; take one away.")
        else:
            columns[name] = Column(place=place, field=fields()[name])
    if not columns:
        raise HeaderError(f"No column is a field of a lead; the first line must name some of {', '.join(fields())}.")
    return list(columns.values()), ignored


def _plain(title: str) -> str:
    return re.sub(r"[\W_]+", "", title.casefold())


def guarded(text: str) -> str:
    """Return the text so that no spreadsheet runs it as a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _E164.fullmatch(text) else text


def unguarded(text: str) -> str:
    """Return the text that was guarded."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def cell_of(value: object) -> str:
    """Return a value as a cell that ``Column.read`` takes back."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, dt.datetime) else guarded(str(value))
