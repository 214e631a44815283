"""Hosts of mailboxes, pages and links for anybody are no company's."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.errors import NoCompanyHost
from enrow_webhooks.client.hosts import is_free_mail, page_host
from enrow_webhooks.client.inputs import clean_domain


@pytest.mark.parametrize(
    "typed",
    [
        *("gmail.com", "https://www.gmail.com/", "ann@Gmail.com", "gmx.de", "qq.com", "orange.fr", "tutanota.com"),
        *("https://www.facebook.com/acme", "facebook.com/acme", "m.facebook.com", "https://facebook.com?id=1"),
        *("https://www.google.com/url?q=https://acme.example.com", "google.co.uk/maps", "sites.google.com/view/acme"),
        *("https://linktr.ee/acme", "x.com/acme", "https://www.facebook.com/#acme", "acme.blogspot.com"),
        *("linkedin.com", "https://www.linkedin.com/company/acme", "//bit.ly/x"),
    ],
)
def test_a_host_that_is_no_company_is_told(typed):
    """Free mail always, and pages of somebody at a host that many use."""
    with pytest.raises(NoCompanyHost, match=r"^company_domain .* write the company's domain\.$"):
        clean_domain(typed)


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("google.com", "google.com"),
        ("https://www.google.com/", "google.com"),
        ("ann@facebook.com", "facebook.com"),
        ("x.com", "x.com"),
        ("netflix.com", "netflix.com"),
        ("google.acme.com/about", "google.acme.com"),
        ("facebook.com.acme.com/x", "facebook.com.acme.com"),
        ("alibaba.com", "alibaba.com"),
        ("mail.acme.com/x", "mail.acme.com"),
    ],
)
def test_a_bare_host_may_be_the_employer(typed, domain):
    """People work at Google, and a name that only looks like such a host is a company's."""
    assert clean_domain(typed) == domain


def test_the_two_lists_have_nothing_in_common():
    """What may be an employer is not in the list of free mail."""
    assert is_free_mail("gmail.com")
    assert not is_free_mail("facebook.com")
    assert (page_host("facebook.com"), page_host("de-de.facebook.com"), page_host("gmail.com")) == (
        "facebook.com",
        "facebook.com",
        "",
    )
