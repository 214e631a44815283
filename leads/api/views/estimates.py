"""What a run would cost, before it is asked for."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.asked import EstimateRequestSerializer
from leads.api.base import EnrowView
from leads.api.selections import selected
from leads.api.throttles import ESTIMATE
from leads.api.told import EstimateSerializer
from leads.enrichment import Via, estimate

# It is planned while the program waits: some 30,000 leads a second.
MOST = 100_000
# Of a body, what enrich() and estimate() take as it is.
WANTED = ("verify", "overwrite", "force", "max_credits")


class EstimateView(EnrowView):
    """What a run would do and cost."""

    operations: ClassVar = {"POST": "estimate"}
    takes: ClassVar = {"POST": EstimateRequestSerializer}
    answers: ClassVar = {"POST": {200: EstimateSerializer}}
    scopes: ClassVar = {"POST": ESTIMATE}

    def post(self, request: Request) -> Response:
        """Tell what a run would do and cost at most. Nothing is written, and nothing is sent."""
        asked = self.read(request)
        leads = selected(request.user, asked)
        if leads.order_by()[: MOST + 1].count() > MOST:
            sentence = f"These are more than {MOST:,} leads. Ask for a run with max_credits: it never costs more."
            raise ValidationError({"model": [sentence]})
        return self.tell(estimate(leads, **order_of(request, asked)), method="POST")


def order_of(request: Request, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of enrich() that a body and its user stand for."""
    wanted = {name: asked[name] for name in WANTED if name in asked}
    return {**wanted, "find": asked.get("find", ()), "requested_by": request.user.get_username(), "via": Via.API}
