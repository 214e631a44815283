"""The header of a file: which column says what of a lead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leads.csvfiles.columns import Column, HeaderError
from leads.csvfiles.fields import FileColumn, fields
from leads.kinds import KINDS
from leads.mapping import LeadMapping

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
_MOST_COLUMNS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the columns of a file are."""

    columns: list[Column]
    # The titles of columns that are no field of a lead.
    unknown: list[str] = field(default_factory=list)
    # Columns that are one, and are not imported: the end of a sentence by the title.
    left_out: dict[str, str] = field(default_factory=dict)


def columns_of(titles: Sequence[str], mapping: LeadMapping | None = None) -> Header:
    """Return what each column says of a lead of the mapping, None: of ``leads.Lead``. Raises HeaderError."""
    if len(titles) > _MOST_COLUMNS:
        raise HeaderError(f"The first line has {len(titles):,} columns; a file of leads has {_MOST_COLUMNS:,} at most.")
    own = fields(mapping)
    known = _known(own)
    header, places = Header(columns=[]), dict[str, int]()
    for place, title in enumerate(titles):
        name = known.get(_plain(title))
        if name is None:
            header.unknown.append(title.strip())
        elif name in places:
            raise HeaderError(f"Columns {places[name] + 1} and {place + 1} both mean {name}; take one away.")
        else:
            places[name] = place
            _add(header, own[name], place, title.strip())
    if not any(own[column.name].field for column in header.columns):
        usable = ", ".join(name for name, each in own.items() if each.field)
        raise HeaderError(f"No column is a field of a lead; the first line must name some of {usable}.")
    return header


def _add(header: Header, known: FileColumn, place: int, title: str) -> None:
    """Note a column; one that fills nothing may help to find the lead."""
    if known.why:
        header.left_out[title] = known.why
    if reads_by := known.cell or known.field:
        header.columns.append(Column(place=place, field=reads_by, word=known.name))


def _known(own: Mapping[str, FileColumn]) -> dict[str, str]:
    """Return the word for each title that is understood."""
    hosts = {_plain(each.field.name): name for name, each in own.items() if each.field is not None}
    return {
        **{title: name for title, name in _ALIASES.items() if name in own},
        **{title: name for title, name in hosts.items() if title != "id"},
        **{_plain(name): name for name in own},
    }


def _plain(title: str) -> str:
    return re.sub(r"[\W_]+", "", title.casefold())
