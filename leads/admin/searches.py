"""Lead searches: what was asked for one lead, and what came back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.admin import ReadOnlyAdmin
from enrow_webhooks.client.values import Kind
from leads import visibility
from leads.admin import aside
from leads.admin.links import lead_urls, link, list_url, page_url
from leads.admin.values import NOT_SHOWN, FoundValuesMixin
from leads.admin.viewing import ViewedPage, Viewer, viewer_of
from leads.kinds import KINDS
from leads.mapping import registry
from leads.models import LeadSearch, SearchJob
from leads.permissions import SPEND_CREDITS

Outcome = LeadSearch.Outcome
_RARE = (Outcome.PENDING, *LeadSearch.FAILURES, Outcome.CANCELLED)
# Rows of a table inside another page; a link leads to all of them.
FIRST = 20


class TroubleFilter(admin.SimpleListFilter):
    """The outcomes that are rare and worth looking for; the others are most of the table."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Name the choices."""
        return [(outcome.value, str(outcome.label)) for outcome in _RARE]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LeadSearch]) -> QuerySet[LeadSearch]:
        """Narrow the list."""
        return queryset.filter(outcome=self.value()) if self.value() else queryset


@admin.register(LeadSearch)
class LeadSearchAdmin(FoundValuesMixin, ViewedPage, ReadOnlyAdmin):
    """There may be tens of millions: found by a lead's whole CRM id, or through the page of its job or lead.

    The list of one job or lead has more filters: it is short.
    """

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["leads/live.css", "leads/lists.css"]}

    list_display = ("id", "lead", "kind", "outcome", "value", "effect", "error", "search_job")
    search_fields = ("crm_id__exact",)
    search_help_text = _("The whole CRM id of a lead.")
    fields = (
        "lead",
        "search_job",
        "kind",
        "outcome",
        "value",
        "country",
        "effect",
        "error",
        "value_before",
        "position",
        "fingerprint",
    )
    readonly_fields = ("lead", "search_job")
    found_values = ("value", "country", "value_before")
    actions = ("give", "drop")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LeadSearch]:
        """Leave out the leads that their mapping hides from the user."""
        return visibility.seen_by(request.user, super().get_queryset(request))

    def get_list_filter(self, request: HttpRequest) -> tuple[Any, ...]:
        """Offer what an index answers."""
        return ("kind", "outcome", "effect") if {"job", "crm_id"} & request.GET.keys() else (TroubleFilter,)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Show a job's searches in the order in which they were sent, as its page and its index have them."""
        return ("position",) if "job" in request.GET else ("-id",)

    def has_give_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may give results to leads: the page shows them, and they are written."""
        may_spend = request.user.has_perm(SPEND_CREDITS)
        return may_spend and self.has_operate_permission(request) and self.has_values_permission(request)

    @admin.action(description=_("Give to a lead: a result that is kept aside"), permissions=["give"])
    def give(self, request: HttpRequest, queryset: QuerySet[LeadSearch]) -> HttpResponse | None:
        """Give a result that fitted nobody to the lead that a person names, after a page that shows it."""
        return aside.give(self, request, queryset)

    @admin.action(description=_("Drop: results that are kept aside"), permissions=["operate"])
    def drop(self, request: HttpRequest, queryset: QuerySet[LeadSearch]) -> HttpResponse | None:
        """Drop results that fitted nobody, after a page that shows them."""
        return aside.drop(self, request, queryset)

    @admin.display(description=_("lead"))
    def lead(self, search: LeadSearch) -> SafeString:
        """Link to the lead by its key, which costs no query."""
        mapping = registry.labelled(search.model)
        key = mapping.key(search.crm_id) if mapping else None
        if mapping is None or key is None:
            return link("", search.crm_id)
        return link(list_url(viewer_of(search), mapping.model, **{mapping.crm_id_field: key}), search.crm_id)

    @admin.display(description=_("search job"))
    def search_job(self, search: LeadSearch) -> SafeString:
        """Link to the job; the row has its id, so that no job is read."""
        return link(page_url(viewer_of(search), SearchJob, search.job_id), str(search.job_id)[:8])


def table(
    viewer: Viewer | None,
    searches: QuerySet[LeadSearch],
    *,
    with_cost: bool = False,
    **lookups: Any,  # noqa: ANN401 - lookups of any field
) -> str:
    """Return the first searches as an HTML table, with a link to the list that shows all of them.

    A constant number of queries. What was found is shown to who may see it, and not to who is not known.

    ``with_cost``: who asked for each, and what it cost, as far as its job says.
    """
    rows = list(searches.select_related("job")[:FIRST])
    leads = lead_urls(viewer, [(search.model, search.crm_id) for search in rows])
    context = {
        "rows": [
            (search, leads.get(search.crm_id, ""), page_url(viewer, SearchJob, search.job_id), cost(search))
            for search in rows
        ],
        "with_cost": with_cost,
        "hidden": "" if viewer and viewer.sees_values else NOT_SHOWN,
        "all_url": list_url(viewer, LeadSearch, **lookups) if lookups else "",
    }
    return render_to_string("admin/leads/searches.html", context)


def cost(search: LeadSearch) -> str:
    """Say in credits what one search cost: its own share where that is known, else the cost of its whole job."""
    job = search.job
    if search.position is None:
        # What has a fingerprint got its result from another purchase; of the rest nobody knows.
        return str(_("none: shared or reused")) if search.fingerprint else ""
    share = job.credits_cost if job.requested == 1 else _share(search)
    if job.credits_cost is None:
        return str(_("at most %.2f")) % (job.reserved / max(job.requested, 1))
    if share is not None:
        return f"{share:,.2f}"
    amount = f"{job.spent:,.2f}"
    return str(_("%(amount)s for %(number)s searches")) % {"amount": amount, "number": f"{job.requested:,}"}


def _share(search: LeadSearch) -> Decimal | None:
    """Return what one of several searches cost; None where what Enrow took is not the price of what was found."""
    job = search.job
    if KINDS[Kind(search.kind)].misses_cost:
        return job.spent / job.requested
    price = job.credits_reserved / max(job.requested, 1)
    if job.spent != price * job.found:
        return None
    return price if search.outcome == Outcome.FOUND else Decimal(0)
