"""A page of the admin that is asked for what no row can have says so; tests/journeys/test_quiet_errors.py: the rest."""

from __future__ import annotations

import pytest
from django.urls import reverse

from leads.models import Lead

pytestmark = pytest.mark.django_db

LIST = "admin:leads_lead_changelist"


@pytest.mark.parametrize(
    "query",
    ["crm_id=%00", "email_status__exact=%00", "pk__in=99999999999999999999999", "created_at__year=99999999999"],
)
def test_an_address_that_no_row_can_meet_is_answered_400(admin_client, query):
    """Or, where the database can be asked, with a list."""
    answer = admin_client.get(f"{reverse(LIST)}?{query}")
    assert answer.status_code in ({200, 302, 400} if "pk" in query else {400})
    assert answer.status_code != 400 or b"that no row can have" in answer.content


@pytest.mark.parametrize("action", ["find_email", "forget"])
@pytest.mark.parametrize("key", ["a\x00b", "1e9999", "9" * 30])
def test_a_selection_that_names_no_row_does_nothing(admin_client, make_leads, action, key):
    """Nobody ticks such a box."""
    make_leads(1)
    answer = admin_client.post(reverse(LIST), {"action": action, "_selected_action": [key]})
    assert answer.status_code in ({200, 302, 400} if key.isdigit() else {400})
    assert Lead.objects.count() == 1
