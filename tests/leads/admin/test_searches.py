"""The list of lead searches: what is offered to narrow it."""

from __future__ import annotations

import pytest

from leads.models import Lead, LeadSearch, SearchJob
from tests.leads.admin_pages import fill, list_page

pytestmark = pytest.mark.django_db


def test_searches_are_filtered_further_once_the_list_is_short(admin_client):
    """The whole table offers the rare outcomes; one job's or lead's list everything, a job's as it was sent."""
    fill(3)
    job, crm_id = SearchJob.objects.first(), Lead.objects.first().crm_id

    def filters(**lookups) -> list[str]:
        return [spec.title for spec in admin_client.get(list_page(LeadSearch, **lookups)).context["cl"].filter_specs]

    assert filters() == ["outcome"]
    assert filters(job=job.pk) == filters(crm_id=crm_id) == ["kind", "outcome", "effect"]
    shown = admin_client.get(list_page(LeadSearch, job=job.pk)).context["cl"].result_list
    assert [search.position for search in shown] == [0, 1, 2]


@pytest.mark.parametrize(("outcome", "found"), [("error", 9), ("unusable", 0), ("pending", 0), ("cancelled", 0)])
def test_rare_outcomes_are_found_in_the_whole_table(admin_client, outcome, found):
    """What a person looks for can be listed without naming a job."""
    fill(3)
    assert admin_client.get(list_page(LeadSearch, outcome=outcome)).context["cl"].result_count == found
