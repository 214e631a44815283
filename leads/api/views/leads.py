"""Mapped models, and their leads with what is known of them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from leads import rights, statuses
from leads.api import pages
from leads.api.base import EnrowView
from leads.api.known import described
from leads.api.lists import PAGE, only
from leads.api.openapi import Parameter
from leads.api.selections import NEVER, SEARCHING, names_of, narrowed, seen, visible
from leads.api.told import LeadDetailSerializer, LeadSerializer, ModelsSerializer, page_of
from leads.keys import Keys
from leads.kinds import VALUES, KindFacts
from leads.mapping import LeadMapping, registry
from leads.models import LeadSearch
from leads.permissions import VIEW_FOUND_VALUES

# Of a lead's history.
_LATEST = 20
# The order of a list: by primary key, which has an index in every table; another order may have none.
_ORDERS = {"key": "pk", "-key": "-pk"}
_ORDERING = "ordering"
LeadPageSerializer = page_of(LeadSerializer)


class LeadsView(EnrowView):
    """Leads that the user sees."""

    def lets_in(self, user: Any) -> bool:  # noqa: ANN401 - the project's own user model
        """Let everybody in who is logged in; each model asks for its own permission."""
        return True


def _parameters(facts: KindFacts) -> tuple[Parameter, ...]:
    """Return what narrows leads by what is known of one value."""
    checked = facts.checked_at.removesuffix("_at")
    known = ", ".join(status or NEVER for status in statuses.labels(facts))
    moment = "Enrow was asked {} a moment like 2026-01-31T12:00:00Z."
    return (
        Parameter(name=facts.status, about=f"One of {known}."),
        Parameter(name=f"{checked}_before", about=moment.format("before")),
        Parameter(name=f"{checked}_after", about=moment.format("at or after")),
    )


class ModelListView(LeadsView):
    """The mapped models."""

    operations: ClassVar = {"GET": "models_list"}
    answers: ClassVar = {"GET": {200: ModelsSerializer}}

    def get(self, request: Request) -> Response:
        """List the mapped models whose leads you may see."""
        user = request.user
        models = [
            {
                "label": mapping.label,
                "name": str(mapping.model._meta.verbose_name),
                "may_search": rights.may_search(user, mapping),
                "filters": names_of(user, mapping),
            }
            for mapping in registry
            if rights.may_view(user, mapping.model)
        ]
        return self.tell({"results": models})


class LeadListView(LeadsView):
    """The leads of a mapped model."""

    operations: ClassVar = {"GET": "leads_list"}
    answers: ClassVar = {"GET": {200: LeadPageSerializer}}
    parameters: ClassVar = {
        "GET": (
            *PAGE,
            Parameter(name=_ORDERING, about="key or -key: by the primary key, which is the only order."),
            Parameter(name="crm_id", about="The lead of this name; may be given several times.", is_many=True),
            Parameter(
                name=SEARCHING, about=f"{' or '.join(facts.value for facts in VALUES)}: a search for it is under way."
            ),
            *(parameter for facts in VALUES for parameter in _parameters(facts)),
        )
    }

    def get(self, request: Request, model: str) -> Response:
        """List the leads of a model that you see, with what is known of them. A model may have more filters."""
        mapping = seen(request.user, model)
        query = request.query_params
        given = {name: query.getlist(name) for name in query if name not in {pages.CURSOR, pages.LIMIT, _ORDERING}}
        leads = narrowed(request.user, mapping, visible(request.user, mapping), given, in_address=True)
        page = _page(request, mapping, leads)
        keys = [key for _pk, key in page.results]
        told = described(mapping, keys, sees_values=request.user.has_perm(VIEW_FOUND_VALUES))
        return self.tell(pages.Page(results=told, next=page.next))


def _page(request: Request, mapping: LeadMapping, leads: QuerySet[Any]) -> pages.Page:
    order = only(request, _ORDERING) or "key"
    if order not in _ORDERS:
        raise ValidationError({_ORDERING: [f"It takes one of {', '.join(_ORDERS)}."]})
    field, name, lookup = mapping.model._meta.pk, _ORDERS[order], "gt" if order == "key" else "lt"
    while field.remote_field:
        field = field.target_field  # type: ignore[attr-defined]  # a relation has one

    def behind(said: list[str]) -> Q:
        key = Keys(field, mapping.alias).read(said[0])
        if key is None or len(said) != 1:
            raise ValueError(said)
        return Q((f"pk__{lookup}", key))

    rows = leads.order_by(name).values_list("pk", mapping.crm_id_field)
    return pages.paged(request, rows, behind=behind, place_of=lambda row: [row[0]])


class LeadView(LeadsView):
    """One lead."""

    operations: ClassVar = {"GET": "leads_get"}
    answers: ClassVar = {"GET": {200: LeadDetailSerializer}}

    def get(self, request: Request, model: str, crm_id: str) -> Response:
        """Get a lead by its crm_id, with what is known of it and its latest searches."""
        mapping = seen(request.user, model)
        key = mapping.key(crm_id)
        if key is None or not mapping.visible_to(request.user, mapping.by_keys([key])).exists():
            raise NotFound
        sees_values = request.user.has_perm(VIEW_FOUND_VALUES)
        told = described(mapping, [key], sees_values=sees_values)
        if not told:
            raise NotFound
        searches = LeadSearch.objects.filter(model=mapping.label, crm_id=crm_id).order_by("-id")
        return self.tell({**told[0], "searches": list(searches[:_LATEST])}, sees_values=sees_values)
