"""The typed values that travel between Enrow and the rest: what is asked, what comes back.

Their ``repr`` shows no person and no secret: error trackers collect it.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Self

from enrow_webhooks.client.text import folded


class Kind(enum.StrEnum):
    """What Enrow sells."""

    FIND_EMAIL = "find_email"
    VERIFY_EMAIL = "verify_email"
    FIND_PHONE = "find_phone"


class Verdict(enum.StrEnum):
    """Enrow's ``qualification``, in our words. For a verification FOUND means deliverable, NOT_FOUND undeliverable."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    ONGOING = "ongoing"
    # Found, and billed, but without a value that can be read.
    WORTHLESS = "worthless"
    # A word that no documentation knows.
    UNUSABLE = "unusable"


class SearchStatus(enum.StrEnum):
    """Where a search stands at Enrow."""

    ONGOING = "ongoing"
    COMPLETED = "completed"
    FAILED = "failed"


def fingerprint(*parts: str) -> str:
    """Return a 128-bit name of the parts, as the hexadecimal digits of a UUID; planning makes and compares millions.

    Those that are typed in more than one way are folded by the caller.
    """
    text = "\x1f".join(parts)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


class Asked:
    """What every query says, whatever its kind. Most know nothing of countries."""

    __slots__ = ()

    @property
    def country_code(self) -> str:
        """Where Enrow looks a company up. It stands on the whole POST, so a batch has one; blank: none is needed."""
        return ""

    def in_post(self, country_code: str) -> Self:
        """Return the query as it reads in a POST with this country: answers echo a query without it."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class FindEmail(Asked):
    """One person whose e-mail is wanted. Domain or company name is enough; the domain decides when both are there."""

    fullname: str = field(repr=False)
    company_domain: str = field(default="", repr=False)
    company_name: str = field(default="", repr=False)
    # ISO 3166-1 alpha-2.
    country_code: str = field(default="", repr=False)
    crm_id: str = field(default="", repr=False)

    @property
    def fingerprint(self) -> str:
        """The name of this purchase."""
        company = self.company_domain or f"name:{self.company_name}:{self.country_code}"
        return fingerprint(Kind.FIND_EMAIL, folded(self.fullname, company))

    def in_post(self, country_code: str) -> Self:
        """Return the query as it reads in a POST with this country; a batch has thousands, and most have none."""
        return self if self.country_code == country_code else replace(self, country_code=country_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyEmail(Asked):
    """One address to verify."""

    email: str = field(repr=False)
    crm_id: str = field(default="", repr=False)

    @property
    def fingerprint(self) -> str:
        """The name of this purchase."""
        return fingerprint(Kind.VERIFY_EMAIL, folded(self.email))


@dataclass(frozen=True, slots=True, kw_only=True)
class FindPhone(Asked):
    """One person whose phone is wanted: by LinkedIn profile (it always wins at Enrow), or by names and company."""

    linkedin_url: str = field(default="", repr=False)
    firstname: str = field(default="", repr=False)
    lastname: str = field(default="", repr=False)
    company_domain: str = field(default="", repr=False)
    company_name: str = field(default="", repr=False)
    crm_id: str = field(default="", repr=False)

    @property
    def fingerprint(self) -> str:
        """The name of this purchase."""
        if self.linkedin_url:
            # It comes in one form, and two ids of members may differ in their capitals alone.
            return fingerprint(Kind.FIND_PHONE, self.linkedin_url)
        company = self.company_domain or f"name:{self.company_name}"
        # Mary Jane | Smith is Mary | Jane Smith.
        return fingerprint(Kind.FIND_PHONE, folded(f"{self.firstname} {self.lastname}", company))


Query = FindEmail | VerifyEmail | FindPhone


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Enrow accepted a search."""

    id: str
    # What was taken from the balance at once, the worst case; None when the answer did not say.
    credits_used: Decimal | None = None
    # Minutes, bulk only, not guaranteed by Enrow.
    estimated_minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One person's outcome."""

    verdict: Verdict
    # The e-mail or the number; for a verification the address that was judged. Blank when nothing was found. Of a hit
    # that cannot be read, what came, as JSON text.
    value: str = field(default="", repr=False)
    # ISO 3166-1 alpha-2, phones only.
    country: str = field(default="", repr=False)
    # Our ``custom``, echoed; blank when absent. In one line, and cut at 128 characters.
    crm_id: str = field(default="", repr=False)
    # Whether ``custom`` was that very text. In any other spelling it may be meant for somebody else, except among the
    # searches of one job.
    is_verbatim: bool = True
    # 0-based place in the POSTed array; None where Enrow gives none (or a UUID, as bulk verification does).
    index: int | None = None
    # The inputs as Enrow echoes them, verbatim or as it resolved them; None when it does not.
    echo: Query | None = field(default=None, repr=False)

    @property
    def is_hit(self) -> bool:
        """Whether Enrow takes credits for it as found, usable or not. An unknown word with a value counts as one."""
        return self.verdict in _BILLED or (self.verdict is Verdict.UNUSABLE and bool(self.value))


_BILLED = frozenset({Verdict.FOUND, Verdict.WORTHLESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a GET said of a search."""

    status: SearchStatus
    results: tuple[Result, ...] = field(default=(), repr=False)
    # What the search cost in the end; None when the body does not settle it.
    cost: Decimal | None = None
    # How many rows of a batch Enrow counts as found; None when the body does not say.
    hits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What ``GET /account/info`` says."""

    credits: Decimal
    webhooks: tuple[str, ...] = field(default=(), repr=False)
