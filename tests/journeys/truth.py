"""What every journey through the sandbox must end in: the truth of its people, told without the product's own code.

Who is found comes from ``sandbox.people``, which rows are odd from ``sandbox.oddities``, what was paid from its ledger.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from enrow_webhooks.sandbox import people, validation
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.endpoints import Product
from enrow_webhooks.sandbox.oddities import oddity_of
from enrow_webhooks.sandbox.special import Word
from leads.models import Lead, LeadSearch, SearchJob

# First name, last name, domain, company name: accents, a company without a domain, chance, and nobody.
_PEOPLE = [
    ("Zoë", "Somebody", "", "Café Ørsted"),
    ("Ann", "Somebody", "firm1.com", ""),
    ("Bob", "Nobody", "firm2.com", "Firm Two"),
    ("Cid", "Müller", "firm3.com", ""),
    ("Dan", "Maybe", "", "Firm Four"),
    ("Eve", "Somebody", "www.firm5.com", ""),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One lead's inputs, as they are typed, and what Enrow knows of this person."""

    crm_id: str
    first: str
    last: str
    domain: str
    company: str
    slug: str
    """Blank for every second person: a phone is found by names, too."""

    @property
    def address(self) -> str:
        """What is verified. Capitals, because mailboxes do not tell them apart."""
        return f"{self.first[0]}.{people.fold(self.last)}@Firm{self.crm_id[-1]}.com"

    def lead(self, kind: Product) -> Lead:
        """Return the lead before it is searched."""
        profile = f"https://www.linkedin.com/in/{self.slug}/" if self.slug else ""
        return Lead(
            crm_id=self.crm_id,
            firstname=self.first,
            lastname=self.last,
            company_domain=self.domain,
            company_name=self.company,
            linkedin_url=profile,
            email=self.address if kind is Product.VERIFY_EMAIL else "",
        )

    def truth(self, kind: Product) -> tuple[str, ...]:
        """Return what the lead must have in ``fields_of`` its kind."""
        if kind is Product.FIND_EMAIL:
            email = people.find_email(f"{self.first} {self.last}", self.domain, self.company)
            return (email, "valid") if email else ("", "not_found")
        if kind is Product.VERIFY_EMAIL:
            return self.address.lower(), "valid" if people.verify(self.address) else "invalid"
        found = people.find_phone(
            linkedin_url=f"https://www.linkedin.com/in/{self.slug}" if self.slug else None,
            firstname=self.first,
            lastname=self.last,
            company_domain=self.domain,
            company_name=self.company,
        )
        return (*found, "found") if found else ("", "", "not_found")

    def is_in(self, row: object) -> bool:
        """Tell whether a row of a request asks for this person."""
        if isinstance(row, str):
            return row.lower() == self.address.lower()
        assert isinstance(row, dict)
        if profile := row.get("linkedin_url"):
            return people.slug_of(profile) == self.slug
        return row.get("fullname", f"{row.get('firstname')} {row.get('lastname')}") == f"{self.first} {self.last}"


def cast(count: int) -> list[Person]:
    """Return so many different people."""
    return [
        Person(
            crm_id=f"lead-{number}",
            first=first,
            last=last,
            domain=domain,
            company=company,
            slug=f"{people.fold(first)}-{people.fold(last)}" if number % 2 else "",
        )
        for number, (first, last, domain, company) in enumerate(_PEOPLE[:count])
    ]


def fields_of(lead: Lead, kind: Product) -> tuple[str, ...]:
    """Return what a search of this kind may write to a lead, with capitals as they do not count."""
    if kind is Product.FIND_PHONE:
        return lead.phone, lead.phone_country, lead.phone_status
    return lead.email.lower(), lead.email_status


def assert_truth(sandbox: Sandbox, crowd: Collection[Person], kind: Product, *, may_fail: bool = False) -> None:
    """Everybody has the right value or a reason, nobody was bought twice, our books are the ledger's, all has ended.

    Only odd rows may end with a reason, unless ``may_fail``: then everybody's may.
    """
    jobs = list(SearchJob.objects.values_list("state", "last_error"))
    assert {state for state, _ in jobs} == {"finished"}, jobs
    assert not LeadSearch.objects.pending().exists()
    odd = {crm_id for crm_id, _ in odd_words(sandbox, crowd)}
    for person in crowd:
        if person.crm_id in odd or (may_fail and _search(person).outcome in LeadSearch.FAILURES):
            _assert_reason(person, kind)
        else:
            search, lead = _search(person), Lead.objects.get(crm_id=person.crm_id)
            assert fields_of(lead, kind) == person.truth(kind), f"{person.crm_id}: {search.outcome} {search.error}"
    assert set(sandbox.ledger.purchases.values()) == {1}, "somebody was bought twice"
    assert LeadSearch.objects.sent().count() == sandbox.ledger.purchases.total()
    assert SearchJob.objects.credits() == sandbox.ledger.spent, list(SearchJob.objects.values("credits_cost", "found"))


def _search(person: Person) -> LeadSearch:
    """Return the only search that was paid for this person."""
    return LeadSearch.objects.sent().get(crm_id=person.crm_id)


def _assert_reason(person: Person, kind: Product) -> None:
    """Nothing that could be used came: the lead keeps what it had, and a person can read why."""
    search, lead = _search(person), Lead.objects.get(crm_id=person.crm_id)
    assert search.outcome in LeadSearch.FAILURES, f"{person.crm_id}: {search.outcome}"
    assert search.error, f"{person.crm_id}: nobody is told why"
    before, after = fields_of(person.lead(kind), kind), fields_of(lead, kind)
    assert after == (*before[:-1], "failed"), f"{person.crm_id} was written {after}"


def odd_words(sandbox: Sandbox, crowd: Collection[Person]) -> Iterator[tuple[str, Word]]:
    """Yield the crm_ids of those whose rows are left out, never end or hold nonsense, and which of these."""
    for job in sandbox.jobs:
        kind = job.endpoint.kind
        for place, row in enumerate(validation.rows_of(job.endpoint, job.payload)):
            (person,) = (person for person in crowd if person.is_in(row))
            word = oddity_of(sandbox.settings.profile, job.seed, kind, place, row)
            # Nonsense stands where a value was found; a verification has none.
            brings_nothing = kind is Product.VERIFY_EMAIL or not person.truth(kind)[0]
            # A single search has no row that could be left out, or never end.
            can_be = job.endpoint.bulk or word is Word.WORTHLESS
            if word and can_be and not (word is Word.WORTHLESS and brings_nothing):
                yield person.crm_id, word


def assert_no_traceback(records: Iterable[logging.LogRecord]) -> None:
    """Whatever Enrow does is said in a sentence."""
    loud = [record.getMessage() for record in records if record.exc_info or "Traceback" in record.getMessage()]
    assert not loud, loud
