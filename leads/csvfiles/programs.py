"""What other programs head the columns of their exports with: one table per program, looked up in public.

Each field has its headings in the order in which they count: of several phones the one at work, then the mobile one,
then others. What is left out on purpose: words for a status, which mean something else in each program, and the phone
of a company: a lead that seems to have a phone would not be searched for its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that exports people."""

    name: str
    # Public pages and files that show its headings, word by word; all of them were opened.
    sources: tuple[str, ...]
    # Headings that only this program has; one set of them is enough to recognise it.
    marks: tuple[tuple[str, ...], ...]
    headings: Mapping[str, tuple[str, ...]]
    # Headings that say something else here than in other files.
    other_meaning: tuple[str, ...] = ()


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
        name="Odoo",
        # No public file of a lead or contact was found. An export has the labels of the fields (the first file), which
        # are Odoo's own: of a lead (the second), and of a contact (the third).
        sources=(
            "https://github.com/odoo/odoo/blob/019afca702/addons/web/controllers/export.py",
            "https://github.com/odoo/odoo/blob/0015f11c64/addons/crm/models/crm_lead.py",
            "https://github.com/odoo/odoo/blob/00021842e4/odoo/addons/base/models/res_partner.py",
        ),
        marks=(("External ID",), ("Opportunity", "Contact Name")),
        headings={
            "crm_id": ("External ID", "ID"),
            "fullname": ("Contact Name", "Name"),
            "company_name": ("Company Name", "Related Company"),
            "company_domain": ("Website", "Website Link"),
            "country_code": ("Country", "Country Code"),
            "email": ("Email",),
            "phone": ("Phone", "Mobile"),
        },
        # That of the user, who sells; not that of the person.
        other_meaning=("Company",),
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
    Program(
        name="Twenty",
        # An export has the label of a field, and behind a slash that of its part: the first two files. The labels are
        # in the third and fourth. Of the company it has the id alone, as "Company Id".
        sources=(
            "https://github.com/twentyhq/twenty/blob/0bebca093e/packages/twenty-front/src/modules/object-record/record-index/export/hooks/useRecordIndexExportRecords.ts",
            "https://github.com/twentyhq/twenty/blob/173942e815/packages/twenty-front/src/modules/settings/data-model/constants/CompositeFieldSubFieldLabel.ts",
            "https://github.com/twentyhq/twenty/blob/29edbb7562/packages/twenty-docs/user-guide/data-migration/how-tos/import-contacts-via-csv.mdx",
            "https://github.com/twentyhq/twenty/pull/5085",
        ),
        marks=(("Emails / Primary Email",), ("Name / First Name",)),
        headings={
            "crm_id": ("Id",),
            "firstname": ("Name / First Name",),
            "lastname": ("Name / Last Name",),
            "linkedin_url": ("Linkedin / Link URL",),
            "email": ("Emails / Primary Email",),
            "phone": ("Phones / Primary Phone Number",),
            "phone_country": ("Phones / Primary Phone Country Code",),
        },
    ),
    Program(
        name="EspoCRM",
        # Its CSV files have the names of attributes, not their labels: the first file. They are in the second.
        sources=(
            "https://github.com/espocrm/espocrm/blob/0657d78eb5/application/Espo/Tools/Export/Format/Csv/Processor.php",
            "https://github.com/espocrm/espocrm/blob/00ed8e84bb/application/Espo/Modules/Crm/Resources/metadata/entityDefs/Lead.json",
            "https://github.com/espocrm/espocrm/pull/1311",
        ),
        marks=(("emailAddress", "phoneNumber"), ("emailAddress", "accountName")),
        headings={
            "crm_id": ("id",),
            "firstname": ("firstName",),
            "lastname": ("lastName",),
            "fullname": ("name",),
            "company_name": ("accountName",),
            "company_domain": ("website",),
            "country_code": ("addressCountry",),
            "email": ("emailAddress",),
            "phone": ("phoneNumber",),
        },
    ),
    Program(
        name="SuiteCRM",
        # No public file of an export was found. It has these labels, without a colon, of these fields: the first file.
        sources=(
            "https://github.com/salesagility/SuiteCRM/blob/b533ad20e5/include/export_utils.php",
            "https://github.com/salesagility/SuiteCRM/blob/046949fbb7/modules/Contacts/language/en_us.lang.php",
            "https://github.com/salesagility/SuiteCRM/blob/011f644bac/modules/Leads/language/en_us.lang.php",
        ),
        marks=(("Office Phone",), ("Primary Address Country",)),
        headings={
            "crm_id": ("ID",),
            "firstname": ("First Name",),
            "lastname": ("Last Name",),
            "company_name": ("Account Name",),
            "company_domain": ("Website",),
            "country_code": ("Primary Address Country",),
            "email": ("Email Address",),
            # Of a contact the last is "Home", of a lead "Home Phone".
            "phone": ("Office Phone", "Mobile", "Other Phone", "Home", "Home Phone"),
        },
    ),
)
# Of a company, in whatever program.
COMPANYS_OWN = ("Corporate Phone", "Company Phone", "Company Main Phone", "Company Phone Number", "Main Phone")
# Whatever the program: what people head the columns of a file of their own with.
COMMON = Program(
    name="",
    sources=(),
    marks=(),
    headings={
        "crm_id": ("ID", "External ID", "Lead ID", "Contact ID"),
        "firstname": ("First name", "First", "Given name", "Forename"),
        "lastname": ("Last name", "Last", "Surname", "Family name"),
        "fullname": ("Full name", "Name", "Contact name"),
        "company_name": ("Company", "Company name", "Organisation", "Organization", "Employer", "Account name"),
        "company_domain": (
            *("Domain", "Company domain", "Website", "Company website", "Company URL", "Website URL", "Web site"),
            *("Web page", "Homepage"),
        ),
        "linkedin_url": ("LinkedIn", "LinkedIn URL", "LinkedIn profile", "LinkedIn profile URL"),
        "country_code": ("Country", "Country ISO", "Country code", "Country/Region"),
    },
)
