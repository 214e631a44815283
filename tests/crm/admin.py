"""The host's own page of a mapped model."""

from django.contrib import admin

from leads.admin import EnrichmentAdminMixin
from tests.crm.models import Contact


@admin.register(Contact)
class ContactAdmin(EnrichmentAdminMixin, admin.ModelAdmin):
    list_display = ("given_name", "work_email")
    list_editable = ("work_email",)
