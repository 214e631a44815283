"""What other programs head the columns of their exports with: one table per program, looked up in public.

Each field has its headings in the order in which they count: of several phones the one at work, then the mobile one,
then others. What is left out on purpose: words for a status, which mean something else in each program, and the phone
of a company, which is nobody's: who has one would not be searched for his own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that exports people."""

    name: str
    # Where its headings can be looked up.
    source: str
    # Headings that only this program has; one set of them is enough to recognise it.
    marks: tuple[tuple[str, ...], ...]
    headings: Mapping[str, tuple[str, ...]]


PROGRAMS = (
    Program(
        name="Apollo",
        source="https://github.com/search?q=%22Person+Linkedin+Url%22+%22Work+Direct+Phone%22&type=code",
        marks=(("Person Linkedin Url",), ("Apollo Contact Id",)),
        headings={
            "crm_id": ("Apollo Contact Id",),
            "firstname": ("First Name",),
            "lastname": ("Last Name",),
            "company_name": ("Company Name", "Company", "Company Name for Emails"),
            "company_domain": ("Website",),
            "linkedin_url": ("Person Linkedin Url",),
            "country_code": ("Country", "Company Country"),
            "email": ("Email", "Secondary Email", "Tertiary Email"),
            "phone": ("Work Direct Phone", "Mobile Phone", "Other Phone", "Home Phone"),
        },
    ),
    Program(
        name="HubSpot",
        source="https://knowledge.hubspot.com/import-and-export/export-records",
        marks=(("Record ID",),),
        headings={
            "crm_id": ("Record ID",),
            "firstname": ("First Name",),
            "lastname": ("Last Name",),
            "company_name": ("Company Name", "Associated Company"),
            "company_domain": ("Website URL",),
            "linkedin_url": ("LinkedIn URL",),
            "country_code": ("Country/Region",),
            "email": ("Email",),
            "phone": ("Phone Number", "Mobile Phone Number"),
        },
    ),
    Program(
        name="Salesforce",
        source="https://developer.salesforce.com/docs/atlas.en-us.sfFieldRef.meta/sfFieldRef/"
        "salesforce_field_reference_Lead.htm",
        marks=(("Lead ID",), ("Contact ID",), ("Company / Account",)),
        headings={
            "crm_id": ("Lead ID", "Contact ID"),
            "firstname": ("First Name",),
            "lastname": ("Last Name",),
            "fullname": ("Full Name",),
            "company_name": ("Company / Account", "Company", "Account Name"),
            "company_domain": ("Website",),
            "country_code": ("Country", "Mailing Country"),
            "email": ("Email",),
            "phone": ("Phone", "Mobile", "Mobile Phone", "Other Phone", "Home Phone"),
        },
    ),
    Program(
        name="Odoo",
        source="https://github.com/odoo/odoo/blob/17.0/addons/crm/models/crm_lead.py",
        marks=(("External ID",),),
        headings={
            "crm_id": ("External ID", "ID"),
            "fullname": ("Contact Name", "Name"),
            "company_name": ("Company Name", "Related Company"),
            "company_domain": ("Website",),
            "country_code": ("Country",),
            "email": ("Email",),
            "phone": ("Phone", "Mobile"),
        },
    ),
    Program(
        name="LinkedIn Connections",
        source="https://github.com/Thanh-To/linkedin-network-visualization/pull/2",
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
        source="https://support.pipedrive.com/en/article/exporting-data-from-pipedrive",
        marks=(("Person - ID",), ("Person - Name",), ("Person - First name",)),
        headings={
            "crm_id": ("Person - ID",),
            "firstname": ("Person - First name",),
            "lastname": ("Person - Last name",),
            "fullname": ("Person - Name",),
            "company_name": ("Person - Organization", "Organization - Name"),
            "company_domain": ("Organization - Website", "Person - Website"),
            "email": ("Person - Email - Work", "Person - Email", "Person - Email - Other", "Person - Email - Home"),
            "phone": (
                *("Person - Phone - Work", "Person - Phone", "Person - Phone - Mobile"),
                *("Person - Phone - Other", "Person - Phone - Home"),
            ),
        },
    ),
    Program(
        name="Outlook",
        source="https://support.microsoft.com/en-us/office/create-or-edit-csv-files-to-import-into-outlook-"
        "4518d70d-8fe9-46ad-94fa-1494247193c7",
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
        source="https://github.com/search?q=%22Organization+Name%2COrganization+Title%22+%22Phone+1+-+Value%22&type=code",
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
        source="https://github.com/twentyhq/twenty/blob/main/packages/twenty-front/src/modules/object-record/"
        "record-index/export/hooks/useRecordIndexExportRecords.ts",
        marks=(("Emails / Primary Email",), ("Name / First Name",)),
        headings={
            "crm_id": ("Id",),
            "firstname": ("Name / First Name",),
            "lastname": ("Name / Last Name",),
            "company_name": ("Company / Name", "Company"),
            "linkedin_url": ("Linkedin / Link URL",),
            "email": ("Emails / Primary Email",),
            "phone": ("Phones / Primary Phone Number",),
            "phone_country": ("Phones / Primary Phone Country Code",),
        },
    ),
    Program(
        name="EspoCRM",
        # Its CSV files have the names of attributes, not their labels.
        source="https://github.com/espocrm/espocrm/pull/1311",
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
        source="https://github.com/salesagility/SuiteCRM/blob/hotfix/modules/Contacts/language/en_us.lang.php",
        marks=(("Office Phone",), ("Primary Address Country",)),
        headings={
            "crm_id": ("ID",),
            "firstname": ("First Name",),
            "lastname": ("Last Name",),
            "fullname": ("Name",),
            "company_name": ("Account Name",),
            "company_domain": ("Website",),
            "country_code": ("Primary Address Country",),
            "email": ("Email Address", "Other Email"),
            "phone": ("Office Phone", "Mobile", "Other Phone", "Home"),
        },
    ),
)
# Of a company, in whatever program.
COMPANYS_OWN = ("Corporate Phone", "Company Phone", "Company Main Phone", "Company Phone Number", "Main Phone")
# Whatever the program: what people head the columns of a file of their own with.
COMMON = Program(
    name="",
    source="",
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
