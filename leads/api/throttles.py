"""How often somebody may ask for an estimate, and spend: by two scopes of the host's ``DEFAULT_THROTTLE_RATES``."""

from __future__ import annotations

from typing import Any

from rest_framework.settings import api_settings
from rest_framework.throttling import ScopedRateThrottle

ESTIMATE, SPEND = "enrow-estimate", "enrow-spend"


class EnrowThrottle(ScopedRateThrottle):
    """Where the host gives a scope no rate, it has none.

    The views call the scope by another name than REST framework does: its own throttle fails without a rate.
    """

    scope_attr = "enrow_scope"

    def get_rate(self) -> str | None:
        """Return the rate of the scope as the settings have it now."""
        rates: dict[str, Any] = api_settings.DEFAULT_THROTTLE_RATES or {}
        return rates.get(self.scope or "")
