"""The numbers of ``leads.metrics`` for Prometheus, in a project that has prometheus-client (the extra ``prometheus``).

``REGISTRY.register(EnrowCollector())`` adds them to the project's own page; ``metrics_view`` is a page with them alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from leads.conf import lead_settings
from leads.metrics import Metrics, collect


class EnrowCollector(Collector):
    """Looks at the rows each time that Prometheus asks: no process keeps numbers of its own."""

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Tell nothing when it is registered: the tables may not be there yet."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the numbers."""
        seen = collect()
        yield _by("jobs", "Search jobs that work or wait; 10,000 stands for more.", "state", seen.jobs)
        yield _by("runs", "Runs that have not ended.", "state", seen.runs)
        yield _by("events", "Webhook events that wait for a worker, or for a person.", "state", seen.events)
        yield _by("searched", "Leads that were paid for within the latest day.", "kind", seen.searched)
        yield _by("found", "Leads of these that were found.", "kind", seen.found)
        yield _by("due_seconds", "For how long the oldest has been due.", "what", _ages(seen))
        yield from _numbers(seen)


def _ages(seen: Metrics) -> dict[str, float]:
    return {"job": seen.job_age, "run": seen.run_age, "event": seen.event_age}


def _numbers(seen: Metrics) -> Iterator[GaugeMetricFamily]:
    """Yield what has no label; what is not known is left out, as Prometheus wants it."""
    told = {
        "sweep_age_seconds": ("Since the last sweep.", seen.sweep_age),
        "jobs_finished": ("Search jobs that Enrow finished within the latest day.", seen.jobs_finished),
        "jobs_polled": ("Of these, those without a webhook event.", seen.jobs_polled),
        "credits_spent_today": ("Credits of today that are settled.", seen.credits_spent),
        "credits_reserved_today": ("The worst case of those of today that are not.", seen.credits_reserved),
        "credits_left_today": ("What the limit of the day leaves.", seen.credits_left_today),
        "credits_balance": ("Credits of the account, as it was read last.", seen.balance),
    }
    for name, (about, number) in told.items():
        if number is not None:
            yield GaugeMetricFamily(f"enrow_{name}", about, value=float(number))


def _by(name: str, about: str, label: str, numbers: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"enrow_{name}", about, labels=[label])
    for word, number in numbers.items():
        family.add_metric([str(word)], float(number))
    return family


@require_safe
def metrics_view(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, if it sends ``ENROW["METRICS_TOKEN"]`` as its bearer token; without one there is no page."""
    token, given = lead_settings.metrics_token, request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(EnrowCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
