"""From enrich() to the values on the leads, with each way of waking a worker."""

from __future__ import annotations

import django
import pytest

from enrow_webhooks.wake import flush, run_task
from leads.enrichment import enrich, enrich_batched, enrich_later
from leads.models import Lead, SearchJob
from leads.upkeep.sweep import sweep
from tests.conftest import due_now

MESSAGES: list[str] = []


def carry(name):
    """Stand for a project's own queue."""
    MESSAGES.append(name)


@pytest.fixture(params=["none", "tests.journeys.test_task_backends.carry", "django"])
def backend(request, enrow, settings):
    """Each backend but Celery, which every other journey has."""
    MESSAGES.clear()
    enrow(TASK_BACKEND=request.param, WEBHOOK_ORIGIN="")
    if request.param == "django":
        if django.VERSION < (6, 0):
            pytest.skip("Django has tasks since 6.0; nox -s 'tests(3.13)' runs this.")
        settings.TASKS = {"default": {"BACKEND": "tests.django_queue.Queue"}}
    return request.param


def deliver() -> None:
    """Do what the workers of a backend do with the messages that came."""
    assert flush(5)
    while MESSAGES:
        run_task(MESSAGES.pop(0))
        assert flush(5)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ask", [enrich, enrich_later, enrich_batched])
def test_leads_are_enriched_whoever_wakes_the_worker(make_leads, sandbox, backend, ask, monkeypatch):
    """Messages only hurry: where there are none, the sweep does it all."""
    monkeypatch.setattr("leads.tasks.GATHER_EVERY", 0.0)
    make_leads(3)
    cap = {"daily_credits": 9} if ask is enrich_batched else {"max_credits": 9}
    ask(Lead.objects.all(), find={"email"}, **cap)
    if backend == "none":
        assert not MESSAGES
        sweep()
        sweep()
    else:
        deliver()
        deliver()
    assert [job.state for job in SearchJob.objects.all()] == ["running"], "a message was enough to send it"
    due_now()
    sweep()
    assert set(Lead.objects.values_list("email_status", flat=True)) == {"valid"}
    assert sandbox.ledger.purchases.total() == 3
