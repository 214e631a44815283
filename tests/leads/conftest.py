"""Fixtures of the leads app."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from enrow_webhooks.inbox import processing
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox import people
from leads.enrichment import enrich
from leads.mapping import registry, unregister
from leads.models import Lead, SearchJob
from leads.outbox import submission
from tests.conftest import finish
from tests.leads.events import SECRET


@pytest.fixture
def running(make_leads):
    """Make a running job of so many leads."""

    def make(count=1, find=("email",), *, overwrite=False, verify=False, **fields):
        make_leads(count, **fields)
        job = enrich(Lead.objects.all(), find=find, verify=verify, overwrite=overwrite).jobs().get()
        SearchJob.objects.filter(pk=job.pk).update(state="running", enrow_id="enrow-1")
        return job

    return make


@pytest.fixture
def job_in(make_leads, sandbox, enrow):
    """Make a job of some new leads in a state."""

    def make(state, count=2):
        make_leads(count, prefix=state, company_domain="failed.example" if state == "failed" else f"{state}.com")
        job = enrich(Lead.objects.filter(crm_id__startswith=state), find={"email"}, requested_by="ann").jobs().get()
        if state == "unconfirmed":
            sandbox.configure(chaos="lost-answer")
        if state == "held":
            enrow(API_KEY="bad-key")
        if state in {"unconfirmed", "held", "running"}:
            assert submission.submit(job.pk)
        sandbox.configure(chaos="")
        enrow(API_KEY="good-key")
        if state in {"finished", "failed"}:
            finish(sandbox)
        job.refresh_from_db()
        assert job.state == state
        return job

    return make


@pytest.fixture
def unmapped():
    """Take the mapping of a model away for one test."""
    before = dict(registry._by_label)
    yield unregister
    registry._by_label.clear()
    registry._by_label.update(before)


@pytest.fixture
def post(client, enrow):
    """Deliver a body to the webhook URL, and process the inbox."""
    enrow(WEBHOOK_SECRETS=[SECRET])

    def deliver(body, token=SECRET):
        answer = client.post(f"/webhooks/enrow/{token}/", data=json.dumps(body), content_type="application/json")
        assert answer.status_code == 200
        processing.drain()
        return WebhookEvent.objects.latest("pk")

    return deliver


@pytest.fixture
def pair(make_leads):
    """Two strangers; the first will be forgotten."""
    first, second = make_leads(2)
    return first, second


@pytest.fixture
def csv_file(tmp_path):
    """Write a file and return its path; text is written as UTF-8."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "leads.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def far_away(settings):
    """Let the project live where it is another day than in UTC at this very moment; return its time zone."""
    east, west = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Etc/GMT+12")
    now = dt.datetime.now(dt.UTC)
    zone = east if now.astimezone(east).date() != now.date() else west
    assert now.astimezone(zone).date() != now.date()
    settings.TIME_ZONE = zone.key
    return zone


@pytest.fixture
def one_email(make_leads, sandbox):
    """Let the table of leads take each address once; buy three, and return the lead that got another's."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX one_email ON leads_lead (email) WHERE email <> ''")

    def make():
        make_leads(3)
        lead = Lead.objects.get(crm_id="lead-1")
        make_leads(1, prefix="taken", email=people.find_email(lead.display_name(), lead.company_domain))
        enrich(Lead.objects.filter(crm_id__startswith="lead"), find={"email"})
        finish(sandbox)
        assert dict(Lead.objects.values_list("crm_id", "email_status")) == {
            "lead-0": "valid",
            "lead-1": "",
            "lead-2": "valid",
            "taken-0": "",
        }
        return lead

    yield make
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_email")
