"""What the programs head their columns with whose own code can be read; see ``programs``."""

from __future__ import annotations

from leads.csvfiles.program import Program

OPEN_SOURCE = (
    Program(
        name="Odoo",
        # An export has the labels of the fields (the second file), which are Odoo's own: of a lead (the third), and of
        # a contact (the fourth). The first is Odoo's own table of contacts, to be imported: "ID", "Related Company".
        sources=(
            "https://github.com/odoo/odoo/blob/2323a68e17/addons/base_import/static/csv/res.partner.csv",
            "https://github.com/odoo/odoo/blob/019afca702/addons/web/controllers/export.py",
            "https://github.com/odoo/odoo/blob/0015f11c64/addons/crm/models/crm_lead.py",
            "https://github.com/odoo/odoo/blob/00021842e4/odoo/addons/base/models/res_partner.py",
        ),
        marks=(("External ID",), ("ID", "Related Company"), ("Opportunity", "Contact Name")),
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
    # An export that Odoo can import again has the names of the fields: the first file, and rows of one in the second.
    Program(
        name="Odoo, contacts to import again",
        sources=(
            "https://github.com/odoo/odoo/blob/019afca702/addons/web/controllers/export.py",
            "https://github.com/tfrancoi/odoo_csv_import/issues/26",
            "https://github.com/odoo/odoo/blob/00021842e4/odoo/addons/base/models/res_partner.py",
        ),
        marks=(("parent_id/id",), ("country_id/id",), ("id", "is_company"), ("id", "country_id"), ("id", "parent_id")),
        # "parent_id/id" is the company's id.
        headings={
            "crm_id": ("id",),
            "fullname": ("name",),
            "company_name": ("parent_id", "parent_name", "company_name"),
            "company_domain": ("website",),
            "country_code": ("country_code", "country_id", "country_id/id"),
            "email": ("email",),
            "phone": ("phone", "Mobile"),
        },
        # That of the user, who sells.
        other_meaning=("company_id",),
    ),
    Program(
        name="Odoo, leads to import again",
        sources=(
            "https://github.com/odoo/odoo/blob/019afca702/addons/web/controllers/export.py",
            "https://github.com/odoo/odoo/blob/0015f11c64/addons/crm/models/crm_lead.py",
        ),
        marks=(("email_from",), ("contact_name", "partner_name")),
        headings={
            "crm_id": ("id",),
            "fullname": ("contact_name",),
            "company_name": ("partner_name",),
            "company_domain": ("website",),
            "country_code": ("country_id", "country_id/id"),
            "email": ("email_from",),
            "phone": ("phone", "Mobile"),
        },
        # What is to be sold.
        other_meaning=("name",),
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
        # It has these labels, without a colon, of these fields: the first file. A public report on an import has all
        # headings of an export of contacts in this form, and a style sheet has "Mobile Phone" and "Home Phone", both
        # word by word; where they stand is not known.
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
            "phone": ("Office Phone", "Mobile", "Mobile Phone", "Other Phone", "Home", "Home Phone"),
        },
    ),
)
