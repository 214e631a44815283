"""Pages lead to each other, where the site shows them."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth.models import Permission, User
from django.test import RequestFactory

from leads.admin.links import lead_urls, link, list_url, page_url
from leads.admin.viewing import Viewer
from leads.models import Lead, SearchJob
from tests.leads.admin_pages import HOSTILE

pytestmark = pytest.mark.django_db


def viewer(site, *codenames, is_superuser=False):
    user = User.objects.create_user(f"user {codenames}", is_staff=True, is_superuser=is_superuser)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    request = RequestFactory().get("/")
    request.user = user
    return Viewer(site=site, request=request)


def test_a_model_that_the_site_does_not_show_stays_plain_text(db):
    """A host that leaves a model out of its admin gets its name without a link, escaped all the same."""
    lead, bare = Lead.objects.create(crm_id="known"), viewer(AdminSite(name="bare"))
    assert list_url(bare, Lead, crm_id="known") == page_url(bare, Lead, lead.pk) == ""
    assert lead_urls(bare, [("leads.lead", "known"), ("leads.lead", "gone"), ("gone.model", "x")]) == {}
    assert list_url(None, Lead) == ""
    assert link("", HOSTILE) == "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"


@pytest.mark.parametrize("codename", ["view_lead", "change_lead"])
def test_a_page_that_would_refuse_is_not_linked(codename):
    """By the permissions of who looks; that of one lead is asked, too."""
    lead, who = Lead.objects.create(crm_id="known"), viewer(admin.site, codename)
    assert page_url(who, Lead, lead.pk)
    assert list_url(who, Lead)
    assert lead_urls(who, [("leads.lead", "known")]) == {"known": page_url(who, Lead, lead.pk)}
    assert list_url(who, SearchJob) == page_url(who, SearchJob, "1") == ""


def test_a_lead_whose_page_refuses_it_is_not_linked(monkeypatch):
    """A project may refuse one row of a model."""
    lead, page = Lead.objects.create(crm_id="known"), admin.site.get_model_admin(Lead)
    who = viewer(admin.site, is_superuser=True)
    assert lead_urls(who, [("leads.lead", "known")])
    monkeypatch.setattr(page, "has_view_or_change_permission", lambda request, obj=None: obj != lead)
    assert lead_urls(who, [("leads.lead", "known")]) == {}
