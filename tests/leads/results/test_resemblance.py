"""Whom Enrow searched, and the lead that was named: the same person or not, said in one sentence."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.values import FindEmail, FindPhone, Kind, VerifyEmail
from leads.kinds import Candidate
from leads.results.resemblance import difference


def lead(**fields):
    return Candidate(**dict.fromkeys(Candidate._fields, "") | fields)


@pytest.mark.parametrize(
    ("fields", "echo", "says"),
    [
        # The name.
        ({"fullname": "Zoë Müller"}, {"fullname": "ZOE  muller"}, ""),
        ({"firstname": "Søren", "lastname": "Ørsted"}, {"fullname": "Soren Orsted"}, ""),
        ({"fullname": "Strauß, Ann"}, {"fullname": "Ann Strauss"}, ""),
        ({"fullname": "Jean-Pierre Doe"}, {"fullname": "Jean Pierre Doe"}, ""),
        ({"fullname": "Jane Q Doe"}, {"fullname": "Jane Doe"}, ""),
        ({"fullname": "Jane Doe"}, {"fullname": "John Doe"}, "another name"),
        ({"fullname": "Jane Doe"}, {"fullname": "Doe"}, "can be compared"),
        ({"fullname": "Doe"}, {"fullname": "doe"}, ""),
        ({}, {"fullname": "Jane Doe"}, "can be compared"),
        ({"fullname": "山田 太郎"}, {"fullname": "山田 太郎"}, ""),
        # The domain.
        ({"company_domain": "https://www.Acme.com/x"}, {"company_domain": "acme.com"}, ""),
        ({"company_domain": "fr.acme.com"}, {"company_domain": "https://www.acme.com/"}, ""),
        ({"company_domain": "notacme.com"}, {"company_domain": "acme.com"}, "another domain"),
        ({"company_domain": "acme"}, {"company_domain": "acme.com"}, "can be compared"),
        # Both: one that agrees does not outweigh one that contradicts.
        ({"fullname": "A B", "company_domain": "x.com"}, {"fullname": "A B", "company_domain": "y.com"}, "domain"),
        ({"fullname": "A C", "company_domain": "x.com"}, {"fullname": "A B", "company_domain": "x.com"}, "name"),
        ({"fullname": "A B"}, {"fullname": "A B", "company_domain": "x.com"}, ""),
        ({"fullname": "Doe", "company_domain": "x.com"}, {"fullname": "A Doe", "company_domain": "x.com"}, ""),
        # A company's name alone is nobody's.
        ({"company_name": "Acme"}, {"company_name": "Acme"}, "can be compared"),
    ],
)
def test_an_email_search_is_compared_by_name_and_domain(fields, echo, says):
    """One at least agrees, none contradicts."""
    assert_says(difference(Kind.FIND_EMAIL, lead(**fields), FindEmail(**{"fullname": ""} | echo)), says)


@pytest.mark.parametrize(
    ("fields", "echo", "says"),
    [
        ({"linkedin_url": "linkedin.com/in/Zo%C3%AB"}, {"linkedin_url": "https://fr.linkedin.com/in/zoë/"}, ""),
        ({"linkedin_url": "linkedin.com/in/ann"}, {"linkedin_url": "https://www.linkedin.com/in/bob/"}, "profile"),
        (
            {"linkedin_url": "linkedin.com/in/ann"},
            {"linkedin_url": "https://linkedin.com/in/ann-1a2b"},
            "can be compared",
        ),
        ({"linkedin_url": "not a profile"}, {"linkedin_url": "https://linkedin.com/in/ann"}, "can be compared"),
        ({"firstname": "Ann", "lastname": "Doe"}, {"firstname": "ANN", "lastname": "doe"}, ""),
        (
            {"fullname": "Ann Doe", "linkedin_url": "linkedin.com/in/ann"},
            {"firstname": "Ann", "lastname": "Doe", "linkedin_url": "https://linkedin.com/in/ann-1a2b"},
            "",
        ),
    ],
)
def test_a_phone_search_is_compared_by_profile_too(fields, echo, says):
    """A longer slug may be a namesake's: alone it is not enough, and does not contradict either."""
    assert_says(difference(Kind.FIND_PHONE, lead(**fields), FindPhone(**echo)), says)


@pytest.mark.parametrize(
    ("email", "says"), [("Ann@Firm.com ", ""), ("bob@firm.com", "another e-mail"), ("", "another e-mail")]
)
def test_a_verification_is_compared_by_its_address(email, says):
    """Nothing else is known of it."""
    assert_says(difference(Kind.VERIFY_EMAIL, lead(email=email), VerifyEmail(email="ann@firm.com")), says)


def test_without_an_echo_there_is_nothing_to_compare():
    """Somebody's crm_id alone proves nobody."""
    assert_says(difference(Kind.FIND_EMAIL, lead(fullname="Ann Doe"), None), "does not say whom")


def assert_says(sentence, part):
    assert part in sentence
    assert bool(sentence) == bool(part)
