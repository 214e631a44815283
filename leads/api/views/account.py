"""Where the credits went, and whether something needs a person."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from leads import health, rights
from leads.api.told import CreditsSerializer, HealthSerializer
from leads.api.views.jobs import JobsView
from leads.conf import lead_settings
from leads.credits import budget, statement
from leads.models import SearchJob

# How far back the sums go.
_DAYS = 30


def _sees_everybody(user: Any) -> bool:  # noqa: ANN401 - the project's own user model
    return rights.may_view(user, SearchJob) and rights.sees_every_lead(user)


class CreditsView(JobsView):
    """Credits."""

    operations: ClassVar = {"GET": "credits_get"}
    answers: ClassVar = {"GET": {200: CreditsSerializer}}

    def get(self, request: Request) -> Response:
        """Tell where the credits of the last 30 days went: your own, or all if you see every lead."""
        name, is_everybody = request.user.get_username()[:150], _sees_everybody(request.user)
        among = None if is_everybody else budget.asked_by(name)
        own = lead_settings.user_daily_credit_limit
        left = None if own is None else budget.allowance(None, user=name).user
        told = {
            "is_everybody": is_everybody,
            "today": statement.today(among=among),
            "daily_limit": lead_settings.daily_credit_limit if is_everybody else None,
            "user_daily_limit": own,
            "user_left": None if left is None else max(Decimal(0), left),
            "per_day": statement.per_day(days=_DAYS, among=among),
            "per_user": statement.per_user(days=_DAYS, among=among),
            "per_run": statement.per_run(days=_DAYS, among=among),
        }
        return self.tell(told)


class HealthView(JobsView):
    """Health."""

    operations: ClassVar = {"GET": "health_get"}
    answers: ClassVar = {"GET": {200: HealthSerializer}}

    def get(self, request: Request) -> Response:
        """Tell whether something needs a person, and what, if you see every lead. Always 200: look at is_well."""
        problems = health.problems()
        shown = problems if _sees_everybody(request.user) else []
        return self.tell({"is_well": not problems, "problems": shown})
