"""One journey with whatever may arrive about a person, before and after they are forgotten; then a dump is searched."""

from __future__ import annotations

import inspect
import itertools
import json
import re
from pathlib import Path

import pytest
from celery import current_app
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.utils import timezone

from enrow_webhooks.inbox import processing, replaying
from enrow_webhooks.inbox.addresses import sign
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox import people
from leads import forgetting
from leads.enrichment import enrich
from leads.models import (
    BatchedLead,
    EnrichmentRun,
    FileImport,
    FileNote,
    Lead,
    LeadEnrichment,
    LeadSearch,
    RunLead,
    SearchJob,
)
from leads.upkeep.sweep import sweep
from tests.commands import run
from tests.conftest import due_now, finish
from tests.leads.traces import everything

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "a-shared-secret-of-good-length"
PERSON = {
    "crm_id": "crm-zora",
    "firstname": "Zora",
    "lastname": "Quill",
    "company_domain": "quillworks.com",
    "linkedin_url": "https://www.linkedin.com/in/zora-quill/",
}
MAIL = people.find_email("Zora Quill", "quillworks.com")
NUMBER, _ = people.find_phone(linkedin_url=PERSON["linkedin_url"])
TRACE = re.compile("zora|quill|" + re.escape(NUMBER), re.IGNORECASE)
# Each body is another one for the inbox.
_number = itertools.count()


def dump() -> str:
    """Return all rows of ours and the admin's log; on SQLite the bytes of the file, too."""
    rows = everything() + json.dumps(list(LogEntry.objects.values()), default=str)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        rows += Path(connection.settings_dict["NAME"]).read_bytes().decode("latin-1")
    return rows


def bodies(ids):
    """Yield what may come about the person: right, of old age, contradicting, unknown, broken."""
    custom = {"crm_id": PERSON["crm_id"]}
    mail = {"email": MAIL, "qualification": "valid", "custom": custom}
    phone = {"number": NUMBER, "qualification": "found", "params": {"linkedin_url": PERSON["linkedin_url"]}}
    new = f"made-up-{next(_number)}"
    yield {"event": "single_search_finished", "id": ids["email"], "result": mail, "n": new}
    yield {"event": "single_search_finished", "id": new, "result": mail}
    yield {
        "event": "single_phone_search_finished",
        "id": f"{new}-outer",
        "result": {"id": ids["phone"], "result": phone},
    }
    yield {
        "event": "person_moved",
        "id": f"{new}-unknown",
        "data": [{"who": "Zora Quill", "custom": json.dumps(custom)}],
    }
    yield {"event": "person_moved", "id": f"{new}-unnamed", "who": "Zora Quill", "now_at": "quillworks.com"}
    yield b'{"event": "single_search_finished", "who": "Zora \\u0051uill", "n": "%s' % new.encode()
    yield f'{{"result": "{MAIL} {new}"}}'.encode("utf-16")


def deliver(token, body):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().post(f"/webhooks/enrow/{token}/", raw, "application/json").status_code


def send_all(tokens, ids):
    """Let each body come on each URL; what this site cannot read is answered 400."""
    for token, body in itertools.product(tokens, list(bodies(ids))):
        assert deliver(token, body) == (400 if isinstance(body, bytes) else 200)
    processing.drain()


@pytest.fixture
def journey(sandbox, enrow, make_leads, tmp_path, admin_user):
    """A person who came by a file, was searched, edited, and is named wherever a person can be named."""
    enrow(WEBHOOK_SECRETS=[SECRET])
    (other,) = make_leads(1)
    file = tmp_path / "people.csv"
    cells = ",".join(PERSON.values())
    file.write_text(f"{','.join(PERSON)}\n{cells}\n{cells}\n")
    assert "1 created" in run("import_leads", str(file)).out
    lead = Lead.objects.get(crm_id=PERSON["crm_id"])
    jobs = {}
    for kind in ("email", "phone"):
        for row in (lead, other):
            jobs[kind, row.crm_id] = enrich(Lead.objects.filter(pk=row.pk), find={kind}).jobs().get().pk
    finish(sandbox)
    SearchJob.objects.update(last_error="Enrow answered 500: Zora Quill is not ready.")
    SearchJob.objects.filter(searches__crm_id=other.crm_id).update(last_error="")
    LogEntry.objects.create(
        user=admin_user,
        content_type=ContentType.objects.get_for_model(Lead),
        object_id=lead.pk,
        object_repr="Zora Quill",
        action_flag=CHANGE,
        change_message="Zora has a new address.",
    )
    LeadEnrichment.objects.create(model="leads.lead", key=lead.crm_id, email=MAIL)
    waiting = EnrichmentRun.objects.create(model="leads.Lead", kinds="find_email", has_selection=True, state="paused")
    RunLead.objects.create(run=waiting, key=lead.pk)
    BatchedLead.objects.create(model="leads.Lead", key=lead.pk, kinds="find_email", daily_credits=1)
    file = FileImport.objects.create(
        model="leads.Lead",
        name="a.csv",
        state="finished",
        ended_at=timezone.now(),
        preview={"first_rows": [{"fullname": "Zora"}]},
    )
    FileNote.objects.create(file=file, line=2, is_refused=True, sentence="Zora has no company.", cells='["Zora"]')
    ids = {kind: SearchJob.objects.get(pk=jobs[kind, lead.crm_id]).enrow_id for kind in ("email", "phone")}
    mine = [sign(str(jobs[kind, lead.crm_id])) for kind in ("email", "phone")]
    # The person's own URLs, somebody else's, that of a job which is not here, and the dashboard's.
    return (
        lead,
        ids,
        [*mine, sign(str(jobs["email", other.crm_id])), sign("5f0d3a43-6f5c-4f5c-9a64-0d7d1a8f5a11"), SECRET],
    )


def test_a_dump_holds_nothing_whatever_came_before_and_comes_later(journey, caplog):
    """Nested and inner ids, contradicting, unknown and broken bodies, error texts, runs, the admin's log, our log."""
    lead, ids, tokens = journey
    send_all(tokens, ids)
    assert len(TRACE.findall(dump())) > 20

    forgetting.forget([lead.crm_id])
    assert not TRACE.findall(dump())

    send_all(tokens, ids)
    due_now()
    sweep()
    replaying.replay(replaying.chosen([], WebhookEvent.State.values))
    assert not TRACE.findall(dump())
    assert not TRACE.findall(caplog.text)
    assert Lead.objects.get().email, "somebody else lost theirs"
    assert LeadSearch.objects.filter(effect="written").count() == 2


def test_what_is_not_processed_yet_is_blanked_too(journey):
    """No worker has seen it when the person is forgotten; what names nobody goes when one does."""
    lead, ids, tokens = journey
    named, contradicting, nested, *_ = bodies(ids)
    for body, token in itertools.product([named, contradicting], tokens):
        assert deliver(token, body) == 200
    forgetting.forget([lead.crm_id])
    assert not TRACE.findall(dump())
    for token in tokens:
        assert deliver(token, nested) == 200
    processing.drain()
    assert not TRACE.findall(dump())


def test_messages_name_nobody():
    """A broker, Redis among them, and its files hold no arguments, because no task of ours takes any."""
    tasks = [task for name, task in current_app.tasks.items() if name.startswith(("leads.", "enrow_webhooks."))]
    assert tasks
    assert not [task.name for task in tasks if inspect.signature(task.run).parameters]
