"""Whether a mapping gives what a search needs."""

from __future__ import annotations

import pytest

from tests.leads.mapping_checks.shapes import bare, codes, contact, only

MAIL, PHONE = {"email": "work_email"}, {"phone": "mobile"}


def write(self, changes):
    """Write nothing."""
    return []


@pytest.mark.parametrize(
    "attributes",
    [
        {**MAIL, "fullname": "given_name", "company_name": "employer__title"},
        {**MAIL, "firstname": "given_name", "company_domain": "employer__website"},
        {**PHONE, "linkedin_url": "family_name"},
        {**PHONE, "fullname": "given_name", "company_name": "employer__title"},
        {**PHONE, **MAIL, "linkedin_url": "family_name"},
    ],
)
def test_one_kind_that_can_be_found_is_enough(attributes):
    """What the others miss is said of each lead, and costs nothing."""
    assert codes(bare(contact(), crm_id_prefix="c-", **attributes)) == []


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({}, ["no output", "email and phone"]),
        ({"fullname": "given_name", "company_name": "employer__title"}, ["no output"]),
        (PHONE, ["could ever be searched", "It has neither linkedin_url nor both"]),
        ({**PHONE, "firstname": "given_name", "company_name": "employer__title"}, ["Find phone: It has neither"]),
        ({**PHONE, "fullname": "given_name"}, ["It has no company"]),
        ({**PHONE, "company_name": "employer__title"}, ["neither"]),
        ({"write": write, "fullname": "given_name"}, ["how the current value is read"]),
    ],
)
def test_a_mapping_with_which_nothing_can_be_searched_is_told(attributes, words):
    """With what is missing for each kind."""
    code, attribute, text = only(bare(contact(), crm_id_prefix="c-", **attributes))
    assert (code, attribute) == ("E119", "")
    assert all(word in text for word in words), text


@pytest.mark.parametrize("more", [{}, {"firstname": "given_name"}, {"company_name": "employer__title"}, PHONE])
def test_addresses_alone_can_only_be_verified(more):
    """That may be what is meant; the warning can be silenced."""
    code, attribute, text = only(bare(contact(), crm_id_prefix="c-", **MAIL, **more))
    assert (code, attribute) == ("W103", "")
    assert "Find e-mail: It has no" in text
