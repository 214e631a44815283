"""What is known of each kind of search: one table. ``docs/adding-a-kind.md`` says how to add one.

How a kind is spoken to Enrow stands in ``enrow_webhooks.client``; everything else reads this table.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from enrow_webhooks.client.blanks import filled, name_filled
from enrow_webhooks.client.errors import NoCompanyHost
from enrow_webhooks.client.inputs import clean_domain, clean_email, profile_url
from enrow_webhooks.client.names import person
from enrow_webhooks.client.values import FindEmail, FindPhone, Kind, Query, VerifyEmail
from leads.numbers import dialled, is_rounded
from leads.numbers import e164 as _e164
from leads.numbers import is_number as _is_number
from leads.skips import NotSent, Reason

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


# Spellings of domains whose clean form is remembered, some 3 MB: colleagues share one.
_REMEMBERED = 10_000
# What is in its form at a glance; the others get a closer look.
_MAIL = re.compile(r"\A[\w.%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_DIALLED = re.compile(r"\A\+[1-9][0-9]{6,14}")


class Candidate(NamedTuple):
    """What planning reads of a lead; never the whole row: the inputs, each value, and the status of those judged."""

    # The primary key.
    pk: Any
    crm_id: str
    firstname: str
    lastname: str
    fullname: str
    company_name: str
    company_domain: str
    linkedin_url: str
    country_code: str
    email: str
    email_status: str
    phone: str

    def __repr__(self) -> str:
        return f"<Candidate {self.pk}>"

    @property
    def name(self) -> tuple[str, str]:
        """The first and the last name of the person, without titles and credentials; see ``person``."""
        return person(self.firstname, self.lastname, self.fullname)


def _find_email(lead: Candidate) -> FindEmail:
    first, last = lead.name
    if not first:
        raise NotSent(Reason.MISSING, "It has no name: fill firstname and lastname, or fullname.")
    domain, company = _company(lead)
    # A country only helps Enrow to resolve a company by its name.
    country = "" if domain else _country(lead)
    return FindEmail(
        fullname=f"{first} {last}" if last else first,
        company_domain=domain,
        company_name=company,
        country_code=country,
        crm_id=lead.crm_id,
    )


def _company(lead: Candidate) -> tuple[str, str]:
    try:
        if domain := _domain(lead.company_domain):
            return domain, ""
    except NoCompanyHost:
        # It is spelled right, and is only no company's; the name says which one is meant.
        if not filled(lead.company_name):
            raise
    if not (company := filled(lead.company_name)):
        raise NotSent(Reason.MISSING, "It has no company: fill company_domain or company_name.")
    return "", company


@functools.lru_cache(maxsize=_REMEMBERED)
def _domain(typed: str) -> str:
    return clean_domain(typed) if filled(typed) else ""


def _country(lead: Candidate) -> str:
    return name_filled(lead.country_code).upper()


def _verify_email(lead: Candidate) -> VerifyEmail:
    return VerifyEmail(email=clean_email(lead.email), crm_id=lead.crm_id)


def _find_phone(lead: Candidate) -> FindPhone:
    if filled(lead.linkedin_url):
        return FindPhone(linkedin_url=profile_url(lead.linkedin_url), crm_id=lead.crm_id)
    first, last = lead.name
    if not last:
        raise NotSent(Reason.MISSING, "It has neither linkedin_url nor both firstname and lastname.")
    domain, company = _company(lead)
    return FindPhone(firstname=first, lastname=last, company_domain=domain, company_name=company, crm_id=lead.crm_id)


def _is_address(value: str) -> bool:
    """Tell whether a text has an e-mail address in it, be it among others."""
    return "@" in value and bool(filled(value))


def _as_it_came(value: str, country: str) -> tuple[str, str]:
    return value, country


def _email(address: str, country: str) -> tuple[str, str]:
    return clean_email(address), country


def _mail(address: str, country: str) -> str:
    return clean_email(address)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFacts:
    """One kind of search."""

    label: StrPromise
    # What the lead's field holds, with its article, for sentences: "It already has an e-mail."
    noun: str
    # The word in ``find={…}`` and ``--find``. Blank for a kind that judges: ``verify=True`` asks for it.
    word: str = ""
    # What is sent for a lead. Raises NotSent, or BadInput for an input that Enrow does not take.
    query: Callable[[Candidate], Query]
    # Fields of the lead: the value that is found or judged, and what is known of it.
    value: str
    # Whether what stands in that field is such a value; a placeholder or a remark is replaced like a blank.
    is_value: Callable[[str], bool] = lambda value: bool(filled(value))
    # Whether nobody else has the same, so that a row of a file is known by it.
    is_persons_own: bool = False
    status: str
    checked_at: str
    country: str = ""
    # The words of the status field for Enrow's two answers.
    found: str
    not_found: str
    # Default days for which a hit and a miss are used again instead of bought again, by their words in REUSE_DAYS.
    reuse_days: Mapping[str, int] = field(default_factory=lambda: {"found": 90, "not_found": 30})
    # Default price in credits, and the most rows that Enrow takes in one POST.
    price: Decimal
    batch_size: int
    # Whether a search that finds nothing costs as much as one that does.
    misses_cost: bool = False
    # The form in which a value that came, and its country, are kept. Raises BadInput for a value that is none.
    tidy: Callable[[str, str], tuple[str, str]] = _as_it_came
    # The form in which a person's value is imported, by its country; raises BadInput where it has none.
    form: Callable[[str, str], str] = lambda value, _country: value
    is_in_form: Callable[[str], object] = bool
    # Whether a spreadsheet took a part of it.
    is_spoilt: Callable[[str], bool] = lambda _value: False
    # The most characters that such a value has, and one of them as an example.
    longest: int = 254
    sample: str = ""
    # What other programs call the value's column in a file, the first that is filled counts; only letters count.
    headings: tuple[str, ...] = ()

    @property
    def bare_noun(self) -> str:
        """The noun without its article."""
        return self.noun.partition(" ")[2]

    @property
    def judges(self) -> bool:
        """Whether it judges the value that the lead has, instead of finding one."""
        return not self.word


KINDS: dict[Kind, KindFacts] = {
    Kind.FIND_EMAIL: KindFacts(
        label=_("find e-mail"),
        noun="an e-mail",
        word="email",
        query=_find_email,
        value="email",
        is_value=_is_address,
        is_persons_own=True,
        status="email_status",
        checked_at="email_checked_at",
        found="valid",
        not_found="not_found",
        price=Decimal(1),
        batch_size=5000,
        tidy=_email,
        form=_mail,
        is_in_form=_MAIL.fullmatch,
        sample="jane.doe@example.com",
        headings=(
            *("workemail", "businessemail", "emailaddress", "mail"),
            *("emailadresse", "adresseemail", "adressemail", "courriel", "correo", "correoelectrónico", "emailadres"),
            *("邮箱", "电子邮件", "电子邮箱"),
        ),
    ),
    Kind.VERIFY_EMAIL: KindFacts(
        label=_("verify e-mail"),
        noun="an e-mail",
        query=_verify_email,
        value="email",
        is_value=_is_address,
        status="email_status",
        checked_at="email_checked_at",
        found="valid",
        not_found="invalid",
        sample="jane.doe@example.com",
        reuse_days={"valid": 30, "invalid": 30},
        price=Decimal("0.25"),
        batch_size=5000,
        misses_cost=True,
    ),
    Kind.FIND_PHONE: KindFacts(
        label=_("find phone"),
        noun="a phone",
        word="phone",
        query=_find_phone,
        value="phone",
        is_value=_is_number,
        status="phone_status",
        checked_at="phone_checked_at",
        country="phone_country",
        found="found",
        not_found="not_found",
        # Enrow's price for new plans; older plans pay 50.
        price=Decimal(40),
        batch_size=3000,
        tidy=_e164,
        form=dialled,
        is_in_form=_DIALLED.fullmatch,
        is_spoilt=is_rounded,
        # E.164: a plus and fifteen digits. A number of no known country may be longer; then its row is refused alone.
        longest=16,
        sample="+15705551234",
        # At work, mobile, others.
        headings=(
            *("workphone", "directphone", "businessphone", "phonenumber", "telephone"),
            *("telefongeschäftlich", "durchwahl", "telefon", "telefonnummer", "tel", "téléphone", "numérodetéléphone"),
            *("teléfono", "telefono", "telefoon", "telefoonnummer", "电话", "联系电话", "电话号码"),
            *("mobile", "mobilephone", "mobilephonenumber", "cellphone"),
            *("mobil", "mobiltelefon", "handy", "handynummer", "portable", "téléphoneportable", "móvil", "cellulare"),
            *("mobiel", "手机", "手机号", "手机号码"),
            *("otherphone", "homephone", "telefonprivat", "téléphonedomicile"),
        ),
    ),
}
WORDS: dict[str, Kind] = {facts.word: kind for kind, facts in KINDS.items() if facts.word}
JUDGING: tuple[Kind, ...] = tuple(kind for kind, facts in KINDS.items() if facts.judges)
CHOICES: list[tuple[str, StrPromise]] = [(kind.value, facts.label) for kind, facts in KINDS.items()]
# Each value of a lead once, with what is known of it: by the first kind that is about it.
VALUES: tuple[KindFacts, ...] = tuple(
    next(facts for facts in KINDS.values() if facts.value == value)
    for value in dict.fromkeys(facts.value for facts in KINDS.values())
)


def label(kind: str) -> str:
    """Return what a person calls the kind."""
    return str(KINDS[Kind(kind)].label)


def title(kind: str) -> str:
    """Return the same as the beginning of a sentence, for buttons and headings."""
    return label(kind).capitalize()


def asked(kind: Kind) -> dict[str, Any]:
    """Return the arguments of ``enrich()`` that ask for this kind."""
    return {"verify": True} if KINDS[kind].judges else {"find": {KINDS[kind].word}}


def finder_of(kind: Kind) -> Kind | None:
    """Return the kind that finds the value which this one judges; None when it judges none, or nothing finds it."""
    facts = KINDS[kind]
    found = (other for other in WORDS.values() if KINDS[other].value == facts.value)
    return next(found, None) if facts.judges else None
