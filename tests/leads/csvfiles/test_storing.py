"""Rows of a file become leads by a constant number of statements."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.csvfiles.importing import BATCH, import_leads
from leads.models import Lead
from tests.commands import run
from tests.leads.csvfiles.tables import table

pytestmark = pytest.mark.django_db


def test_update_leaves_a_lead_alone_that_it_would_not_change(csv_file):
    """A file that is imported again every night writes what differs only: the rest is counted as left alone."""
    before = Lead.objects.create(crm_id="1", fullname="Ann", company_name="Firm").updated_at
    Lead.objects.create(crm_id="2", fullname="Bob")

    outcome = run("import_leads", csv_file("crm_id,name,company\n1,Ann,\n2,Bobby,\n"), update=True)

    assert outcome.out == "0 created, 1 updated, 1 left alone, 0 refused.\n"
    assert Lead.objects.get(crm_id="1").updated_at == before
    assert Lead.objects.get(crm_id="2").fullname == "Bobby"


def test_a_new_address_is_not_verified(csv_file):
    """What was known of the old e-mail and phone does not hold for the new ones; the same value keeps its verdict."""
    known = {"email_status": "valid", "email_checked_at": timezone.now()}
    for crm_id in "12":
        Lead.objects.create(
            crm_id=crm_id, email="a@x.com", phone="+33199001234", phone_status="found", phone_country="FR", **known
        )

    run("import_leads", csv_file("crm_id,email,phone\n1,b@x.com,+48221234567\n2,a@x.com,+33199001234\n"), update=True)

    changed, same = Lead.objects.order_by("crm_id")
    assert (changed.email, changed.email_status, changed.email_checked_at) == ("b@x.com", "", None)
    assert (changed.phone, changed.phone_status, changed.phone_country) == ("+48221234567", "", "")
    assert (same.email_status, same.email_checked_at, same.phone_country) == ("valid", known["email_checked_at"], "FR")


@pytest.mark.parametrize("update", [False, True])
def test_a_batch_costs_a_constant_number_of_queries(update):
    """Ten batches cost ten times what one does, neither more for new leads nor for those that are there."""

    def cost(count):
        with CaptureQueriesContext(connection) as queries:
            import_leads(table(count), update=update)
        return len(queries)

    first, again = cost(BATCH), cost(BATCH)
    assert again <= 7
    Lead.objects.all().delete()
    assert cost(10 * BATCH) <= 10 * first
    assert Lead.objects.count() == 10 * BATCH


@pytest.mark.postgres
@pytest.mark.parametrize("update", [False, True])
def test_a_batch_does_not_read_all_leads(update):
    """PostgreSQL would rather read a table that is ten times as big as the batch, for each batch."""
    import_leads(table(5000))
    plans = []

    def explain(execute, text, params, many, context):
        if "jsonb_array_elements" in text and not text.startswith("EXPLAIN"):
            context["cursor"].execute(f"EXPLAIN {text}", params)
            plans.append("\n".join(line for (line,) in context["cursor"].fetchall()))
        return execute(text, params, many, context)

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_lead")
    with connection.execute_wrapper(explain):
        import_leads(table(500), update=update)
    assert len(plans) == 2
    assert not [plan for plan in plans if "Seq Scan on leads_lead" in plan]
