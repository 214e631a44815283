"""The actions that spend credits, for the admin of any lead model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from enrow_webhooks.client.values import Kind
from leads.admin.banner import HomeBannerMixin
from leads.admin.confirmation import confirm
from leads.kinds import KINDS

_Action = Callable[["EnrichActionsMixin", HttpRequest, QuerySet[Any]], HttpResponse | None]


def _action(kind: Kind) -> _Action:
    """Return the action of one kind of search; its name in the request is the kind's own."""

    def act(page: EnrichActionsMixin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return confirm(page, request, queryset, kind, at_most=page.max_enriched)

    act.__name__ = kind.value
    return admin.action(description=capfirst(KINDS[kind].label), permissions=["enrich"])(act)


class EnrichActionsMixin(HomeBannerMixin):
    """An action per kind of search, each with a page that shows the cost before anything is spent."""

    actions: Sequence[Any] = tuple(map(_action, KINDS))
    # More leads than this would make the request time out; the command enrich_leads has no such limit.
    max_enriched = 100_000

    def has_enrich_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may spend credits: everybody who may change leads. Override it to ask for more."""
        return self.has_change_permission(request)
