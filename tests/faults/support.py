"""Leads, waiting, and the judgement at the end: what the rows say against what the sandbox knows."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from enrow_webhooks.models import Heartbeat, WebhookEvent
from enrow_webhooks.sandbox import people
from leads.models import Lead, LeadSearch, SearchJob
from leads.upkeep.sweep import TURN

# Seconds. Only how long a test waits before it gives up; nothing is judged by time.
PATIENCE = 120.0


def database_url() -> str:
    """Return the URL of the test database, for the processes."""
    at = connection.settings_dict
    login = quote(at["USER"]) + (f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else "")
    return f"postgres://{login}@{at['HOST']}:{at['PORT'] or 5432}/{at['NAME']}"


def missing_program() -> str:
    """Return the sentence why these tests cannot run here; blank when they can."""
    if shutil.which("redis-server") is None:
        return "These tests start, kill and flush a Redis of their own; install redis-server."
    return ""


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = PATIENCE) -> None:
    """Wait until the condition holds; fail with a picture of the rows when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"After {seconds:.0f} seconds not yet: {what}. {picture()}"
        time.sleep(0.1)


def picture() -> dict[str, Any]:
    """Return how the rows stand."""
    return {
        "jobs": Counter(SearchJob.objects.values_list("state", flat=True)),
        "job errors": set(SearchJob.objects.exclude(last_error="").values_list("last_error", flat=True)),
        "searches": Counter(LeadSearch.objects.values_list("outcome", "effect")),
        "events": Counter(WebhookEvent.objects.values_list("state", "attempts")),
        "event errors": set(WebhookEvent.objects.exclude(last_error="").values_list("last_error", flat=True)),
    }


def make_leads(count: int) -> None:
    """Create people of whom the sandbox knows seven in ten."""
    Lead.objects.bulk_create(
        Lead(crm_id=f"lead-{number}", firstname=f"Ann{number}", lastname="Maybe", company_domain=f"firm{number}.com")
        for number in range(count)
    )


def truth(lead: Lead) -> str:
    """Return the address that the sandbox knows; blank for none."""
    return people.find_email(lead.display_name(), lead.company_domain) or ""


def expire_leases() -> None:
    """Let the time of those who died be over, as it is some minutes later."""
    now = timezone.now()
    SearchJob.objects.filter(state__in=[SearchJob.State.QUEUED, SearchJob.State.SENDING]).update(next_check_at=now)
    WebhookEvent.objects.waiting().update(next_attempt_at=now)
    Heartbeat.objects.filter(name=TURN).delete()


def is_settled() -> bool:
    """Tell whether nothing is left that workers can do."""
    unconfirmed = SearchJob.State.UNCONFIRMED
    return not (
        SearchJob.objects.open().exclude(state=unconfirmed).exists()
        or SearchJob.objects.unwritten().exists()
        or WebhookEvent.objects.waiting().exists()
    )


def is_polled() -> bool:
    """Let it be time to ask Enrow about every job that runs; tell whether nothing is left that workers can do."""
    now = timezone.now()
    SearchJob.objects.running().filter(next_check_at__gt=now).update(next_check_at=now)
    return is_settled()


def assert_truth(state: Mapping[str, Any], *, bought: int) -> dict[str, object]:
    """Leads equal what the sandbox knows, each person was bought once, the credits agree, and nothing waits.

    A job whose answer and event were both lost is unconfirmed: said, and counted at what its leads really cost.
    """
    assert state["bought_more_than_once"] == {}
    assert state["people"] == bought
    lost = SearchJob.objects.filter(state=SearchJob.State.UNCONFIRMED)
    assert not lost.filter(last_error="").exists(), "an unconfirmed job does not say why"
    waiting = set(LeadSearch.objects.pending().values_list("crm_id", flat=True))
    assert waiting == set(LeadSearch.objects.filter(job__in=lost).values_list("crm_id", flat=True))
    wrong = [
        (lead.crm_id, lead.email, lead.email_status, truth(lead))
        for lead in Lead.objects.exclude(crm_id__in=waiting)
        if (lead.email, lead.email_status) != (truth(lead), "valid" if truth(lead) else "not_found")
    ]
    assert wrong == []
    hidden = sum(bool(truth(lead)) for lead in Lead.objects.filter(crm_id__in=waiting))
    known = SearchJob.objects.exclude(pk__in=lost).aggregate(sum=Sum("credits_cost"))["sum"]
    assert known + hidden == state["spent"]
    assert is_settled(), picture()
    assert set(LeadSearch.objects.exclude(crm_id__in=waiting).values_list("effect", flat=True)) <= {"written"}
    return {"bought": state["people"], "spent": str(state["spent"]), "unconfirmed": lost.count()}
