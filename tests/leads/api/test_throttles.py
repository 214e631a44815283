"""Two scopes for the rates of the host; without a rate there is none, and nothing breaks."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.leads.api.client import ALL, program, told

pytestmark = pytest.mark.django_db
BODY = {"model": "leads.lead", "find": ["email"], "max_credits": "10", "all": True}
RATES = {"enrow-estimate": "2/hour", "enrow-spend": "1/hour"}


@pytest.fixture(autouse=True)
def nothing_counted_yet():
    cache.clear()
    yield
    cache.clear()


def test_estimates_and_spending_are_counted_apart(settings, make_leads, sandbox):
    """Each user has their own; what neither spends nor estimates is free."""
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": RATES}
    make_leads(1)
    ann, bob = program(*ALL), program(*ALL, name="bob")
    told(ann.post("runs/", BODY), 202)
    answer = ann.post("runs/", BODY)
    told(answer, 429)
    assert int(answer["Retry-After"]) > 3000
    for _ in range(2):
        told(ann.post("estimates/", BODY))
    told(ann.post("estimates/", BODY), 429)
    told(bob.post("runs/", BODY), 202)
    for _ in range(5):
        told(ann.get("runs/"))


@pytest.mark.parametrize("rates", [{}, {"user": "1/day"}, {"enrow-spend": None}])
@pytest.mark.parametrize("classes", [[], ["rest_framework.throttling.ScopedRateThrottle"]])
def test_a_scope_without_a_rate_is_free(settings, make_leads, rates, classes):
    """Also where the host's own API has REST framework's throttle of scopes, which fails without a rate."""
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": rates, "DEFAULT_THROTTLE_CLASSES": classes}
    make_leads(1)
    ann = program(*ALL)
    for _ in range(3):
        told(ann.post("runs/", BODY), 202)
