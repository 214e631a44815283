"""Whom a test told the sandbox of. What it was told is true; everybody else is decided as in ``people``, or is unknown.

Never changed, only replaced: a search keeps what was known at its launch, as it keeps its seed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from enrow_webhooks.sandbox import people, special
from enrow_webhooks.sandbox.endpoints import Product
from enrow_webhooks.sandbox.validation import text

Phone = tuple[str, str]
"""A number in E.164, and its ISO country."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is true of one person. None: nothing was told; an empty value: there is none."""

    email: str | None = None
    phone: Phone | tuple[()] | None = None
    fails: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """People by what they are searched by, and verdicts by address."""

    nobody_else: bool = False
    """Whether everybody who was not told of is unknown, but for the special words."""
    people: Mapping[str, Person] = field(default_factory=dict)
    verdicts: Mapping[str, bool] = field(default_factory=dict)
    failing: frozenset[str] = frozenset()
    """Addresses whose verification is refused."""

    def with_person(self, keys: tuple[str, ...], told: Person) -> "Known":
        """Return this and one person more; what was not told now stays as it was told before."""
        changed = dict(self.people)
        for key in keys:
            old = changed.get(key, Person())
            email = old.email if told.email is None else told.email
            phone = old.phone if told.phone is None else told.phone
            changed[key] = Person(email=email, phone=phone, fails=told.fails)
        known = replace(self, people=changed)
        return known.with_verdict(told.email, valid=True) if told.email else known

    def with_verdict(self, email: str, *, valid: bool) -> "Known":
        """Return this and one address more."""
        return replace(self, verdicts={**self.verdicts, _address(email): valid})

    def with_failure(self, email: str) -> "Known":
        """Return this, with the verification of an address refused."""
        return replace(self, failing=self.failing | {_address(email)})

    def find_email(self, fullname: str, company_domain: str, company_name: str) -> str | None:
        """Return the address that the finder finds, or None."""
        person = self._named(fullname, company_domain, company_name)
        if person is not None and person.email is not None:
            return person.email or None
        if self.nobody_else and people.word_of_name(fullname) is None:
            return None
        return people.find_email(fullname, company_domain, company_name)

    def verify(self, email: str) -> bool:
        """Tell whether the address accepts mail."""
        if not (self.verdicts or self.nobody_else):
            return people.verify(email)
        verdict = self.verdicts.get(_address(email))
        if verdict is not None:
            return verdict
        is_special = people.word_of_address(email) or _address(email).partition("@")[0] in special.LOCAL_PARTS
        return bool(is_special or not self.nobody_else) and people.verify(email)

    def find_phone(self, row: Mapping[str, Any], company_domain: str, company_name: str) -> Phone | None:
        """Return number and country of who is searched by a row, or None. The LinkedIn URL wins over the name."""
        person = self._of_phone(row, company_domain, company_name)
        if person is not None and person.phone is not None:
            return person.phone or None
        if url := row.get("linkedin_url"):
            is_special = people.word_of_slug(people.slug_of(url) or "") is not None
            return people.find_phone(linkedin_url=url) if is_special or not self.nobody_else else None
        if self.nobody_else and people.word_of_name(row["lastname"]) is None:
            return None
        return people.find_phone(
            firstname=row["firstname"],
            lastname=row["lastname"],
            company_domain=company_domain,
            company_name=company_name,
        )

    def refuses(self, kind: Product, row: Any) -> bool:  # noqa: ANN401 -- JSON
        """Tell whether the search for a row, which is one, is refused."""
        if kind is Product.VERIFY_EMAIL:
            return bool(self.failing) and _address(row) in self.failing
        if not self.people:
            return False
        company = text(row, "company_domain"), text(row, "company_name")
        is_phone = kind is Product.FIND_PHONE
        person = self._of_phone(row, *company) if is_phone else self._named(row["fullname"], *company)
        return person is not None and person.fails

    def _of_phone(self, row: Mapping[str, Any], company_domain: str, company_name: str) -> Person | None:
        if row.get("linkedin_url"):
            return self.people.get(key_of_profile(row["linkedin_url"]))
        return self._named(f"{row['firstname']} {row['lastname']}", company_domain, company_name)

    def _named(self, fullname: str, company_domain: str, company_name: str) -> Person | None:
        # Of a million people that nobody told of, no key is made.
        return self.people.get(key_of_name(fullname, company_domain, company_name)) if self.people else None


def key_of_name(fullname: str, company_domain: str, company_name: str) -> str:
    """Return by what a person is known who is searched by name and company, however both are written."""
    name = people.fold(fullname) or "".join(fullname.casefold().split())
    company = people.domain_of(company_domain, company_name) or "".join(company_name.casefold().split())
    return f"{name}@{company}"


def key_of_profile(linkedin_url: str) -> str:
    """Return by what a person is known who is searched by a LinkedIn profile."""
    return f"in/{people.slug_of(linkedin_url) or linkedin_url}"


def _address(email: str) -> str:
    return email.strip().lower()
