"""What the database still knows of a lead."""

from __future__ import annotations

import json

from django.apps import apps

from enrow_webhooks.sandbox import people


def everything() -> str:
    """Every cell of every table of ours."""
    models = [model for label in ("leads", "enrow_webhooks") for model in apps.get_app_config(label).get_models()]
    return json.dumps([list(model.objects.values()) for model in models], default=str)


def of(lead) -> list[str]:
    """What must be gone: the CRM id, the name, the address and number of a lead, in any form."""
    number, _ = people.find_phone(linkedin_url=lead.linkedin_url) or ("", "")
    email = people.find_email(lead.display_name(), lead.company_domain)
    return [text for text in (lead.crm_id, lead.firstname, lead.email, email, number, lead.linkedin_url) if text]


def assert_forgotten(lead):
    left = everything()
    assert not [trace for trace in of(lead) if trace in left]
