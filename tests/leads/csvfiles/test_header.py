"""Which column says what, in the exports of other programs and in files of people's own."""

from __future__ import annotations

import pytest

from leads.csvfiles.columns import HeaderError
from leads.csvfiles.header import columns_of
from leads.csvfiles.programs import PROGRAMS
from leads.mapping import registry
from leads.models import Lead
from tests.commands import run
from tests.crm.models import Contact, Person

pytestmark = pytest.mark.django_db

# Headings as the programs write them, in part; what is named behind the arrow is where each field comes from.
EXPORTS = {
    "Apollo": (
        (
            "First Name,Last Name,Title,Company Name,Company Name for Emails,Email,Email Status,Work Direct Phone,"
            "Home Phone,Mobile Phone,Corporate Phone,Other Phone,Person Linkedin Url,Website,City,Country,"
            "Company Country,Company Phone,Apollo Contact Id,Apollo Account Id,Secondary Email,Secondary Email Status"
        ),
        {
            "crm_id": ["Apollo Contact Id"],
            "firstname": ["First Name"],
            "lastname": ["Last Name"],
            "company_name": ["Company Name", "Company Name for Emails"],
            "company_domain": ["Website"],
            "linkedin_url": ["Person Linkedin Url"],
            "country_code": ["Country", "Company Country"],
            "email": ["Email", "Secondary Email"],
            "phone": ["Work Direct Phone", "Mobile Phone", "Other Phone", "Home Phone"],
        },
    ),
    "HubSpot": (
        (
            "Record ID,First Name,Last Name,Company domain name,Company Name,Contact owner,Country/Region,Create Date,"
            "Email,Lead Status,Mobile Phone Number,Phone Number,Website URL,Work email,Associated Company,"
            "Associated Company IDs"
        ),
        {
            "crm_id": ["Record ID"],
            "firstname": ["First Name"],
            "lastname": ["Last Name"],
            "company_name": ["Company Name", "Associated Company"],
            "company_domain": ["Website URL", "Company domain name"],
            "country_code": ["Country/Region"],
            "email": ["Email", "Work email"],
            "phone": ["Phone Number", "Mobile Phone Number"],
        },
    ),
    "Salesforce": (
        "Lead ID,First Name,Last Name,Title,Company / Account,Email,Phone,Mobile,Website,Country,Lead Source",
        {
            "crm_id": ["Lead ID"],
            "firstname": ["First Name"],
            "lastname": ["Last Name"],
            "company_name": ["Company / Account"],
            "company_domain": ["Website"],
            "country_code": ["Country"],
            "email": ["Email"],
            "phone": ["Phone", "Mobile"],
        },
    ),
    "LinkedIn Connections": (
        "First Name,Last Name,URL,Email Address,Company,Position,Connected On",
        {
            "firstname": ["First Name"],
            "lastname": ["Last Name"],
            "company_name": ["Company"],
            "linkedin_url": ["URL"],
            "email": ["Email Address"],
        },
    ),
    "Pipedrive": (
        (
            "Person - ID,Person - Name,Person - First name,Person - Last name,Person - Email - Home,"
            "Person - Email - Work,Person - Phone - Home,Person - Phone - Mobile,Person - Phone - Other,"
            "Person - Phone - Work,Person - Organization,Person - Postal address - Country,Organization - Phone,"
            "Organization - Website,Person - Marketing status"
        ),
        {
            "crm_id": ["Person - ID"],
            "fullname": ["Person - Name"],
            "firstname": ["Person - First name"],
            "lastname": ["Person - Last name"],
            "company_name": ["Person - Organization"],
            "company_domain": ["Organization - Website"],
            "country_code": ["Person - Postal address - Country"],
            "email": ["Person - Email - Work", "Person - Email - Home"],
            "phone": [
                *(
                    "Person - Phone - Work",
                    "Person - Phone - Mobile",
                    "Person - Phone - Other",
                    "Person - Phone - Home",
                ),
            ],
        },
    ),
    "Outlook": (
        (
            "Title,First Name,Middle Name,Last Name,Company,Business Country/Region,Home Country/Region,"
            "Business Fax,Business Phone,Business Phone 2,Company Main Phone,Home Phone,Mobile Phone,Other Phone,"
            "Account,E-mail Address,E-mail Type,E-mail Display Name,E-mail 2 Address,Location,Web Page"
        ),
        {
            "firstname": ["First Name"],
            "lastname": ["Last Name"],
            "company_name": ["Company"],
            "company_domain": ["Web Page"],
            "country_code": ["Business Country/Region", "Home Country/Region"],
            "email": ["E-mail Address", "E-mail 2 Address"],
            "phone": ["Business Phone", "Business Phone 2", "Mobile Phone", "Other Phone", "Home Phone"],
        },
    ),
    "Google Contacts": (
        (
            "First Name,Middle Name,Last Name,File As,Organization Name,Organization Title,Notes,E-mail 1 - Label,"
            "E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Phone 2 - Value,Address 1 - Country,"
            "Website 1 - Value"
        ),
        {
            "firstname": ["First Name"],
            "lastname": ["Last Name"],
            "company_name": ["Organization Name"],
            "company_domain": ["Website 1 - Value"],
            "country_code": ["Address 1 - Country"],
            "email": ["E-mail 1 - Value", "E-mail 2 - Value"],
            "phone": ["Phone 1 - Value", "Phone 2 - Value"],
        },
    ),
    "Odoo": (
        "External ID,Opportunity,Contact Name,Company Name,Company,Email,Mobile,Phone,Website,Country,Salesperson",
        {
            "crm_id": ["External ID"],
            "fullname": ["Contact Name"],
            "company_name": ["Company Name"],
            "company_domain": ["Website"],
            "country_code": ["Country"],
            "email": ["Email"],
            "phone": ["Phone", "Mobile"],
        },
    ),
    "Odoo, contacts to import again": (
        "id,name,is_company,parent_id,company_id,website,function,phone,mobile,email,country_id",
        {
            "crm_id": ["id"],
            "fullname": ["name"],
            "company_name": ["parent_id"],
            "company_domain": ["website"],
            "country_code": ["country_id"],
            "email": ["email"],
            "phone": ["phone", "mobile"],
        },
    ),
    "Odoo, leads to import again": (
        "id,name,contact_name,partner_name,function,email_from,mobile,phone,website,country_id/id,stage_id/id",
        {
            "crm_id": ["id"],
            "fullname": ["contact_name"],
            "company_name": ["partner_name"],
            "company_domain": ["website"],
            "country_code": ["country_id/id"],
            "email": ["email_from"],
            "phone": ["phone", "mobile"],
        },
    ),
    "Twenty": (
        (
            "Id,Name / First Name,Name / Last Name,Company Id,Emails / Primary Email,Emails / Additional Emails,"
            "Phones / Primary Phone Number,Phones / Primary Phone Country Code,Linkedin / Link URL,City"
        ),
        {
            "crm_id": ["Id"],
            "firstname": ["Name / First Name"],
            "lastname": ["Name / Last Name"],
            "linkedin_url": ["Linkedin / Link URL"],
            "email": ["Emails / Primary Email"],
            "phone": ["Phones / Primary Phone Number"],
            "phone_country": ["Phones / Primary Phone Country Code"],
        },
    ),
    "EspoCRM": (
        "id,deleted,firstName,lastName,title,status,source,website,addressCountry,emailAddress,phoneNumber,accountName",
        {
            "crm_id": ["id"],
            "firstname": ["firstName"],
            "lastname": ["lastName"],
            "company_name": ["accountName"],
            "company_domain": ["website"],
            "country_code": ["addressCountry"],
            "email": ["emailAddress"],
            "phone": ["phoneNumber"],
        },
    ),
    "SuiteCRM": (
        (
            "ID,First Name,Last Name,Job Title,Account Name,Email Address,Home,Mobile,Office Phone,Other Phone,"
            "Primary Address Country,Lead Source"
        ),
        {
            "crm_id": ["ID"],
            "firstname": ["First Name"],
            "lastname": ["Last Name"],
            "company_name": ["Account Name"],
            "country_code": ["Primary Address Country"],
            "email": ["Email Address"],
            "phone": ["Office Phone", "Mobile", "Other Phone", "Home"],
        },
    ),
}


@pytest.mark.parametrize("program", EXPORTS)
def test_an_export_of_a_known_program_is_understood(program):
    """Each field comes from the columns that the program has for it, in our order; its status words are not ours."""
    titles, expected = EXPORTS[program]
    header = columns_of(titles.split(","))

    assert header.program == program
    assert header.titles == expected


@pytest.mark.parametrize(
    ("program", "titles", "expected"),
    [
        # Company is the exporting user's own here, so it must not become the employer of everybody.
        (
            "Odoo",
            "External ID,Name,Company,Related Company,Website Link,Country Code,Mobile,Phone",
            {"company_name": ["Related Company"], "company_domain": ["Website Link"], "phone": ["Phone", "Mobile"]},
        ),
        (
            "Odoo",
            "ID,Name,Company Type,Related Company,Address Type,Country,Website,Phone,Mobile,Email",
            {"crm_id": ["ID"], "fullname": ["Name"], "company_name": ["Related Company"]},
        ),
        (
            "Odoo, contacts to import again",
            "id,name,phone,website,street,city,country_id",
            {"crm_id": ["id"], "fullname": ["name"], "country_code": ["country_id"]},
        ),
        (
            "Odoo, contacts to import again",
            "id,name,parent_id/id,country_id/id,email",
            {"crm_id": ["id"], "company_name": None, "country_code": ["country_id/id"]},
        ),
        ("Odoo", "Opportunity,Contact Name,Company,Email", {"fullname": ["Contact Name"], "company_name": None}),
        (
            "Salesforce",
            "Contact ID,Full Name,Account Name,Mailing Country,Mobile Phone,Business Phone",
            {
                "fullname": ["Full Name"],
                "company_name": ["Account Name"],
                "country_code": ["Mailing Country"],
                "phone": ["Business Phone", "Mobile Phone"],
            },
        ),
        (
            "Google Contacts",
            "Name,Given Name,Family Name,E-mail 1 - Type,E-mail 1 - Value,Organization 1 - Name,Organization 1 - Title",
            {"firstname": ["Given Name"], "lastname": ["Family Name"], "company_name": ["Organization 1 - Name"]},
        ),
        (
            "Outlook",
            "E-mail Address,Business Phone,Home Country,Business Country",
            {"country_code": ["Business Country", "Home Country"]},
        ),
        (
            "SuiteCRM",
            "First Name,ID,Account Name,Non Primary E-mails,Mobile Phone,Office Phone,Home Phone,Other Phone",
            {"crm_id": ["ID"], "phone": ["Office Phone", "Mobile Phone", "Other Phone", "Home Phone"]},
        ),
        ("SuiteCRM", "First Name,Home Phone,Mobile,Office Phone", {"phone": ["Office Phone", "Mobile", "Home Phone"]}),
        # A heading that is a company's, or nobody knows whose.
        (
            "Apollo",
            "First Name,Company,First Phone,Corporate Phone,Person Linkedin Url",
            {"company_name": ["Company"], "phone": None},
        ),
    ],
)
def test_other_forms_of_an_export_are_understood(program, titles, expected):
    """Of another kind of record, or of an older version; a field with None is not read."""
    header = columns_of(titles.split(","))

    assert header.program == program
    assert {name: header.titles.get(name) for name in expected} == expected


def test_a_heading_means_the_usual_in_other_files():
    """What says something else in one program is understood everywhere else."""
    assert columns_of(["Company", "Email"]).titles["company_name"] == ["Company"]


def test_every_program_is_tested_and_says_where_it_was_looked_up():
    """A new table needs an export here, and public addresses of pages or files, not of searches."""
    assert [program.name for program in PROGRAMS] == list(EXPORTS)
    for program in PROGRAMS:
        assert program.sources, program.name
        assert all(address.startswith("https://") for address in program.sources)
        assert not any("/search?" in address for address in program.sources)


def test_no_heading_of_a_program_means_two_fields():
    """Within one table a title is one thing."""
    for program in PROGRAMS:
        titles = [title for titles in program.headings.values() for title in titles]
        assert len(titles) == len(set(titles)), program.name


def test_a_title_that_only_one_program_has_means_nothing_elsewhere():
    """URL is a profile in LinkedIn's file alone; what programs agree on is understood everywhere."""
    header = columns_of(["URL", "Home", "Office Phone 2", "Email Address", "Person - Name"])
    assert header.unknown == ["URL", "Home", "Office Phone 2"]
    assert header.titles == {"email": ["Email Address"], "fullname": ["Person - Name"]}


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (
            "Vorname;Nachname;Firma;Webseite;E-Mail-Adresse;Mobil;Telefon;Land",
            {"firstname": ["Vorname"], "lastname": ["Nachname"], "company_name": ["Firma"], "country_code": ["Land"]},
        ),
        (
            "Prénom;Nom;Société;Site web;Courriel;Mobile;Téléphone;Pays",
            {"firstname": ["Prénom"], "lastname": ["Nom"], "phone": ["Téléphone", "Mobile"], "country_code": ["Pays"]},
        ),
        (
            "姓名;公司;网址;邮箱;手机;电话;国家",
            {"fullname": ["姓名"], "company_name": ["公司"], "phone": ["电话", "手机"], "email": ["邮箱"]},
        ),
        ("Nombre;Apellidos;Empresa;Correo electrónico;Móvil", {"firstname": ["Nombre"], "phone": ["Móvil"]}),
    ],
)
def test_people_head_the_columns_of_their_own_files_in_their_language(titles, expected):
    """No column of such a file is left out."""
    header = columns_of(titles.split(";"))
    assert {name: header.titles.get(name) for name in expected} == expected
    assert not header.unknown


def test_a_name_of_a_field_of_odoo_means_nothing_elsewhere():
    """In a host's own table a parent or a country by its key is a number, and a partner may be a reseller."""
    header = columns_of(["email", "parent_id", "partner_name", "parent_name", "country_id"])
    assert header.unknown == ["parent_id", "partner_name", "parent_name", "country_id"]


def test_the_first_filled_phone_counts(csv_file):
    """Work, then mobile, then others, row by row; a company's own phone is nobody's."""
    text = (
        "crm_id,Mobile Phone,Home Phone,Work Phone,Corporate Phone\n"
        "1,+33199001231,+33199001232,+33199001233,+33199001239\n2,+33199001231,+33199001232,n/a,\n3,,+33199001232,,\n4,,,,+33199001239\n"
    )
    outcome = run("import_leads", csv_file(text))

    assert outcome.code == 0
    assert "phone is read from 'Work Phone', else 'Mobile Phone', else 'Home Phone'.\n" in outcome.err
    assert "'Corporate Phone' is not imported: it is the company's, and nobody's own.\n" in outcome.err
    phones = ["+33199001233", "+33199001231", "+33199001232", ""]
    assert list(Lead.objects.order_by("crm_id").values_list("phone", flat=True)) == phones


def test_two_ids_are_no_alternatives(csv_file):
    """The first counts for all rows, and the other is told."""
    outcome = run("import_leads", csv_file("Lead ID,crm_id,name\n7,,Ann\n8,9,Bob\n"))
    assert "'Lead ID' is not imported: crm_id comes from 'crm_id'." in outcome.err
    assert not Lead.objects.filter(crm_id__in=["7", "8"]).exists()


@pytest.mark.parametrize(
    ("titles", "is_ours"),
    [
        (["crm_id", "email", "email_status"], True),
        (["crm_id", "email", "Email Status"], False),
        (["email", "email_status"], False),
        (["Record ID", "email", "email_status", "email_checked_at"], False),
    ],
)
def test_a_status_is_ours_only_in_a_file_of_ours(titles, is_ours):
    """ "Verified" of another program is no verdict of Enrow's."""
    header = columns_of(titles)
    assert ("email_status" in header.titles) is is_ours
    assert (titles[2:] or titles[1:]) == header.unknown or is_ours


def test_what_a_person_chooses_wins(csv_file):
    """Over our own word, too; without a field a column is left out, and a host's own name of a field is understood."""
    text = "crm_id,No,Nickname,First Name,Email\n1,7,Annie,Ann,ann@x.com\n"
    outcome = run("import_leads", csv_file(text), map=["No=crm_id", " nickname = firstname", "Email="])

    assert outcome.code == 0
    assert "'crm_id' is not imported: crm_id comes from what was chosen." in outcome.err
    assert "'Email' is not imported: it was chosen so." in outcome.err
    assert Lead.objects.values_list("crm_id", "firstname", "email").get() == ("7", "Annie", "")
    chosen = columns_of(["Nick", "Post"], registry.of(Contact), ["Nick=given_name", "Post=work_email"])
    assert chosen.titles == {"firstname": ["Nick"], "email": ["Post"]}


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ("First Name", "'First Name' maps no column; write HEADING=FIELD."),
        ("Frist Name=firstname", "The file has no column 'Frist Name'. Did you mean First Name?"),
        ("Zzz=firstname", "The file has no column 'Zzz'. Columns: First Name, Note."),
        ("Note=frstname", "A lead in a file has no field 'frstname'. Did you mean firstname"),
        ("Note=shoe size", "A lead in a file has no field 'shoe size'. Fields: crm_id,"),
    ],
)
def test_a_wrong_choice_is_one_sentence(csv_file, chosen, sentence):
    """Exit code 2, and nothing is written."""
    outcome = run("import_leads", csv_file("First Name,Note\nAnn,x\n"), map=[chosen])
    assert (outcome.code, Lead.objects.exists()) == (2, False)
    assert sentence in outcome.err


def test_an_export_only_field_cannot_be_chosen(monkeypatch):
    """The sentence says why."""
    monkeypatch.setattr(type(registry.of(Contact)), "export_fields", ["changed_at"])
    with pytest.raises(HeaderError, match="changed_at is not imported: it only stands in an export"):
        columns_of(["When"], registry.of(Contact), ["When=changed_at"])


def test_another_programs_id_names_no_row_of_the_hosts():
    """Where the key is a number; a text may take it."""
    header = columns_of(["Record ID", "First Name"], registry.of(Contact))
    assert header.left_out == {"Record ID": "another program's id cannot become the key of a row"}
    assert columns_of(["Record ID", "Name"], registry.of(Person)).titles["crm_id"] == ["Record ID"]


def test_hundreds_of_unknown_columns_are_counted(csv_file):
    """Some are named, the rest is a number."""
    titles = [f"x{number}" for number in range(40)]
    outcome = run("import_leads", csv_file(f"crm_id,{','.join(titles)}\n1{',' * 40}\n"))
    assert "'x29', and 10 more.\n" in outcome.err
