"""Results are a pure function of the inputs, with the promised shares and magic inputs."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrow_webhooks.sandbox import numbers, people

phonenumbers = pytest.importorskip("phonenumbers")

NAMES = st.text(min_size=1, max_size=30).filter(str.strip)
COMPANIES = st.sampled_from(["acme.com", "https://www.acme.co.uk/about?x=1", "Müller & Söhne", "", "not a domain"])


@given(name=NAMES, domain=COMPANIES, company=COMPANIES)
def test_what_is_found_is_an_ascii_address_that_verifies(name: str, domain: str, company: str) -> None:
    """The verifier never contradicts the finder, whatever the name."""
    email = people.find_email(name, domain, company)
    assert email == people.find_email(name, domain, company)
    if email is not None:
        assert email.isascii()
        assert people.verify(email)
        assert people.verify(email.upper())


@pytest.mark.parametrize(
    ("fullname", "domain", "company", "email"),
    [
        ("Dwight Somebody", "dundermifflin.com", None, "dwight.somebody@dundermifflin.com"),
        ("  Zoë   SOMEBODY ", "https://www.Acme.co.uk/about", "Other", "zoe.somebody@acme.co.uk"),
        ("Łukasz Ørsted-Somebody", None, "Straße & Co", "lukasz.orsted-somebody@strasseco.com"),
        ("Jan van Somebody", "acme.com.", None, "jan.vansomebody@acme.com"),
        ("Somebody", "http://user@acme.com:8080/", None, "somebody@acme.com"),
    ],
)
def test_an_address_is_made_of_name_and_domain(
    fullname: str, domain: str | None, company: str | None, email: str
) -> None:
    """Accents fold to ASCII, a site URL gives its domain, a company name gives one when there is none."""
    assert people.find_email(fullname, domain, company) == email


def test_without_a_usable_company_nobody_is_found() -> None:
    """Neither a broken domain nor a name of nothing but signs makes an address."""
    assert people.find_email("A Somebody", "not a domain", "!!!") is None


def test_the_shares_are_as_promised() -> None:
    """About 70 % of people have an address, 75 % of addresses are valid, 60 % of people have a phone."""
    count = 4000
    emails = sum(people.find_email(f"Jo Person{i}", f"company{i % 90}.com") is not None for i in range(count))
    valid = sum(people.verify(f"x{i}@acme.com") for i in range(count))
    phones = sum(people.find_phone(linkedin_url=f"https://linkedin.com/in/p{i}") is not None for i in range(count))
    assert [round(hits / count, 1) for hits in (emails, phones)] == [0.7, 0.6]
    assert 0.72 < valid / count < 0.78


def test_magic_inputs() -> None:
    """Names, slugs and local parts that always, or never, have a result."""
    assert all(people.find_email("A Somebody", f"{i}.com") for i in range(50))
    assert not any(people.find_email("A Nobody", f"{i}.com") for i in range(50))
    assert not any(people.find_email("Bounce", f"{i}.com") for i in range(50))
    for number in range(50):
        company = {"firstname": "A", "company_domain": f"{number}.com"}
        assert people.find_phone(**company, lastname="van Somebody") is not None
        assert people.find_phone(**company, lastname="Nobody") is None
        assert people.find_phone(linkedin_url=f"https://www.linkedin.com/in/p{number}-somebody/") is not None
        assert people.find_phone(linkedin_url=f"https://www.linkedin.com/in/p{number}-nobody") is None
    assert people.verify("ok@acme.com")
    assert people.verify("a.somebody@acme.com")
    assert not people.verify("bounce@acme.com")
    assert not people.verify("a.nobody@acme.com")
    assert not people.verify("ok@acme")


def test_every_number_is_valid_in_its_country() -> None:
    """Google's libphonenumber calls each number valid and names the same country; all four occur."""
    countries = set()
    for step in range(2000):
        number, country = numbers.number_for(step / 2000)
        parsed = phonenumbers.parse(number)
        assert phonenumbers.is_valid_number(parsed), number
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number
        assert phonenumbers.region_code_for_number(parsed) == country
        countries.add(country)
    assert countries == {"US", "FR", "GB", "DE"}


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://www.linkedin.com/in/Michael-Scott/", "michael-scott"),
        ("http://linkedin.com/in/michael", "michael"),
        ("https://www.linkedin.com/in/ACoAAABcdEfGhIjKlMnOpQrStUvWxYz012/", "ACoAAABcdEfGhIjKlMnOpQrStUvWxYz012"),
        ("https://www.linkedin.com/in/ACOAAABCDEFGHIJKLMNOPQRSTUVWXYZ012/", "acoaaabcdefghijklmnopqrstuvwxyz012"),
        ("https://fr.linkedin.com/in/michael", None),
        ("https://www.linkedin.com/in/michael?x=1", None),
        ("https://www.linkedin.com/company/acme", None),
        ("https://www.linkedin.com/in/", None),
        ("michael", None),
    ],
)
def test_only_profile_urls_have_a_slug(url: str, slug: str | None) -> None:
    """Company pages, locale sub-domains and query strings are no profile."""
    assert people.slug_of(url) == slug


def test_another_process_finds_the_same() -> None:
    """No result depends on the hash seed of a process."""
    code = (
        "from enrow_webhooks.sandbox import people;"
        "print([people.find_email(f'A B{i}', 'c.com') for i in range(40)],"
        "[people.find_phone(linkedin_url=f'https://linkedin.com/in/{i}') for i in range(40)])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
