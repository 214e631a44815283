"""One lead, one kind: what would be sent to Enrow, or the sentence that says why nothing is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from enrow_webhooks.client.errors import BadInput
from enrow_webhooks.client.inputs import clean_domain, clean_email, clean_text, profile_url
from enrow_webhooks.client.values import FindEmail, FindPhone, Kind, Query, VerifyEmail
from leads.skips import Reason, Skip


class Candidate(NamedTuple):
    """What planning reads of a lead; never the whole row."""

    pk: object
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
    def name(self) -> str:
        """The name as Enrow wants it: in one field."""
        return clean_text(f"{self.firstname} {self.lastname}") or clean_text(self.fullname)


class NotSent(Exception):  # noqa: N818 - it is an answer, no error
    """Carries the reason and sentence of a Skip."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def judge(kind: Kind, lead: Candidate, *, overwrite: bool) -> Query | Skip:
    """Return the query for a lead, or why there is none."""
    try:
        return _JUDGES[kind](lead, overwrite)
    except NotSent as answer:
        return Skip(crm_id=lead.crm_id, kind=kind, reason=answer.reason, sentence=str(answer))
    except BadInput as error:
        return Skip(crm_id=lead.crm_id, kind=kind, reason=Reason.BAD_INPUT, sentence=str(error))


def seen(kind: Kind, lead: Candidate) -> str:
    """Return what the lead has now in the field that the search is about."""
    return lead.phone if kind is Kind.FIND_PHONE else lead.email


def _find_email(lead: Candidate, overwrite: bool) -> FindEmail:
    if lead.email and not overwrite:
        raise NotSent(Reason.ALREADY, "It already has an e-mail.")
    name = lead.name
    if not name:
        raise NotSent(Reason.MISSING, "It has no name: fill firstname and lastname, or fullname.")
    domain, company = _company(lead)
    # A country only helps Enrow to resolve a company by its name.
    country = "" if domain else clean_text(lead.country_code).upper()
    return FindEmail(
        fullname=name, company_domain=domain, company_name=company, country_code=country, crm_id=lead.crm_id
    )


def _company(lead: Candidate) -> tuple[str, str]:
    if typed := clean_text(lead.company_domain):
        return clean_domain(typed), ""
    company = clean_text(lead.company_name)
    if not company:
        raise NotSent(Reason.MISSING, "It has no company: fill company_domain or company_name.")
    return "", company


def _verify_email(lead: Candidate, overwrite: bool) -> VerifyEmail:
    if not lead.email:
        raise NotSent(Reason.MISSING, "It has no e-mail to verify.")
    if lead.email_status in {"valid", "invalid"} and not overwrite:
        raise NotSent(Reason.ALREADY, f"Its e-mail is already known to be {lead.email_status}.")
    return VerifyEmail(email=clean_email(lead.email), crm_id=lead.crm_id)


def _find_phone(lead: Candidate, overwrite: bool) -> FindPhone:
    if lead.phone and not overwrite:
        raise NotSent(Reason.ALREADY, "It already has a phone.")
    if clean_text(lead.linkedin_url):
        return FindPhone(linkedin_url=profile_url(lead.linkedin_url), crm_id=lead.crm_id)
    first, last = clean_text(lead.firstname), clean_text(lead.lastname)
    if not (first and last):
        first, _, last = lead.name.partition(" ")
    if not last:
        raise NotSent(Reason.MISSING, "It has neither linkedin_url nor both firstname and lastname.")
    domain, company = _company(lead)
    return FindPhone(firstname=first, lastname=last, company_domain=domain, company_name=company, crm_id=lead.crm_id)


_JUDGES: dict[Kind, Callable[[Candidate, bool], Query]] = {
    Kind.FIND_EMAIL: _find_email,
    Kind.VERIFY_EMAIL: _verify_email,
    Kind.FIND_PHONE: _find_phone,
}
