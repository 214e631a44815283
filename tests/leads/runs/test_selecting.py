"""Which leads a run is about: stored by one statement, forgotten with their person."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import forgetting
from leads.enrichment import enrich_batched, enrich_later
from leads.models import BatchedLead, Lead, RunLead
from tests.crm.models import Candidate

pytestmark = pytest.mark.django_db

EMAIL = {"find": {"email"}, "max_credits": None}


@pytest.mark.parametrize("count", [1, 3000])
def test_one_statement_stores_any_number(make_leads, count):
    """In the order of the keys, so that a page is read as the table lies."""
    make_leads(count)
    with CaptureQueriesContext(connection) as queries:
        run = enrich_later(Lead.objects.order_by("?"), **EMAIL)
    assert len([query for query in queries if "INSERT" in query["sql"] and "runlead" in query["sql"]]) == 1
    keys = list(RunLead.objects.filter(run=run.id).order_by("pk").values_list("key", flat=True))
    assert keys == [str(pk) for pk in Lead.objects.order_by("pk").values_list("pk", flat=True)]


@pytest.mark.parametrize("model", [Lead, Candidate])
def test_who_is_forgotten_is_not_planned(make_leads, model):
    """The key goes from every selection, and from those who came one by one; those of other people stay."""
    make_leads(2)
    one, _ = (Candidate.objects.create(name=f"Ann{n} Somebody", company="Firm") for n in range(2))
    enrich_later(model.objects.all(), **EMAIL)
    enrich_batched(model.objects.all(), find={"email"}, daily_credits=9)
    enrich_batched(list(model.objects.all()), find={"email"}, daily_credits=9)
    forgetting.forget(["lead-0" if model is Lead else f"candidate-{one.pk}"])
    assert (RunLead.objects.count(), BatchedLead.objects.count()) == (1, 2)
