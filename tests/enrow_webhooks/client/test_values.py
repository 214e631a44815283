"""Values that travel between modules: one person has one fingerprint, and none of them prints a person."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.values import (
    Account,
    Answer,
    FindEmail,
    FindPhone,
    Result,
    SearchStatus,
    Verdict,
    VerifyEmail,
)

EMAIL = FindEmail(fullname="Ann Lee", company_domain="firm.com", crm_id="1")
PHONE = FindPhone(firstname="Ann", lastname="Lee", company_domain="firm.com", crm_id="1")


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (EMAIL, FindEmail(fullname="ANN LEE", company_domain="Firm.com", company_name="Firm", crm_id="2")),
        (VerifyEmail(email="ann@firm.com"), VerifyEmail(email="Ann@Firm.com", crm_id="2")),
        (FindPhone(linkedin_url="in/ann"), FindPhone(linkedin_url="in/ann", firstname="Ann", crm_id="2")),
        (
            FindPhone(firstname="Mary Jane", lastname="YILDIZ", company_name="Firm"),
            FindPhone(firstname="Mary", lastname="Jane Yıldız", company_name="FIRM"),
        ),
    ],
)
def test_one_purchase_has_one_fingerprint(one, same):
    """Case, the CRM id and what Enrow does not look at make no second purchase."""
    assert one.fingerprint == same.fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (EMAIL, FindEmail(fullname="Ann Lee", company_domain="other.com")),
        (EMAIL, FindEmail(fullname="Ann Lee", company_name="firm.com")),
        (
            FindEmail(fullname="Ann", company_name="Firm", country_code="FR"),
            FindEmail(fullname="Ann", company_name="Firm", country_code="DE"),
        ),
        (PHONE, FindPhone(firstname="AnnL", lastname="ee", company_domain="firm.com")),
        (PHONE, FindPhone(firstname="Ann", lastname="Lee", company_name="firm.com")),
        (VerifyEmail(email="x"), FindPhone(linkedin_url="x")),
        (FindPhone(linkedin_url="in/ACoAAB"), FindPhone(linkedin_url="in/ACoAAb")),
        (FindEmail(fullname="René Lee", company_name="Firm"), FindEmail(fullname="Rene Lee", company_name="Firm")),
    ],
)
def test_two_purchases_have_two_fingerprints(one, other):
    """Nobody gets the result of another person, another company or another kind of search."""
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    "value",
    [
        FindEmail(fullname="SECRET", company_domain="SECRET", company_name="SECRET", country_code="SECRET"),
        VerifyEmail(email="SECRET"),
        FindPhone(
            linkedin_url="SECRET", firstname="SECRET", lastname="SECRET", company_domain="SECRET", company_name="SECRET"
        ),
        Result(verdict=Verdict.FOUND, value="SECRET", country="SECRET", echo=VerifyEmail(email="SECRET")),
        Answer(status=SearchStatus.COMPLETED, results=(Result(verdict=Verdict.FOUND, value="SECRET"),)),
        Account(credits=1, webhooks=("https://crm.example.com/SECRET",)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_value_prints_a_person(value):
    """A log or a traceback that shows it tells nobody's name, address or number."""
    assert "SECRET" not in repr(value)
