"""The documentation, followed word for word: every block pasted, every line typed, in a project that is new."""

from __future__ import annotations

import http.server
import importlib.util
import json
import re
import threading
import zlib

import pytest

from tests import services
from tests.docs.pages import blocks
from tests.docs.projects import OPTIONAL, adopt, paste_the_own_table, project

__all__ = ["project"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

# What a reader of the tutorial may expect of the project at its end.
TUTORIAL_IS_TRUE = """
import gc
from celery.app.utils import find_app
from celery.signals import worker_process_init
from django.contrib import admin
from django.urls import reverse
from leads.mapping import registry
from leads.models import Lead
from yourproject import celery_app

assert find_app("yourproject") is celery_app
assert reverse("enrow_webhooks:webhook", args=["token"]) == "/webhooks/enrow/token/"
assert Lead.objects.get(crm_id="crm-1").email_status == "valid"
assert Lead.objects.get(crm_id="crm-2").email_status == "not_found"
from crm.models import Contact
assert registry.of(Contact).crm_id_prefix == "contact-"
from django.contrib.auth.models import User
from django.test import RequestFactory
request = RequestFactory().get("/")
request.user = User(is_superuser=True, is_active=True)
assert {"find_email", "forget"} <= set(admin.site.get_model_admin(Contact).get_actions(request))
celery_app.loader.import_default_modules()
assert {entry["task"] for entry in celery_app.conf.beat_schedule.values()} <= set(celery_app.tasks)
before = gc.get_threshold()
worker_process_init.send(sender=None)
assert gc.get_threshold() > before
"""
LOG_A_TOKEN = """
import logging
from enrow_webhooks.inbox.addresses import sign

token = sign("0d2b4b1e-0000-4000-8000-000000000000")
for name in ("django.server", "some.library"):
    logging.getLogger(name).warning("POST /webhooks/enrow/%s/ of %s", token, name)
    try:
        raise ValueError(f"/webhooks/enrow/{token}/")
    except ValueError:
        logging.getLogger(name).exception("failed")
"""
REPORT_ERRORS = """
import sentry_sdk

url = "https://crm.example.com/webhooks/enrow/the-token/"
for more in ({}, {"type": "transaction", "transaction": "a view"}):
    sentry_sdk.capture_event({"message": "hidden", "request": {"url": url}, **more})
    sentry_sdk.capture_event({"message": "shown", "request": {"url": "https://crm.example.com/"}, **more})


def fail():
    lead = "ann@" + "example.com"
    raise ValueError("with a lead at hand")


try:
    fail()
except ValueError:
    sentry_sdk.capture_exception()
from django.db import IntegrityError

try:
    raise IntegrityError("Failing row contains (ann@" + "example.com)")
except IntegrityError:
    sentry_sdk.capture_exception()
assert sentry_sdk.get_client().options["max_request_body_size"] == "never"
sentry_sdk.flush(10)
"""
HOOKS_ARE_TRUE = """
import time

from auditlog.models import LogEntry
from django.core.cache import cache

from crm.models import Contact
from leads import forgetting
from leads.enrichment import enrich
from leads.models import LeadSearch, SearchJob
from leads.upkeep.sweep import sweep

bob = Contact.objects.create(name="Bob Somebody", website="firm.com")
cache.set(f"contact-card-{bob.pk}", "Bob")
run = enrich(Contact.objects.filter(pk=bob.pk), find={"email"})
deadline = time.monotonic() + 60
while LeadSearch.objects.pending().exists():
    assert time.monotonic() < deadline, list(SearchJob.objects.values_list("state", "last_error"))
    sweep()
    time.sleep(0.2)
bob.refresh_from_db()
assert bob.work_email == "bob.somebody@firm.com"
job = run.jobs().get()
first = bob.history.first()
assert (first.work_email, first.history_change_reason) == (bob.work_email, f"Enrow search job {job.pk}")
entry = LogEntry.objects.get_for_object(bob).first()
assert (entry.changes, entry.additional_data) == ({"work_email": ["", bob.work_email]}, {"search_job": str(job.pk)})
assert cache.get(f"contact-card-{bob.pk}") is None

forgetting.forget([f"contact-{bob.pk}"])
assert Contact.objects.get(pk=bob.pk).work_email is None
assert not Contact.history.filter(id=bob.pk).exists()
assert not LogEntry.objects.get_for_object(bob).exists()
assert not LeadSearch.objects.exclude(value="").exists()
"""


def codes(said):
    """Return the ids of the complaints of ``manage.py check``."""
    return set(re.findall(r"enrow\.(\w+)", said))


README_PEOPLE = """
from crm.models import Company, Contact

acme = Company.objects.create(name="Acme", website="firm.com")
Contact.objects.create(given_name="Ann", family_name="Somebody", employer=acme)
"""


def test_the_readme(project):
    """Ten lines search a table that the project has already."""
    adopt(project)
    paste_the_own_table(project, mapped=False)
    new = ["python manage.py makemigrations crm --verbosity 0", "python manage.py migrate --verbosity 0"]
    project.type(["export ENROW_API_KEY=sandbox", *new])
    # No site runs here: results are fetched.
    project.environment["ENROW_WEBHOOK_ORIGIN"] = ""
    project.shell(README_PEOPLE)
    project.play(blocks("README.md"))

    project.shell("from crm.models import Contact\nassert Contact.objects.get().work_email == 'ann.somebody@firm.com'")


def test_the_tutorial(project):
    """From ``pip install`` to an own lead model: every block works where it is pasted, every line as it is typed."""
    project.play(blocks("docs/tutorial.md"))

    # What a new project still lacks at that point: Celery, and SQLite's options. The sandbox's line names an address.
    checks = [said for line, said in project.said.items() if "manage.py check" in line]
    assert list(map(codes, checks)) == [{"W004", "W006"}, {"W006"}]
    dry = [said for line, said in project.said.items() if "--dry-run" in line]
    assert len(dry) == 2
    assert all("Dry run: nothing was written, nothing was sent." in said for said in dry)
    project.shell(TUTORIAL_IS_TRUE)


def test_the_sandbox(project):
    """What the sandbox's page says to write and to run works in a new project."""
    adopt(project)
    project.play(blocks("docs/sandbox.md"))
    said = project.run(
        "manage.py", "shell", "--verbosity", "0", "-c", "from django.conf import settings as s; print(s.ENROW)"
    )
    assert "http://127.0.0.1:8787" in said


def test_security(project, tracker):
    """The log filter hides tokens; the error tracker is told nothing of webhooks, nor what variables hold."""
    adopt(project)
    project.play(blocks("docs/security.md"))
    said = project.shell(LOG_A_TOKEN)
    assert "0d2b4b1e" not in said
    assert said.count("/webhooks/enrow/[hidden]/") == 4, said

    if project.is_incomplete:
        reason = f"{OPTIONAL} is not installed: pip install -r requirements-dev.txt."
        (pytest.fail if services.IS_CI else pytest.skip)(reason)
    project.environment["SENTRY_DSN"] = tracker.dsn
    # Sentry reports the command line too, which would hold all of the code.
    (project.folder / "errors.txt").write_text(REPORT_ERRORS)
    project.shell("exec(open('errors.txt').read())")
    told = json.dumps(tracker.told)
    assert told.count("shown") == 2
    assert "with a lead at hand" in told
    assert "IntegrityError" in told
    assert not re.search("hidden|the-token|ann@example.com", told), told


def test_hooks(project, search_engine):
    """Audit trail, index and cache learn what was found; merging buys nothing again; forgetting leaves nothing."""
    missing = [name for name in ("simple_history", "auditlog") if importlib.util.find_spec(name) is None]
    if missing:
        reason = f"{missing} are not installed: pip install -r requirements-dev.txt."
        (pytest.fail if services.IS_CI else pytest.skip)(reason)
    adopt(project)
    project.environment["SEARCH_URL"] = search_engine.url
    project.type(["export ENROW_API_KEY=sandbox"])
    # No site runs here: results are fetched.
    project.environment["ENROW_WEBHOOK_ORIGIN"] = ""
    project.play(blocks("docs/hooks.md"))
    project.shell(HOOKS_ARE_TRUE)
    assert [document["email"] for document in search_engine.documents] == ["bob.somebody@firm.com"]


RUNS_ARE_TRUE = """
from leads.enrichment import Run
from leads.models import EnrichmentRun, Lead
from leads.upkeep.sweep import sweep

(row,) = EnrichmentRun.objects.all()
assert (row.requested_by, row.selected, row.planned) == ("ann", 1, 0)
run = Run.get(row.pk)
assert run.wait(timeout=60)
assert Lead.objects.get().email == "ann.somebody@firm.com"
sweep()
assert run.progress().state == "finished"

import crm.signals

Lead.objects.create(crm_id="b", firstname="Bob", lastname="Somebody", company_domain="firm.com")
sweep()
assert Run.get(EnrichmentRun.objects.get(via="batched").pk).wait(timeout=60)
assert Lead.objects.get(crm_id="b").email == "bob.somebody@firm.com"
"""


def begin_with_ann(project):
    """Take the first steps, with one lead; no site runs, so results are fetched."""
    adopt(project)
    project.type(["export ENROW_API_KEY=sandbox", "python manage.py migrate"])
    project.environment["ENROW_WEBHOOK_ORIGIN"] = ""
    project.shell(
        "from leads.models import Lead\n"
        'Lead.objects.create(crm_id="a", firstname="Ann", lastname="Somebody", company_domain="firm.com")'
    )


def test_runs(project):
    """A selection is stored, watched and enriched; the commands of the page list it."""
    begin_with_ann(project)
    project.play(blocks("docs/runs.md"))
    project.shell(RUNS_ARE_TRUE)


def test_testing(project):
    """The tests of the page pass, in pytest and in unittest; the plugin is found by its name, as no wheel is here."""
    adopt(project)
    paste_the_own_table(project)
    project.type(["python manage.py makemigrations crm --verbosity 0"])
    project.play(blocks("docs/testing.md"))

    (unittest,) = [said for line, said in project.said.items() if "manage.py test" in line]
    assert "Ran 1 test" in unittest
    plugin = ["-p", "leads.testing.pytest_plugin", "-p", "no:cacheprovider", "--strict-markers"]
    said = project.run("-m", "pytest", "--ds", "yourproject.settings", *plugin)
    assert "4 passed" in said


RULES_ARE_TRUE = """
from leads.models import EnrichmentRun, Lead
from leads.upkeep.sweep import sweep

assert not EnrichmentRun.objects.exists()
Lead.objects.create(crm_id="b", firstname="Bob", lastname="Somebody", company_domain="firm.com")
sweep()
assert Lead.objects.get(crm_id="b").email == ""
sweep()
run = EnrichmentRun.objects.get()
assert (run.requested_by, run.via, run.selected) == ("rule:new people", "rule", 1)
"""


def test_rules(project):
    """Both rules are switched on; who was there is not bought, and a new lead is."""
    begin_with_ann(project)
    project.play(blocks("docs/rules.md"))
    project.shell(RULES_ARE_TRUE)


@pytest.fixture
def search_engine():
    """A place that takes documents as Meilisearch does."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/indexes/contacts/documents"
            self.server.documents += json.loads(body)
            self.send_response(202)
            self.end_headers()

        def log_message(self, *args):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.documents = []
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def tracker():
    """A place that takes what Sentry's library sends."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Encoding"] == "gzip":
                body = zlib.decompress(body, wbits=31)
            self.server.told.append(body.decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.told = []
        server.dsn = f"http://key@127.0.0.1:{server.server_port}/1"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
