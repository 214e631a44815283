"""The rows keep their promises by themselves: crm_id, constraints, and any model as the lead."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from leads.models import Lead

pytestmark = pytest.mark.django_db


def test_a_blank_crm_id_is_made_up():
    """Every lead has a name that can travel to Enrow and back."""
    first, second = Lead.objects.create(), Lead.objects.create()
    assert first.crm_id
    assert first.crm_id != second.crm_id


def test_a_made_up_crm_id_is_saved_also_with_update_fields():
    """A lead whose crm_id was blanked gets a new one, whatever the caller saves."""
    lead = Lead.objects.create(crm_id="x")
    lead.crm_id = ""
    lead.save(update_fields=["email"])
    lead.refresh_from_db()
    assert lead.crm_id not in {"", "x"}


def test_the_database_refuses_a_second_or_a_blank_crm_id():
    """Matching stands on crm_id, so the database guards it."""
    Lead.objects.create(crm_id="x")
    for crm_id in ("x", ""):
        with pytest.raises(IntegrityError), transaction.atomic():
            Lead.objects.bulk_create([Lead(crm_id=crm_id)])


def test_the_name_that_is_sent_is_first_and_last_or_the_full_one():
    """As planning judges it."""
    assert Lead(firstname=" Ann ", lastname="Lee", fullname="x").display_name() == "Ann Lee"
    assert Lead(fullname="Cher").display_name() == "Cher"
