"""What a lead is called where a person reads of it."""

from __future__ import annotations

import pytest

from leads import reading
from leads.admin.calling import called
from leads.models import Lead

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"firstname": "Jane", "lastname": "Doe", "company_domain": "acme.com"}, "Jane Doe of acme.com (one)"),
        ({"fullname": "Jane Doe", "company_name": "Acme"}, "Jane Doe of Acme (one)"),
        ({"fullname": "Jane Doe"}, "Jane Doe (one)"),
        ({"company_name": "Acme"}, "Acme (one)"),
        ({"email": "jane@acme.com", "phone": "+33612345678"}, "one"),
    ],
)
def test_a_lead_is_called_by_name_and_company(fields, words):
    """With the CRM id behind, and without what was found."""
    Lead.objects.create(crm_id="one", **fields)
    assert called(reading.candidates([("leads.lead", "one")])["one"], "one") == words


def test_who_is_gone_is_called_by_the_crm_id():
    """Nothing else is known."""
    assert called(None, "gone") == "gone"
