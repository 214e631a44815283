"""Its pages: each stands on the library's own classes, with our mixins in front, as the documentation says."""

from django.conf import settings
from django.contrib import admin

from leads.admin import EnrichmentAdminMixin, EnrichmentInlineMixin
from tests.admins.models import Contact, Firm

Page, Inline = admin.ModelAdmin, admin.TabularInline
if settings.LIBRARY == "unfold":
    from unfold.admin import ModelAdmin as Page
    from unfold.admin import TabularInline as Inline
elif settings.LIBRARY == "import_export":
    from import_export.admin import ImportExportModelAdmin as Page
elif settings.LIBRARY == "simple_history":
    from simple_history.admin import SimpleHistoryAdmin as Page


@admin.register(Contact)
class ContactAdmin(EnrichmentAdminMixin, Page):
    list_display = ("id", "name", "email")
    list_editable = ("name", "email")
    list_filter = ("domain",)


class ContactInline(EnrichmentInlineMixin, Inline):
    model = Contact
    extra = 0


@admin.register(Firm)
class FirmAdmin(Page):
    inlines = (ContactInline,)
