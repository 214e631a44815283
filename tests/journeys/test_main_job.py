"""The main job, end to end: leads go out to Enrow over HTTP and come back enriched by its events."""

from __future__ import annotations

import pytest
from django.db.models import F, Value
from django.db.models.functions import Concat

from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox import people
from leads.enrichment import enrich
from leads.models import Lead, SearchJob
from tests.conftest import work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("find", "verify"), [({"email"}, False), ({"phone"}, False), ((), True)])
def test_every_kind_single_and_bulk_comes_back_by_webhook(site, make_leads, find, verify, count):
    """One lead goes to the single endpoint, more go to bulk; the event brings the result home without polling."""
    make_leads(count)
    if verify:
        Lead.objects.update(email=Concat(F("crm_id"), Value("@firm.com")))

    run = enrich(Lead.objects.all(), find=find, verify=verify)
    work(site)

    job = run.jobs().get()
    assert (job.state, job.result_via, job.is_bulk) == ("finished", "webhook", count > 1)
    assert WebhookEvent.objects.get().state == "processed"
    for lead in Lead.objects.all():
        if "email" in find:
            assert (lead.email, lead.email_status) == (
                people.find_email(lead.display_name(), lead.company_domain),
                "valid",
            )
        if "phone" in find:
            assert (lead.phone, lead.phone_country) == people.find_phone(linkedin_url=lead.linkedin_url)
        if verify:
            assert lead.email_status == ("valid" if people.verify(lead.email) else "invalid")
    assert SearchJob.objects.credits() == site.ledger.spent
