"""A button for each kind of search on the form of one lead; it opens the page that the action shows for many."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import ngettext

from enrow_webhooks.client.values import Kind
from leads.admin.confirmation import confirm
from leads.admin.mapped import MappedPage
from leads.conf import lead_settings
from leads.credits.consent import credits_in_words
from leads.kinds import title

_TEMPLATE = "admin/leads/enrich_buttons.html"


class ButtonsMixin(MappedPage):
    """Adds them to whatever template the page has: the project's own, a theme's, or Django's."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page that a button opens."""
        view = self.admin_site.admin_view(self.enrich_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_enrich"
        return [path("<path:object_id>/enrich/<str:kind>/", view, name=name), *super().get_urls()]

    def enrich_view(self, request: HttpRequest, object_id: str, kind: str) -> HttpResponse:
        """Show what a search for one lead costs; once that is confirmed, queue it. For whom the action is offered."""
        return self.search_view(request, object_id, kind)

    def search_view(self, request: HttpRequest, object_id: str, kind: str, *, overwrite: bool = False) -> HttpResponse:
        """Do that; ``overwrite``: what is found replaces what the lead has, and is bought even if it was lately."""
        lead = self.get_object(request, unquote(object_id))
        if lead is None:
            raise Http404
        if kind not in self.offered(request) or not self.may_open(request, lead):
            raise PermissionDenied
        leads = self.visible_leads(request, self.get_queryset(request).filter(pk=lead.pk))
        back = self.page_of(request, "change", object_id)
        page = confirm(self, request, leads, Kind(kind), at_most=1, back=back, overwrite=overwrite)
        return page or HttpResponseRedirect(back)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        *args: Any,  # noqa: ANN401 - as Django's own
        **kwargs: Any,  # noqa: ANN401 - as Django's own
    ) -> HttpResponse:
        """Return the form in its own template, with the buttons among its tools."""
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        lead = context.get("original")
        if lead is None or not isinstance(response, TemplateResponse) or not self.may_open(request, lead):
            return response
        urls = [
            (priced(title(kind), kind), self.page_of(request, "enrich", quote(lead.pk), kind))
            for kind in self.offered(request)
        ]
        if urls:
            own = response.resolve_template(response.template_name)
            response.context_data = {**(response.context_data or {}), "enrich_urls": urls, "enrich_form": own}
            response.template_name = _TEMPLATE
        return response

    def offered(self, request: HttpRequest) -> list[Kind]:
        """Return the kinds whose actions the page has for this user."""
        actions = self.get_actions(request)
        return [kind for kind in Kind if kind.value in actions]

    def may_open(self, request: HttpRequest, lead: Any) -> bool:  # noqa: ANN401 - a lead of any model
        """Tell whether the user may look at a lead, and at what is known of it."""
        return self.has_view_or_change_permission(request, lead) and self.is_visible(lead, request)

    def page_of(self, request: HttpRequest, page: str, *args: object) -> str:
        """Return the address of a page, from which the way leads back to the list as it was narrowed."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        url = reverse(name, args=args, current_app=self.admin_site.name)
        kept: dict[str, Any] = {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}
        return str(add_preserved_filters(kept, url))


def priced(words: object, kind: Kind) -> str:
    """Return what a button says, with the most that it can cost for one lead."""
    price = lead_settings.price(kind)
    told = ngettext("%(words)s (%(price)s credit)", "%(words)s (%(price)s credits)", 1 if price == 1 else 2)
    return told % {"words": words, "price": credits_in_words(price)}
