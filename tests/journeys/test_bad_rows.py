"""One row that Enrow refuses without a number, in each kind, by events and by polling: all others end in the truth."""

from __future__ import annotations

import pytest

from enrow_webhooks.sandbox.endpoints import Product
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.upkeep.sweep import sweep
from tests.conftest import due_now, work
from tests.journeys.truth import assert_no_traceback, cast, fields_of

COUNT = 6
# What makes a row one that Enrow refuses, in a batch and alone.
BAD = {
    Product.FIND_EMAIL: lambda number: {"company_domain": "refused.example", "company_name": ""},
    Product.VERIFY_EMAIL: lambda number: {"email": f"refused@firm{number}.com"},
    Product.FIND_PHONE: lambda number: {"linkedin_url": f"https://www.linkedin.com/in/somebody{number}-refused/"},
}


def search(kind):
    find = {Product.FIND_EMAIL: {"email"}, Product.FIND_PHONE: {"phone"}}.get(kind, ())
    enrich(Lead.objects.all(), find=find, verify=kind is Product.VERIFY_EMAIL)


def by_events(sandbox):
    """Nothing here polls."""
    work(sandbox)
    assert set(SearchJob.objects.filter(state="finished").values_list("result_via", flat=True)) == {"webhook"}


def by_polling(sandbox):
    """No event can arrive."""
    for _ in range(3):
        work(sandbox)
        due_now()
        sweep()


@pytest.fixture(params=["events", "polling"])
def go(request):
    """The Enrow of this journey, and what brings the results."""
    is_events = request.param == "events"
    sandbox = request.getfixturevalue("site" if is_events else "sandbox")
    sandbox.configure(facts="refusals_without_row,strict_slugs")
    return sandbox, by_events if is_events else by_polling


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bad", [{"lead-3"}, {"lead-0", "lead-5"}])
@pytest.mark.parametrize("kind", Product)
def test_bad_rows_cost_the_others_nothing(go, caplog, kind, bad):
    """Each bad lead says Enrow's sentence, everybody else has the truth, and nobody is bought twice."""
    sandbox, bring = go
    crowd = cast(COUNT)
    Lead.objects.bulk_create(person.lead(kind) for person in crowd)
    for number, crm_id in enumerate(sorted(bad)):
        Lead.objects.filter(crm_id=crm_id).update(**BAD[kind](number))
    search(kind)
    bring(sandbox)
    for person in crowd:
        lead = Lead.objects.get(crm_id=person.crm_id)
        if person.crm_id in bad:
            assert fields_of(lead, kind)[-1] == "failed"
            assert LeadSearch.objects.get(crm_id=person.crm_id).error.startswith("Enrow answered 400: ")
        else:
            assert fields_of(lead, kind) == person.truth(kind)
    assert set(SearchJob.objects.values_list("state", flat=True)) == {"finished", "failed"}
    assert SearchJob.objects.filter(state="failed").count() == len(bad)
    assert set(sandbox.ledger.purchases.values()) == {1}
    assert sandbox.ledger.purchases.total() == COUNT - len(bad)
    assert SearchJob.objects.credits() == sandbox.ledger.spent
    assert_no_traceback(caplog.records)
    # Fixed, they alone are searched.
    for person in crowd:
        if person.crm_id in bad:
            Lead.objects.filter(crm_id=person.crm_id).delete()
            person.lead(kind).save()
    search(kind)
    bring(sandbox)
    assert sandbox.ledger.purchases.total() == COUNT
    assert [fields_of(Lead.objects.get(crm_id=person.crm_id), kind) for person in crowd] == [
        person.truth(kind) for person in crowd
    ]
