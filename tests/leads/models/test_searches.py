"""A lead inside a search job: found by outcome, and pending once."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction

from leads.models import Lead, LeadSearch, SearchJob

pytestmark = pytest.mark.django_db


def test_rows_name_themselves_without_personal_data():
    """What a log or an error page prints of a row is an id."""
    lead = Lead(crm_id="c1", email="a@b.com", firstname="Ann")
    job = SearchJob(kind="find_email")
    search = LeadSearch(crm_id="c1", kind="find_phone", value="+33")
    assert (str(lead), str(search)) == ("c1", "find phone for c1")
    assert str(job.pk) in str(job)
    assert not any("a@b.com" in repr(row) or "+33" in repr(row) for row in (lead, job, search))


@pytest.fixture
def job(db):
    return SearchJob.objects.create(run="0d2b4b1e-0000-4000-8000-000000000000", kind="find_email")


def test_searches_are_chosen_by_outcome_and_in_the_order_of_the_post(job):
    """What shares a purchase was not sent and has no place."""
    for crm_id, position, outcome in [("b", 1, "found"), ("a", 0, "pending"), ("c", None, "found")]:
        LeadSearch.objects.create(job=job, crm_id=crm_id, kind=job.kind, position=position, outcome=outcome)
    chosen = [LeadSearch.objects.sent(), LeadSearch.objects.pending(), LeadSearch.objects.found().order_by("crm_id")]
    assert [[search.crm_id for search in searches] for searches in chosen] == [["a", "b"], ["a"], ["b", "c"]]


def test_the_database_refuses_a_second_purchase_of_a_person_who_is_being_bought(job):
    """Another lead shares the purchase instead, and after the end it may be bought again."""
    person = uuid.uuid4()

    def search(crm_id, **fields):
        return LeadSearch.objects.create(job=job, kind=job.kind, crm_id=crm_id, fingerprint=person, **fields)

    search("1", position=0, outcome="found")
    search("2", position=1)
    search("3")
    with pytest.raises(IntegrityError), transaction.atomic():
        search("4", position=2)
