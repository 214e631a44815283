"""Which lead that is there a row of a file is about: by our crm_id, the profile, the e-mail, or name and company.

Values are compared as the file has them and in their one form, never by a function of SQL: an index of the host's is
used where there is one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from django.db import connections
from django.db.models import F, Q, QuerySet

from enrow_webhooks.client.blanks import filled
from enrow_webhooks.client.errors import BadInput
from enrow_webhooks.client.inputs import clean_domain, profile_url
from enrow_webhooks.client.text import folded, spelled
from leads import reading
from leads.kinds import VALUES, Candidate
from leads.mapping import LeadMapping

# Values that one query asks for, at most.
_ASKED = 50_000
# Spellings of companies whose one form is remembered: colleagues share one.
_REMEMBERED = 10_000
# Letters with which two names begin alike: Ann and Anna, Rob and Robert.
_ALIKE = 3
_ALIAS = "leads_file_{}"
# What may stand in front of a host.
HOSTS = ("", "www.", "https://", "https://www.", "http://", "http://www.")
_OWN_VALUES = tuple(facts for facts in VALUES if facts.is_persons_own)
_Asked: TypeAlias = dict[str, set[str]]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Way:
    """One way to tell who a row is about."""

    # As the end of a sentence: "found by …".
    name: str
    # What leads are alike by; none where a row does not say it.
    keys: Callable[[Candidate], Collection[tuple[str, ...]]]
    # The leads that may be alike: those of which the fields are among these values, by one set of fields or another.
    asks: Callable[[Candidate], list[_Asked]]
    # What has to be another's for the row to be about somebody else: "name", or "name and company"; blank: nothing can.
    against: str = ""


@dataclass(slots=True, kw_only=True, repr=False)
class Found:
    """The leads that rows are about."""

    # By the number of the row.
    leads: dict[int, Candidate] = field(default_factory=dict)
    by: dict[int, Way] = field(default_factory=dict)
    # Rows that several leads fit: their crm_ids.
    doubtful: dict[int, list[str]] = field(default_factory=dict)


def find(mapping: LeadMapping, rows: Sequence[Candidate]) -> Found:
    """Return the leads, in a constant number of queries. A row's crm_id counts where it is one of the mapping's."""
    found = Found()
    by_id = reading.candidates([(mapping.label, row.crm_id) for row in rows if row.crm_id])
    for number, row in enumerate(rows):
        if lead := by_id.get(row.crm_id):
            found.leads[number], found.by[number] = lead, BY_ID
    for way in WAYS:
        left = {number: row for number, row in enumerate(rows) if number not in found.by}
        _look(mapping, way, left, found)
    return found


def _look(mapping: LeadMapping, way: Way, rows: dict[int, Candidate], found: Found) -> None:
    keys = {number: way.keys(row) for number, row in rows.items()}
    asked = [rows[number] for number, wanted in keys.items() if wanted]
    leads: dict[tuple[str, ...], dict[str, Candidate]] = defaultdict(dict)
    for lead in _asked(mapping, way, asked):
        for key in way.keys(lead):
            leads[key][lead.crm_id] = lead
    for number, wanted in keys.items():
        fitting = {crm_id: lead for key in wanted for crm_id, lead in leads.get(key, {}).items()}
        if len(fitting) == 1:
            [found.leads[number]] = fitting.values()
        elif fitting:
            found.doubtful[number] = sorted(fitting)
        if fitting:
            found.by[number] = way


def _asked(mapping: LeadMapping, way: Way, rows: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield the leads that may be alike."""
    asks = [asked for row in rows for asked in way.asks(row) if all(map(mapping.source, asked))]
    read = reading.reader(mapping)
    for some in _portions(asks, connections[mapping.alias].features.max_query_params or _ASKED):
        yield from map(Candidate._make, read(_alike(mapping, some)))


def _portions(asks: Sequence[_Asked], most: int) -> Iterator[list[_Asked]]:
    portion: list[_Asked] = []
    size = 0
    for asked in asks:
        count = sum(map(len, asked.values()))
        if portion and size + count > min(most, _ASKED):
            yield portion
            portion, size = [], 0
        portion.append(asked)
        size += count
    if portion:
        yield portion


def _alike(mapping: LeadMapping, asks: Sequence[_Asked]) -> QuerySet[Any]:
    """Return the leads of which each of the fields is one of the values, by the fields that rows ask for."""
    groups: dict[tuple[str, ...], list[_Asked]] = defaultdict(list)
    for asked in asks:
        groups[tuple(asked)].append(asked)
    names = {name for group in groups for name in group}
    leads: QuerySet[Any] = mapping.rows().alias(**{_ALIAS.format(name): _readable(mapping, name) for name in names})
    met = Q(pk__in=[])
    for group, some in groups.items():
        values = {f"{_ALIAS.format(name)}__in": set().union(*(asked[name] for asked in some)) for name in group}
        met |= Q(**values)
    return leads.filter(met).order_by("pk")


def _readable(mapping: LeadMapping, name: str) -> Any:  # noqa: ANN401 - what alias() takes
    source = mapping.source(name)
    return F(source) if isinstance(source, str) else source


def _profile(lead: Candidate) -> list[tuple[str, ...]]:
    if not lead.linkedin_url:
        return []
    try:
        return [(profile_url(lead.linkedin_url),)] if filled(lead.linkedin_url) else []
    except BadInput:
        return []


def _profiles(lead: Candidate) -> list[_Asked]:
    [(url,)] = _profile(lead)
    bare = url.removeprefix("https://www.")
    return [{"linkedin_url": {lead.linkedin_url, *_spellings(bare.rstrip("/")), *_spellings(bare)}}]


def _own_values(lead: Candidate) -> list[tuple[str, ...]]:
    found = ((facts, getattr(lead, facts.value)) for facts in _OWN_VALUES)
    return [(facts.value, folded(spelled(text))) for facts, text in found if text and facts.is_value(text)]


def _own_values_asked(lead: Candidate) -> list[_Asked]:
    texts = {name: spelled(getattr(lead, name)) for name, _ in _own_values(lead)}
    return [{name: {text, text.lower()}} for name, text in texts.items()]


def _name_and_company(lead: Candidate) -> list[tuple[str, ...]]:
    name = folded(" ".join(lead.name).strip())
    companies = {"domain": domain_of(lead.company_domain), "name": _company(lead.company_name)}
    return [(name, kind, company) for kind, company in companies.items() if company] if name else []


@lru_cache(maxsize=_REMEMBERED)
def _company(text: str) -> str:
    return folded(filled(text))


def _names_and_companies(lead: Candidate) -> list[_Asked]:
    first, last = lead.name
    whole = {lead.fullname, f"{first} {last}".strip()} - {""}
    names: list[_Asked] = [{"fullname": whole}]
    if first and last:
        names.append({"firstname": {first, lead.firstname} - {""}, "lastname": {last, lead.lastname} - {""}})
    companies: list[_Asked] = []
    if domain := domain_of(lead.company_domain):
        companies.append({"company_domain": {lead.company_domain, *_spellings(domain), *_spellings(f"{domain}/")}})
    if company := filled(lead.company_name):
        companies.append({"company_name": {company, lead.company_name}})
    return [name | company for name in names for company in companies]


def is_another(way: Way, row: Candidate, lead: Candidate) -> bool:
    """Tell whether a row that was found to be about a lead is about somebody else.

    Their names have no word that begins alike; by the crm_id they also have another company, or another profile.
    """
    if not way.against:
        return False
    names = [{word[:_ALIKE] for word in folded(" ".join(each.name)).split()} for each in (row, lead)]
    if not all(names) or names[0] & names[1]:
        return False
    return way.against == "name" or _has_another_company(row, lead)


def _has_another_company(row: Candidate, lead: Candidate) -> bool:
    domains = [domain_of(each.company_domain) for each in (row, lead)]
    companies = [_company(each.company_name) for each in (row, lead)]
    profiles = [_profile(each) for each in (row, lead)]
    company = domains if all(domains) else companies
    return any(all(pair) and pair[0] != pair[1] for pair in (company, profiles))


def _spellings(host: str) -> set[str]:
    return {f"{start}{host}" for start in HOSTS}


@lru_cache(maxsize=_REMEMBERED)
def domain_of(text: str) -> str:
    """Return the bare domain in a text, or the text itself where it has none; blank for a blank."""
    if not filled(text):
        return ""
    try:
        return clean_domain(text)
    except BadInput:
        return folded(spelled(text))


def _nothing(_lead: Candidate) -> list[Any]:
    return []


BY_ID = Way(name="crm_id", keys=_nothing, asks=_nothing, against="name and company")
WAYS = (
    Way(name="profile", keys=_profile, asks=_profiles),
    Way(
        name=" or ".join(facts.bare_noun for facts in _OWN_VALUES),
        keys=_own_values,
        asks=_own_values_asked,
        against="name",
    ),
    Way(name="name and company", keys=_name_and_company, asks=_names_and_companies),
)
