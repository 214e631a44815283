"""The host's own pages of mapped models."""

from django.contrib import admin

from leads.admin import EnrichmentAdminMixin, EnrichmentInlineMixin
from tests.crm.models import Agent, Candidate, Company, Contact, Member


@admin.register(Contact)
class ContactAdmin(EnrichmentAdminMixin, admin.ModelAdmin):
    list_display = ("given_name", "work_email")
    list_editable = ("work_email",)


class ContactInline(EnrichmentInlineMixin, admin.TabularInline):
    model = Contact
    fields = ("given_name", "family_name", "work_email")
    extra = 0


@admin.register(Company)
class CompanyAdmin(admin.ModelAdmin):
    inlines = (ContactInline,)
    save_as = True


@admin.register(Member)
class MemberAdmin(EnrichmentAdminMixin, admin.ModelAdmin):
    """Its own columns for what is known, a list that is edited, and copies."""

    list_display = ("name", "mail", "domain")
    list_editable = ("mail", "domain")
    fields = ("name", "domain", "mail")
    save_as = True


@admin.register(Candidate)
class CandidateAdmin(EnrichmentAdminMixin, admin.ModelAdmin):
    """Nobody types what is found."""

    readonly_fields = ("email", "email_state", "phone")


@admin.register(Agent)
class AgentAdmin(EnrichmentAdminMixin, admin.ModelAdmin):
    """A child of a mapped model, with another primary key."""

    fields = ("given_name", "family_name", "work_email")
