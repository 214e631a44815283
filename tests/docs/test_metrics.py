"""The page of the metrics, followed; what Prometheus, OpenTelemetry and Sentry are told."""

from __future__ import annotations

import pytest

from tests.docs.pages import blocks
from tests.docs.projects import adopt, project

__all__ = ["project"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

IS_TRUE = """
import sys, types
from django.test import Client
from django.test.utils import override_settings

with override_settings(ALLOWED_HOSTS=["testserver"]):
    page = Client().get("/metrics/enrow/", headers={"Authorization": "Bearer secret-of-sixteen"})
    assert b"enrow_due_seconds" in page.content
    assert Client().get("/metrics/enrow/").status_code == 404

# OpenTelemetry itself is not needed to see what it is told.
told = []
package = types.ModuleType("opentelemetry.metrics")
package.Observation = lambda value, labels: told.append((value, labels))
sys.modules["opentelemetry"], sys.modules["opentelemetry.metrics"] = types.ModuleType("opentelemetry"), package

class Meter:
    def create_observable_gauge(self, name, callbacks, unit):
        for callback in callbacks:
            list(callback(None))

from yourproject.telemetry import watch
watch(Meter())
assert told == [(0.0, {"what": "job"}), (0.0, {"what": "run"})]

import sentry_sdk
said = []
sentry_sdk.capture_message = lambda sentence, level: said.append(sentence)
from yourproject.watching import look
look()
assert said == []
import uuid
from leads.models import SearchJob
SearchJob.objects.create(run=uuid.uuid4(), kind="find_email", next_check_at="2026-01-01T00:00Z")
look()
assert said[-1].startswith("Something waits for "), said
"""


def test_the_page_of_the_metrics(project):
    """Every block is pasted or run."""
    adopt(project)
    project.environment["ENROW_METRICS_TOKEN"] = "secret-of-sixteen"
    page = blocks("docs/metrics.md")
    project.type(["python manage.py migrate"])
    project.play(page)
    if not project.is_incomplete:
        project.shell(IS_TRUE)
