"""Pages lead to each other, where the site shows them."""

from __future__ import annotations

import pytest
from django.contrib.admin import AdminSite

from leads.admin.links import lead_urls, link, list_url, page_url
from leads.models import Lead
from tests.leads.admin_pages import HOSTILE

pytestmark = pytest.mark.django_db


def test_a_model_that_the_site_does_not_show_stays_plain_text(db):
    """A host that leaves a model out of its admin gets its name without a link, escaped all the same."""
    lead, bare = Lead.objects.create(crm_id="known"), AdminSite(name="bare")
    assert list_url(bare, Lead, crm_id="known") == page_url(bare, Lead, lead.pk) == ""
    assert lead_urls(bare, [("leads.lead", "known"), ("leads.lead", "gone"), ("gone.model", "x")]) == {"known": ""}
    assert link("", HOSTILE) == "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"
