"""Pages of a project that would lose a result are named before one is lost."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.core.checks import run_checks

from leads.admin import EnrichmentAdminMixin, EnrichmentInlineMixin
from leads.admin.unprotected import check_pages
from tests.crm.models import Company, Contact, Person, Stranger


class Inline(admin.TabularInline):
    model = Contact


class Reading(admin.ModelAdmin):
    def has_change_permission(self, request, obj=None):
        return False


def warned(model, page=admin.ModelAdmin, **fields):
    """Return what is said of a page on a site of its own."""
    site, own = admin.AdminSite("other"), type("Page", (page,), fields)
    site.register(model, own)
    return [message for message in check_pages() if message.obj in {own, *fields.get("inlines", ())}]


def test_a_page_and_an_inline_that_edit_what_is_found_are_named():
    """With the columns, and the mixin that each needs."""
    (page,) = warned(Contact)
    assert (page.id, page.level) == ("enrow.W105", 30)
    assert page.msg.endswith("over it: work_email, mobile.")
    assert "leads.admin.EnrichmentAdminMixin" in page.hint
    (inline,) = warned(Company, inlines=[Inline])
    assert (inline.obj, inline.id) == (Inline, "enrow.W105")
    assert "leads.admin.EnrichmentInlineMixin" in inline.hint
    (some,) = warned(Contact, fields=[("given_name", "mobile")])
    assert some.msg.endswith("over it: mobile.")


@pytest.mark.parametrize(
    ("model", "page", "fields"),
    [
        (Contact, EnrichmentAdminMixin, {}),
        (Contact, admin.ModelAdmin, {"readonly_fields": ("work_email",), "exclude": ("mobile",)}),
        (Contact, admin.ModelAdmin, {"fields": ("given_name",)}),
        (Contact, admin.ModelAdmin, {"fieldsets": [(None, {"fields": ("given_name",)})]}),
        (Contact, Reading, {}),
        (Company, admin.ModelAdmin, {"inlines": [type("Inline", (EnrichmentInlineMixin, Inline), {})]}),
        (Person, admin.ModelAdmin, {}),
        (Stranger, admin.ModelAdmin, {}),
    ],
)
def test_nothing_is_said_of_the_others(model, page, fields):
    """They have the mixin, edit nothing of it, or are of another model."""
    assert warned(model, page, **fields) == []


def test_the_check_runs_with_those_of_the_admin():
    """And says nothing of the pages of this package, nor of those of the tests."""
    site, page = admin.AdminSite("other"), type("Named", (admin.ModelAdmin,), {})
    site.register(Contact, page)
    said = [message.obj for message in run_checks(tags=["admin"]) if message.id == "enrow.W105"]
    assert page in said
    assert not {type(own) for own in admin.site._registry.values()} & set(said)
