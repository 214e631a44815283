"""Phones, domains, e-mails and countries have one form inside, whatever a file has."""

from __future__ import annotations

import pytest
from django.db.models import CharField

from enrow_webhooks.client.errors import BadInput
from leads.csvfiles.columns import CellError, Column
from leads.csvfiles.forms import country
from leads.management import choosing
from leads.mapping import registry
from leads.models import Lead
from tests.commands import run
from tests.crm.models import Contact
from tests.leads.csvfiles.test_xlsx import workbook

pytestmark = pytest.mark.django_db

CASES = {
    "company_domain": {
        "HTTPS://www.Firm.com:8080/about?x=1": "firm.com",
        "www.firm.com": "firm.com",
        "Firm.COM": "firm.com",
        "shop.firm.co.uk/": "shop.firm.co.uk",
        "//firm.com": "firm.com",
        "müller.de": "xn--mller-kva.de",
        "firm.com": "firm.com",
    },
    "email": {
        " Ann@x.com ": "Ann@x.com",
        "ann\u200b@x.com": "ann@x.com",
        "ann@x.com ::: ann@y.com": "ann@x.com",
    },
    "country_code": {
        "fr": "FR",
        "UK": "GB",
        "base.fr": "FR",
        "base.uk": "GB",
        "United Kingdom": "GB",
        "England": "GB",
        "USA": "US",
        "United States": "US",
        "United States of America": "US",
        "FRA": "FR",
        "France": "FR",
        "Frankreich": "FR",
        "FRANCIA": "FR",
        "Deutschland": "DE",
        "Niemcy": "DE",
        "日本": "JP",
        "Türkiye": "TR",
        "Turkiye": "TR",
        "Côte d'Ivoire": "CI",
        "Cote d’Ivoire": "CI",
        "Trinidad and Tobago": "TT",
        "The Netherlands": "NL",
        "South Korea": "KR",
        "Niger": "NE",
        "Georgia": "GE",
    },
    "phone": {
        "+1 570-555-1234": "+15705551234",
        "'+33 1 99 00 12 34": "+33199001234",
        "0033 199001234;FR": "+33199001234",
        "01 99 00 12 34;France": "+33199001234",
        "(570) 555-1234;US": "+15705551234",
        "15705551234;US": "+15705551234",
        "+33 (0)1 99 00 12 34": "+33199001234",
        "+33199001234": "+33199001234",
    },
}


@pytest.mark.parametrize(
    ("name", "typed", "stored"), [(name, *pair) for name, pairs in CASES.items() for pair in pairs.items()]
)
def test_a_value_is_brought_into_its_form(csv_file, name, typed, stored):
    """Nothing is told of it; the country of a phone stands in its row."""
    cell, _, where = typed.partition(";")
    text = f'crm_id,{name},country\n1,"{cell}",{where}\n' if name == "phone" else f'crm_id,{name}\n1,"{typed}"\n'
    outcome = run("import_leads", csv_file(text))

    assert (outcome.code, outcome.err) == (0, "")
    assert getattr(Lead.objects.get(), name) == stored


KEPT = {
    "company_domain": ("Firm", "is not a domain"),
    "email": ("ann at x.com", "is not an e-mail address"),
    "country_code": ("XX", "is no country that is known"),
    "phone": ("01 99 00 12 34", "no country says how"),
}


@pytest.mark.parametrize(("name", "typed", "why"), [(name, *pair) for name, pair in KEPT.items()])
def test_what_has_no_form_is_kept_as_typed_and_told(csv_file, name, typed, why):
    """The row comes in with it, and the exit code is 0."""
    outcome = run("import_leads", csv_file(f"crm_id,{name}\n1,{typed}\n"))

    assert outcome.code == 0
    assert outcome.err.startswith(f"Line 2: {name}")
    assert why in outcome.err
    assert outcome.err.endswith("It is kept as typed.\n")
    assert getattr(Lead.objects.get(), name) == typed


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("+1 570 555 1234 ext. 5", "has an extension"),
        ("+1 57", "is not a possible phone number"),
        ("call me", "is not a phone number"),
        ("facebook.com/firm", "is a page at facebook.com"),
    ],
)
def test_what_would_lose_something_is_kept(csv_file, typed, why):
    """An extension, a number too short, a page of a company: a person looks at it."""
    name = "company_domain" if "/" in typed else "phone"
    outcome = run("import_leads", csv_file(f"crm_id,{name},country\n1,{typed},US\n"))
    assert why in outcome.err
    assert getattr(Lead.objects.get(), name) == typed


@pytest.mark.parametrize("typed", ["3.36E+10", "3,36E+10", "1e+11", " 3.36E+10 "])
@pytest.mark.parametrize("country", ["", "FR"])
def test_a_number_that_a_spreadsheet_rounded_is_left_out(csv_file, typed, country):
    """The lead keeps what it has, the rest of the row comes in, and a person hears of it."""
    Lead.objects.create(crm_id="1", phone="+33612345678", phone_status="found")
    outcome = run("import_leads", csv_file(f'crm_id,fullname,phone,country\n1,Bob,"{typed}",{country}\n'), update=True)

    lead = Lead.objects.get()
    assert (outcome.code, lead.fullname, lead.phone, lead.phone_status) == (1, "Bob", "+33612345678", "found")
    assert "was rounded by a spreadsheet, and most of its digits are lost. The cell is left out." in outcome.err
    assert "1 cells were not imported" in outcome.err


ROUNDED = "was rounded by a spreadsheet, and may be another one's now; make the column text"


@pytest.mark.parametrize(
    "typed", ["1.23456789012346E+17", "1,23457E+17", "1E+17", "1.2345678901234568e+17", "'1.2E+17"]
)
@pytest.mark.parametrize("update", [False, True])
def test_an_id_that_a_spreadsheet_rounded_refuses_its_row(csv_file, typed, update):
    """Two ids of 18 digits become one, and the row may be about another lead."""
    outcome = run("import_leads", csv_file(f'crm_id,fullname\n"{typed}",Ann\n1e5,Bob\n'), update=update)

    assert outcome.code == 1
    assert outcome.err.startswith("Line 2: crm_id ")
    assert ROUNDED in outcome.err
    assert list(Lead.objects.values_list("crm_id", "fullname")) == [("1e5", "Bob")]


def test_numbers_of_a_workbook_that_are_rounded_become_no_id_and_no_phone(tmp_path):
    """A spreadsheet keeps 15 digits of a number, whatever was typed."""
    path = tmp_path / "leads.xlsx"
    rows = [["crm_id", "fullname", "phone"], [1.23456789012345e17, "Ann", None], ["2", "Bob", 1.23456789012345e17]]
    path.write_bytes(workbook(("People", rows)))
    outcome = run("import_leads", path)

    assert "Row 2: crm_id '1.23456789012345E+17' was rounded" in outcome.err
    assert "Row 3: phone '1.23456789012345E+17' was rounded" in outcome.err
    assert list(Lead.objects.values_list("crm_id", "phone")) == [("2", "")]


@pytest.mark.parametrize("unique", [False, True])
def test_any_text_that_is_unique_is_a_key(unique):
    """What a host's model has beside the crm_id; elsewhere 1E+17 is a text like others."""
    [value] = Column(place=0, field=CharField(name="account", max_length=99, unique=unique)).read(["1.5E+17"])
    assert (ROUNDED in str(value)) is unique
    assert isinstance(value, CellError) is unique


def test_a_cell_that_its_column_cannot_hold_is_left_out(csv_file):
    """An unknown country does not fit into two letters; it never costs the row."""
    outcome = run("import_leads", csv_file("crm_id,fullname,country\n1,Ann,Narnia\n2,Bob,FR\n"), json=True)

    assert outcome.code == 1
    assert (outcome.json["created"], outcome.json["left_out"], outcome.json["bad"]) == (2, 1, 0)
    assert "'Narnia' is no country that is known" in outcome.json["remarks"][0]["sentence"]
    assert list(Lead.objects.order_by("crm_id").values_list("country_code", flat=True)) == ["", "FR"]


def test_several_things_are_told_of_one_row(csv_file):
    """In one sentence after another."""
    outcome = run("import_leads", csv_file("crm_id,company_domain,email\n1,Firm,ann at x\n"))
    assert outcome.err.count("It is kept as typed.") == 2
    assert outcome.err.count("Line 2") == 1


def test_a_hosts_own_columns_get_the_form_too(csv_file, monkeypatch):
    """A phone that is longer than the column before, and an address that the host's field does not take."""
    monkeypatch.setattr(choosing, "registry", registry)
    text = "firstname,phone,email\nAnn,+33 (0) 1  -  99  -  00  -  12  -  34,ann at x\n"
    outcome = run("import_leads", csv_file(text), model="crm.Contact")

    ann = Contact.objects.get()
    assert (outcome.code, ann.mobile, ann.work_email) == (1, "+33199001234", None)
    assert "is not an e-mail address. The cell is left out." in outcome.err


def test_every_code_is_a_country_and_no_name_is_two():
    """Kongo is two countries in two languages; a union is none."""
    assert country("CD") == "CD"
    for text in ("Kongo", "EU", "ZZ", "SUN", "001", "", "12"):
        with pytest.raises(BadInput):
            country(text)


def test_the_apollo_export_comes_in(csv_file):
    """Countries by name, URLs, phones behind an apostrophe, and another program's words for a status."""
    text = (
        "First Name,Last Name,Company,Email,Email Status,Mobile Phone,Corporate Phone,Person Linkedin Url,Website,"
        "Country,Apollo Contact Id\n"
        "Ann,Smith,Acme,,Unavailable,,'+1 570-555-0100,http://www.linkedin.com/in/ann-smith-1,http://www.acme.example.com,"
        "France,6501\n"
        "Bob,Jones,Beta,bob@beta.example.com,Verified,'+1 570-555-0101,,http://www.linkedin.com/in/bob-jones-2,"
        "http://www.beta.example.com,United States,6502\n"
    )
    assert run("import_leads", csv_file(text)).code == 0
    values = Lead.objects.order_by("crm_id").values_list("crm_id", "company_domain", "country_code", "phone")
    assert list(values) == [
        ("6501", "acme.example.com", "FR", ""),
        ("6502", "beta.example.com", "US", "+15705550101"),
    ]
