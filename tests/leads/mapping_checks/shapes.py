"""A host's models of any shape, made for one test, and what the checks say of their mappings."""

from __future__ import annotations

from django.db import models

from leads.mapping import LeadMapping
from leads.mapping_checks.checking import check_all

# What is right for ``contact()``; a test replaces one of them.
GOOD = {
    "crm_id_prefix": "contact-",
    "firstname": "given_name",
    "lastname": "family_name",
    "company_domain": "employer__website",
    "email": "work_email",
    "phone": "mobile",
}

STATES = {
    "email_status": "state",
    "email_checked_at": "at",
    "phone_status": "phone_state",
    "phone_country": "land",
    "phone_checked_at": "phone_at",
}


def model(_name: str, /, *bases: type, meta: dict | None = None, **fields: object) -> type[models.Model]:
    """Make a model of the app ``crm``."""
    body = {"__module__": "tests.crm.models", **fields}
    if meta:
        body["Meta"] = type("Meta", (), meta)
    return type(_name, bases or (models.Model,), body)


def company(**fields) -> type[models.Model]:
    """Make a model that contacts point at."""
    own = {"title": models.CharField(max_length=100), "website": models.CharField(max_length=100)}
    return model("Company", **(own | fields))


def contact(*, meta: dict | None = None, **fields) -> type[models.Model]:
    """Make a model for which GOOD is right, with other fields in place of some, or besides."""
    own = {
        "given_name": models.CharField(max_length=100),
        "family_name": models.CharField(max_length=100),
        "employer": models.ForeignKey(company(), models.CASCADE, null=True, related_name="people"),
        "work_email": models.EmailField(null=True, blank=True),
        "mobile": models.CharField(max_length=32, blank=True),
    }
    return model("Contact", meta=meta, **(own | fields))


def with_columns(**fields) -> type[models.Model]:
    """Make a contact that has a column for everything; STATES names them."""
    own = {
        "state": models.CharField(max_length=9, blank=True),
        "at": models.DateTimeField(null=True),
        "phone_state": models.TextField(blank=True),
        "land": models.CharField(max_length=2, blank=True),
        "phone_at": models.DateTimeField(null=True),
    }
    return contact(**(own | fields))


def mapping(lead: type[models.Model], name: str = "ContactMapping", **attributes: object) -> LeadMapping:
    """Return a mapping: GOOD, with other attributes in place of some, or besides."""
    return type(name, (LeadMapping,), {"__module__": "crm.lead_mapping", **GOOD, **attributes})(lead)


def bare(lead: type[models.Model], name: str = "BareMapping", **attributes: object) -> LeadMapping:
    """Return a mapping that says nothing else than these attributes."""
    return type(name, (LeadMapping,), {"__module__": "crm.lead_mapping", **attributes})(lead)


def said(*mappings: LeadMapping) -> list[tuple[str, str, str]]:
    """Return id, attribute and whole text of each message, hint and all."""
    told = []
    for message in check_all(mappings):
        where, _, _ = message.msg.partition(": ")
        told.append((message.id.removeprefix("enrow."), where.rpartition("Mapping")[2].lstrip("."), message))
    return [(code, attribute, f"{message.msg} {message.hint}") for code, attribute, message in told]


def only(*mappings: LeadMapping) -> tuple[str, str, str]:
    """Return the one message that there is; a good sentence has a hint and names its class."""
    told = said(*mappings)
    assert len(told) == 1, told
    assert told[0][2].startswith("crm.lead_mapping."), told
    assert told[0][2].strip()[-1] in ".?)…", told
    return told[0]


def codes(*mappings: LeadMapping) -> list[str]:
    """Return the ids of the messages, each once."""
    return sorted({code for code, _, _ in said(*mappings)})
