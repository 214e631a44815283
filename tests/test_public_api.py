"""What users type is pinned: a change here is a change of the changelog."""

from __future__ import annotations

import inspect

import pytest
from celery import current_app
from django.core.management import get_commands
from django.urls import resolve, reverse

from enrow_webhooks.conf import EnrowSettings, Section
from leads import enrichment
from leads.conf import LeadSettings
from leads.schedule import beat_schedule

NAMES = [
    *("Estimate", "Progress", "Reason", "Run", "Skip", "Tally", "Via"),
    *("enrich", "enrich_batched", "enrich_later", "estimate", "kinds_of", "sweep"),
]
SIGNATURES = {
    "enrich": "(queryset: 'QuerySet[Any]', *, find: 'Collection[str]' = (), verify: 'bool' = False, "
    "max_credits: 'Decimal | float | None' = None, overwrite: 'bool' = False, force: 'bool' = False, "
    "requested_by: 'str' = '', via: 'str' = 'code') -> 'Run'",
    "enrich_later": "(queryset: 'QuerySet[Any]', *, max_credits: 'Decimal | float | None', "
    "find: 'Collection[str]' = (), verify: 'bool' = False, overwrite: 'bool' = False, force: 'bool' = False, "
    "requested_by: 'str' = '', via: 'str' = 'code') -> 'Run'",
    "enrich_batched": "(leads: 'QuerySet[Any] | Model | Iterable[Model]', *, find: 'Collection[str]' = (), "
    "verify: 'bool' = False, daily_credits: 'Decimal | float | None' = None, requested_by: 'str' = '') -> 'int'",
    "estimate": "(queryset: 'QuerySet[Any]', *, find: 'Collection[str]' = (), verify: 'bool' = False, "
    "max_credits: 'Decimal | float | None' = None, overwrite: 'bool' = False, force: 'bool' = False, "
    "requested_by: 'str' = '', via: 'str' = 'code') -> 'Estimate'",
    "kinds_of": "(find: 'Collection[str]', *, verify: 'bool' = False) -> 'tuple[Kind, ...]'",
    "sweep": "(*, jobs: 'int' = 1000) -> 'Swept'",
    "Run.wait": "(self, *, timeout: 'float | None' = None, pause: 'float' = 0.5, "
    "watch: 'Callable[[Progress], None] | None' = None) -> 'bool'",
    "Run.jobs": "(self) -> 'QuerySet[SearchJob]'",
    "Run.progress": "(self) -> 'Progress'",
    "Run.pause": "(self, *, by: 'str') -> 'bool'",
    "Run.resume": "(self, *, by: 'str') -> 'bool'",
    "Run.cancel": "(self, *, by: 'str') -> 'bool'",
}
SETTINGS = {
    "API_KEY",
    "BASE_URL",
    "TIMEOUT",
    "WEBHOOK_ORIGIN",
    "WEBHOOK_SECRETS",
    "POSTS_PER_SECOND",
    "POST_BUDGET_STORAGE",
    "MAX_BODY_BYTES",
    "EVENT_LEASE_SECONDS",
    "EVENT_MAX_ATTEMPTS",
    "PAYLOAD_DAYS",
    "TASK_BACKEND",
    "DEADLINE_SECONDS",
    "SANDBOX_HOST",
    "PRICES",
    "BATCH_SIZE",
    "REUSE_DAYS",
    "SENDING_LEASE_SECONDS",
    "GIVE_UP_AFTER_HOURS",
    "CONFIRM_ABOVE_CREDITS",
    "DAILY_CREDIT_LIMIT",
    "USER_DAILY_CREDIT_LIMIT",
    "UNCONFIRMED_MINUTES",
    "UNEXPLAINED_CREDITS",
    "ENVIRONMENT",
    "RUN_DAYS",
    "BATCHED_DAILY_CREDITS",
    "METRICS_TOKEN",
    "RULES",
}
COMMANDS = {
    "enrow_sandbox": "enrow_webhooks",
    "replay_events": "enrow_webhooks",
    "prune_events": "enrow_webhooks",
    "enrich_leads": "leads",
    "import_leads": "leads",
    "export_leads": "leads",
    "enrow_sweep": "leads",
    "enrow_doctor": "leads",
    "forget_lead": "leads",
    "export_lead_data": "leads",
    "enrow_jobs": "leads",
    "enrow_runs": "leads",
    "enrich_rules": "leads",
    "enrow_deployment": "leads",
    "enrow_search_indexes": "leads",
}


def test_the_public_names():
    """These and no others."""
    assert sorted(enrichment.__all__) == NAMES
    assert all(hasattr(enrichment, name) for name in NAMES)


@pytest.mark.parametrize("dotted", SIGNATURES)
def test_the_signatures(dotted):
    """Everything but the first argument is named."""
    target = enrichment
    for part in dotted.split("."):
        target = getattr(target, part)
    assert str(inspect.signature(target)) == SIGNATURES[dotted]


def test_the_settings():
    """Every key of ENROW, whichever app reads it, stands in one section only."""
    assert set(Section.known) == SETTINGS
    assert not set(EnrowSettings.defaults) & set(LeadSettings.defaults)


def test_the_schedule_names_tasks_that_exist():
    """A beat entry whose task nobody registered would be lost without a word."""
    current_app.autodiscover_tasks(force=True)
    entries = beat_schedule()
    assert set(entries) == {"enrow-process-events", "enrow-sweep-jobs", "enrow-prune-events"}
    assert {entry["task"] for entry in entries.values()} <= set(current_app.tasks)
    assert beat_schedule(every=2)["enrow-sweep-jobs"]["schedule"] == 2


def test_the_tasks():
    """Their names stand in queues while a new version is rolled out."""
    ours = {task for task in current_app.tasks if task.startswith(("enrow_webhooks.", "leads."))}
    assert ours == {
        "enrow_webhooks.process_events",
        "enrow_webhooks.prune_events",
        "leads.gather_leads",
        "leads.import_files",
        "leads.plan_runs",
        "leads.submit_jobs",
        "leads.sweep_jobs",
    }


def test_the_url():
    """Enrow's dashboard holds it, so it never moves."""
    assert reverse("enrow_webhooks:webhook", args=["token"]) == "/webhooks/enrow/token/"
    assert resolve("/webhooks/enrow/token").kwargs == resolve("/webhooks/enrow/token/").kwargs == {"token": "token"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands(command):
    """What stands in crontabs and runbooks keeps its name."""
    assert get_commands().get(command) == COMMANDS[command]
