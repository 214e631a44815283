"""Every lead is judged as Enrow judges it, before anything is sent."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.values import FindEmail, FindPhone, Kind, VerifyEmail
from leads.eligibility import judge
from leads.kinds import Candidate
from leads.skips import Reason, Skip

BLANK = Candidate(1, "c1", "", "", "", "", "", "", "", "", "", "")


def verdict(kind, *, overwrite=False, **fields):
    return judge(kind, BLANK._replace(**fields), overwrite=overwrite)


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        (
            {"firstname": " Ann ", "lastname": "Lee", "company_domain": "https://www.Acme.com/about"},
            FindEmail(fullname="Ann Lee", company_domain="acme.com", crm_id="c1"),
        ),
        (
            {"fullname": "Cher", "company_name": "Acme  Inc", "country_code": "fr"},
            FindEmail(fullname="Cher", company_name="Acme Inc", country_code="FR", crm_id="c1"),
        ),
        (
            {
                "fullname": "Zoë Ødegård",
                "company_domain": "zoe@bücher.de",
                "company_name": "Bücher",
                "country_code": "de",
            },
            FindEmail(fullname="Zoë Ødegård", company_domain="xn--bcher-kva.de", crm_id="c1"),
        ),
    ],
)
def test_an_email_search_sends_one_name_and_one_company(fields, query):
    """First and last name make the name; a domain, however it was typed, beats the company's name."""
    assert verdict(Kind.FIND_EMAIL, **fields) == query


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        (
            {"linkedin_url": "fr.linkedin.com/in/Ann-Lee?x=1", "firstname": "Ann"},
            FindPhone(linkedin_url="https://www.linkedin.com/in/ann-lee/", crm_id="c1"),
        ),
        (
            {"fullname": "Ann van Lee", "company_domain": "acme.com"},
            FindPhone(firstname="Ann", lastname="van Lee", company_domain="acme.com", crm_id="c1"),
        ),
        (
            {"firstname": "Ann", "lastname": "Lee", "company_name": "Acme"},
            FindPhone(firstname="Ann", lastname="Lee", company_name="Acme", crm_id="c1"),
        ),
    ],
)
def test_a_phone_search_prefers_the_linkedin_profile(fields, query):
    """The profile always wins at Enrow; without one, both names and a company are needed."""
    assert verdict(Kind.FIND_PHONE, **fields) == query


def test_a_verification_sends_the_address():
    """Only an address is needed."""
    assert verdict(Kind.VERIFY_EMAIL, email=" a@b.com ") == VerifyEmail(email="a@b.com", crm_id="c1")


@pytest.mark.parametrize(
    ("kind", "fields", "reason", "word"),
    [
        (Kind.FIND_EMAIL, {"email": "a@b.com"}, Reason.ALREADY, "already has an e-mail"),
        (Kind.FIND_EMAIL, {"company_domain": "a.com"}, Reason.MISSING, "fullname"),
        (Kind.FIND_EMAIL, {"fullname": "Ann"}, Reason.MISSING, "company_domain"),
        (
            Kind.FIND_EMAIL,
            {"fullname": "Ann", "company_domain": "not a domain"},
            Reason.BAD_INPUT,
            "company_domain 'not a domain'",
        ),
        (Kind.FIND_PHONE, {"phone": "+33199001234"}, Reason.ALREADY, "already has a phone"),
        (Kind.FIND_PHONE, {"fullname": "Cher", "company_domain": "a.com"}, Reason.MISSING, "linkedin_url"),
        (Kind.FIND_PHONE, {"fullname": "Ann Lee"}, Reason.MISSING, "company_domain"),
        (Kind.FIND_PHONE, {"linkedin_url": "https://linkedin.com/company/acme"}, Reason.BAD_INPUT, "page of a company"),
        (Kind.VERIFY_EMAIL, {}, Reason.MISSING, "no e-mail"),
        (Kind.VERIFY_EMAIL, {"email": "a@b.com", "email_status": "valid"}, Reason.ALREADY, "already known to be valid"),
        (Kind.VERIFY_EMAIL, {"email": "nonsense"}, Reason.BAD_INPUT, "email 'nonsense'"),
    ],
)
def test_what_is_not_sent_says_why_in_a_sentence(kind, fields, reason, word):
    """A skip names the field to fix."""
    skip = verdict(kind, **fields)
    assert isinstance(skip, Skip)
    assert (skip.crm_id, skip.kind, skip.reason) == ("c1", kind, reason)
    assert word in skip.sentence
    assert skip.sentence.endswith(".")


@pytest.mark.parametrize("blank", ["n/a", "-", "#N/A", "NULL", "unknown", "\u200b"])
def test_a_placeholder_is_no_input(blank):
    """The next best input is taken, or the lead is skipped for what is missing, not for what is wrong."""
    ann = {"fullname": "Ann Lee", "company_domain": blank, "linkedin_url": blank, "email": blank, "phone": blank}
    acme = {**ann, "company_name": "Acme"}
    expected = FindPhone(firstname="Ann", lastname="Lee", company_name="Acme", crm_id="c1")
    assert verdict(Kind.FIND_PHONE, **acme) == expected
    assert verdict(Kind.FIND_EMAIL, **acme) == FindEmail(fullname="Ann Lee", company_name="Acme", crm_id="c1")
    for kind, fields in ((Kind.FIND_EMAIL, ann), (Kind.FIND_PHONE, ann), (Kind.VERIFY_EMAIL, acme)):
        assert verdict(kind, **fields).reason is Reason.MISSING


@pytest.mark.parametrize(
    ("kind", "field", "value", "is_value"),
    [
        (Kind.FIND_EMAIL, "email", "none@none.com", False),
        (Kind.FIND_EMAIL, "email", "ann at acme.example.com", False),
        (Kind.FIND_EMAIL, "email", "Ann <ann@acme.com>, bob@acme.com", True),
        (Kind.FIND_PHONE, "phone", "0", False),
        (Kind.FIND_PHONE, "phone", "1.57E+10", False),
        (Kind.FIND_PHONE, "phone", "1,5705551234E10", False),
        (Kind.FIND_PHONE, "phone", "ext. 12", False),
        (Kind.FIND_PHONE, "phone", "0199 00 12 34 (ext. 5)", True),
    ],
)
def test_only_a_value_counts_as_there(kind, field, value, is_value):
    """A remark in the field keeps nobody from being searched; what has an address or a number in it does."""
    fields = {"fullname": "Ann Lee", "company_domain": "acme.com", field: value}
    answer = verdict(kind, **fields)
    assert (isinstance(answer, Skip) and answer.reason is Reason.ALREADY) == is_value
    assert not isinstance(verdict(kind, overwrite=True, **fields), Skip)


@pytest.mark.parametrize("host", ["gmail.com", "https://facebook.com/acme", "linktr.ee/acme", "linkedin.com/company/a"])
def test_a_host_that_is_no_company_gives_way_to_the_companys_name(host):
    """Nothing is searched at a free mail host or a page; a sentence says so where there is no name."""
    fields = {"fullname": "Ann Lee", "company_domain": host}
    assert verdict(Kind.FIND_EMAIL, company_name="Acme", **fields).company_name == "Acme"
    for skip in (verdict(Kind.FIND_EMAIL, **fields), verdict(Kind.FIND_PHONE, company_name="n/a", **fields)):
        assert skip.reason is Reason.BAD_INPUT
        assert skip.sentence.endswith("write the company's domain.")


def test_a_typing_error_in_the_domain_is_not_paid_around():
    """It should be fixed, though there is a company's name."""
    skip = verdict(Kind.FIND_EMAIL, fullname="Ann Lee", company_domain="acme,com", company_name="Acme")
    assert skip.reason is Reason.BAD_INPUT


def test_a_country_that_is_a_word_for_nothing_is_not_sent():
    """NA is Namibia; n/a is no country."""
    fields = {"fullname": "Ann Lee", "company_name": "Acme"}
    assert verdict(Kind.FIND_EMAIL, country_code="na", **fields).country_code == "NA"
    assert verdict(Kind.FIND_EMAIL, country_code="n/a", **fields).country_code == ""


def test_overwrite_searches_what_is_there_already():
    """With overwrite a value is no reason to skip."""
    assert isinstance(
        verdict(Kind.FIND_EMAIL, overwrite=True, email="a@b.com", fullname="A B", company_domain="b.com"), FindEmail
    )
    assert isinstance(verdict(Kind.VERIFY_EMAIL, overwrite=True, email="a@b.com", email_status="valid"), VerifyEmail)


@pytest.mark.parametrize(
    ("status", "is_known"), [("valid", True), ("invalid", True), ("", False), ("failed", False), ("not_found", False)]
)
def test_an_address_with_a_verdict_is_not_verified_again(status, is_known):
    """Valid or invalid, it was paid for; only overwrite asks anew. Whatever else is known of it is no verdict."""
    fields = {"email": "ann@acme.com", "email_status": status}
    answer = verdict(Kind.VERIFY_EMAIL, **fields)
    query = VerifyEmail(email="ann@acme.com", crm_id="c1")
    assert (answer.reason is Reason.ALREADY) if is_known else (answer == query)
    assert verdict(Kind.VERIFY_EMAIL, overwrite=True, **fields) == query
