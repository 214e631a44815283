"""What other programs head the columns of their exports with: one table per program, looked up in public.

Each field has its headings in the order in which they count: of several phones the one at work, then the mobile one,
then others. What is left out on purpose: words for a status, which mean something else in each program, and the phone
of a company: a lead that seems to have a phone would not be searched for its own.
"""

from __future__ import annotations

from leads.csvfiles.open_source import OPEN_SOURCE
from leads.csvfiles.program import Program

# What an importer reads of the exports of Salesforce, HubSpot, Apollo and Pipedrive.
_ALIASES = "https://github.com/aglyn/aglyn/blob/be88539643/libs/plugins/crm/src/lib/transfer/aliases.ts"

PROGRAMS = (
    Program(
        name="Apollo",
        sources=(
            _ALIASES,
            # A whole row of an export, with its headings.
            "https://github.com/sarthakjdev/apollo-to-listmonk-csv/blob/06be3979bd/index.js",
            # "Company Name", as newer exports have it, and "Secondary Email".
            "https://github.com/blackwhite913/RDMedia-LeadManagement/blob/3a0775b777/backend/src/ingest.py",
        ),
        marks=(("Person Linkedin Url",), ("Apollo Contact Id",)),
        headings={
            "crm_id": ("Apollo Contact Id",),
            "firstname": ("First Name",),
            "lastname": ("Last Name",),
            "company_name": ("Company Name", "Company", "Company Name for Emails"),
            "company_domain": ("Website",),
            "linkedin_url": ("Person Linkedin Url",),
            "country_code": ("Country", "Company Country"),
            # "Tertiary Email" was read in public importers only whose address is not known.
            "email": ("Email", "Secondary Email", "Tertiary Email"),
            # "First Phone" of older exports may be that of the company: it is left out.
            "phone": ("Work Direct Phone", "Mobile Phone", "Other Phone", "Home Phone"),
        },
    ),
    Program(
        name="HubSpot",
        sources=(
            _ALIASES,
            "https://github.com/Cloudkibo/KiboEngage/blob/1133a0f243/server/api/v1.1/hubspotIntegration/hubspotDefaultFields.js",
            # "Record ID": made from HubSpot's own pages. A list of all headings of an export of 2023 has it, too; where
            # that list stands is not known.
            "https://github.com/okikio/utils/blob/000f95cbdf/packages/csv/fixtures/representative/hubspot/contacts-export.csv",
        ),
        marks=(("Record ID",),),
        # A heading for the profile was seen nowhere: what people usually write is understood.
        headings={
            "crm_id": ("Record ID",),
            "firstname": ("First Name",),
            "lastname": ("Last Name",),
            "company_name": ("Company Name", "Associated Company"),
            "company_domain": ("Website URL", "Company Domain Name"),
            "country_code": ("Country/Region",),
            "email": ("Email", "Work email"),
            "phone": ("Phone Number", "Mobile Phone Number"),
        },
    ),
    Program(
        name="Salesforce",
        sources=(
            # The headings of reports on leads and on contacts.
            _ALIASES,
            # The labels of its fields.
            "https://developer.salesforce.com/docs/atlas.en-us.sfFieldRef.meta/sfFieldRef/salesforce_field_reference_Lead.htm",
            # "Contact ID": made from Salesforce's own pages.
            "https://github.com/okikio/utils/blob/000f95cbdf/packages/csv/fixtures/representative/salesforce/contacts-report-details.csv",
        ),
        marks=(("Lead ID",), ("Contact ID",), ("Company / Account",)),
        headings={
            "crm_id": ("Lead ID", "Contact ID"),
            "firstname": ("First Name",),
            "lastname": ("Last Name",),
            "fullname": ("Full Name", "Lead Name", "Contact Name"),
            "company_name": ("Company / Account", "Company", "Account Name"),
            "company_domain": ("Website",),
            "country_code": ("Country", "Mailing Country"),
            "email": ("Email",),
            "phone": ("Phone", "Business Phone", "Mobile", "Mobile Phone", "Other Phone", "Home Phone"),
        },
    ),
    Program(
        name="LinkedIn Connections",
        sources=("https://github.com/Thanh-To/linkedin-network-visualization/pull/2",),
        marks=(("URL", "Connected On"),),
        headings={
            "firstname": ("First Name",),
            "lastname": ("Last Name",),
            "company_name": ("Company",),
            "linkedin_url": ("URL",),
            "email": ("Email Address",),
        },
    ),
    Program(
        name="Pipedrive",
        sources=(
            # Written from real exports of people and of organizations.
            "https://github.com/RockRoofing/rock-app/blob/1b0fa34cec/lib/crmImportMap.js",
            # "Person - Phone" is in Pipedrive's own sample, of which this is a copy.
            "https://github.com/okikio/utils/blob/000f95cbdf/packages/csv/fixtures/official/pipedrive-sample-official.csv",
            # Countries, "Person - Email", and the headings without "Person - ".
            _ALIASES,
        ),
        marks=(("Person - ID",), ("Person - Name",), ("Person - First name",)),
        headings={
            "crm_id": ("Person - ID",),
            "firstname": ("Person - First name",),
            "lastname": ("Person - Last name",),
            "fullname": ("Person - Name",),
            "company_name": ("Person - Organization", "Organization - Name"),
            "company_domain": ("Organization - Website",),
            "country_code": ("Person - Postal address - Country", "Organization - Address - Country"),
            "email": (
                *("Person - Email - Work", "Email - Work", "Person - Email"),
                *("Person - Email - Other", "Person - Email - Home"),
            ),
            "phone": (
                *(
                    "Person - Phone - Work",
                    "Phone - Work",
                    "Person - Phone",
                    "Person - Phone - Mobile",
                    "Phone - Mobile",
                ),
                *("Person - Phone - Other", "Phone - Other", "Person - Phone - Home", "Phone - Home"),
            ),
        },
    ),
    Program(
        name="Outlook",
        sources=(
            "https://github.com/roundcube/roundcubemail/blob/009f44e331/program/localization/en_US/csv2vcard.inc",
            # Of countries without "/Region": an older form, which LinkedIn wrote, too.
            "https://npmjs.com/package/csv-linkedin-parser",
        ),
        marks=(("E-mail Address", "Business Phone"), ("E-mail Display Name",), ("E-mail Type",)),
        headings={
            "firstname": ("First Name",),
            "lastname": ("Last Name",),
            "company_name": ("Company",),
            "company_domain": ("Web Page",),
            "country_code": ("Business Country/Region", "Business Country", "Home Country/Region", "Home Country"),
            "email": ("E-mail Address", "E-mail 2 Address", "E-mail 3 Address"),
            "phone": (
                *("Business Phone", "Business Phone 2", "Mobile Phone"),
                *("Primary Phone", "Other Phone", "Home Phone", "Home Phone 2"),
            ),
        },
    ),
    Program(
        name="Google Contacts",
        sources=(
            # The form until 2024. The newer one ("First Name", "Organization Name") was read in many public importers
            # and their tests, but where they stand is not known.
            "https://github.com/malbuquerque/produto/issues/59",
            "https://github.com/owncloud-archive/contacts/issues/827",
            # "Address 1 - Country".
            "https://github.com/roundcube/roundcubemail/blob/009f44e331/program/lib/Roundcube/rcube_csv2vcard.php",
        ),
        marks=(("E-mail 1 - Value",), ("Phone 1 - Value",)),
        headings={
            "firstname": ("First Name", "Given Name"),
            "lastname": ("Last Name", "Family Name"),
            "fullname": ("Name",),
            "company_name": ("Organization Name", "Organization 1 - Name"),
            "company_domain": ("Website 1 - Value",),
            "country_code": ("Address 1 - Country",),
            "email": ("E-mail 1 - Value", "E-mail 2 - Value", "E-mail 3 - Value"),
            "phone": ("Phone 1 - Value", "Phone 2 - Value", "Phone 3 - Value", "Phone 4 - Value"),
        },
    ),
    *OPEN_SOURCE,
)
# Of a company, in whatever program.
COMPANYS_OWN = ("Corporate Phone", "Company Phone", "Company Main Phone", "Company Phone Number", "Main Phone")
# Whatever the program: what people head the columns of a file of their own with; in English, German, French, Spanish,
# Italian, Dutch and Chinese. Words for e-mails and phones stand in the table of kinds.
COMMON = Program(
    name="",
    sources=(),
    marks=(),
    headings={
        "crm_id": ("ID", "External ID", "Lead ID", "Contact ID"),
        "firstname": (
            *("First name", "First", "Given name", "Forename"),
            *("Vorname", "Prénom", "Prenom", "Nombre", "Nome", "Voornaam", "名"),
        ),
        "lastname": (
            *("Last name", "Last", "Surname", "Family name"),
            *("Nachname", "Familienname", "Nom", "Nom de famille", "Apellido", "Apellidos", "Cognome", "Achternaam"),
            "姓",
        ),
        "fullname": (
            *("Full name", "Name", "Contact name"),
            *("Ansprechpartner", "Nom complet", "Nombre completo", "Nome completo", "Naam", "姓名", "联系人"),
        ),
        "company_name": (
            *("Company", "Company name", "Organisation", "Organization", "Employer", "Account name"),
            *("Firma", "Firmenname", "Unternehmen", "Unternehmensname", "Société", "Societe", "Entreprise"),
            *("Empresa", "Azienda", "Società", "Bedrijf", "Bedrijfsnaam", "公司", "公司名称", "单位"),
        ),
        "company_domain": (
            *("Domain", "Company domain", "Website", "Company website", "Company URL", "Website URL", "Web site"),
            *(
                "Web page",
                "Homepage",
                "Webseite",
                "Internetseite",
                "Site web",
                "Site internet",
                "Sitio web",
                "Sito web",
            ),
            *("网站", "网址"),
        ),
        "linkedin_url": ("LinkedIn", "LinkedIn URL", "LinkedIn profile", "LinkedIn profile URL", "LinkedIn-Profil"),
        "country_code": (
            *("Country", "Country ISO", "Country code", "Country/Region"),
            *("Land", "Land/Region", "Pays", "Pays/Région", "País", "Pais", "Paese", "国家"),
        ),
    },
)
