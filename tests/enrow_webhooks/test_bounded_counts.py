"""A count stops, and says so."""

from __future__ import annotations

import pytest

from enrow_webhooks.bounded_counts import AtLeast, BoundedPaginator, count
from leads.models import Lead
from tests.leads.admin_pages import MODELS, fill, list_page, text

pytestmark = pytest.mark.django_db


def test_a_count_stops(django_assert_num_queries):
    """Up to the bound a count is exact; beyond it, it says so, and the database stopped there."""
    fill(5)
    with django_assert_num_queries(3) as queries:
        assert [str(count(Lead.objects.all(), most=most)) for most in (6, 5, 4)] == ["5", "5", "≥4"]
    assert all("LIMIT" in query["sql"] for query in queries)


def test_a_count_that_stopped_is_written_so():
    """A person sees that there are more; arithmetic goes on with the number."""
    stopped = AtLeast(10_000)
    assert (str(stopped), f"{stopped:,}", stopped - 1) == ("≥10000", "≥10,000", 9999)


@pytest.mark.parametrize("model", MODELS)
def test_a_list_ends_where_its_count_ends(admin_client, monkeypatch, model):
    """No page lies deeper than the bound, and the list says that there are more rows."""
    monkeypatch.setattr(BoundedPaginator, "most", 60)
    fill(70)
    page = admin_client.get(list_page(model))
    assert "≥60" in text(page)
    assert page.context["cl"].paginator.num_pages == 2
    assert admin_client.get(list_page(model, p=2)).status_code == 200
    assert admin_client.get(list_page(model, p=3)).status_code == 302, "a page beyond the bound"


def test_a_list_says_thousands_as_the_site_does(admin_client, monkeypatch, settings):
    """With separators for thousands the bound is still readable."""
    settings.USE_THOUSAND_SEPARATOR = True
    monkeypatch.setattr(BoundedPaginator, "most", 1000)
    Lead.objects.bulk_create(Lead(crm_id=str(number)) for number in range(1001))
    assert "≥1,000 leads" in text(admin_client.get(list_page(Lead)))
