"""The schema is complete without a decorator, warns of nothing, and makes a client that works."""

from __future__ import annotations

import base64
import importlib
import os
import subprocess
import sys
from pathlib import Path

import drf_spectacular
import pytest
import yaml
from django.urls import reverse

from tests.conftest import finish
from tests.docs.pages import ROOT
from tests.leads.api.client import ALL, user
from tests.leads.api.test_base import WAYS

pytestmark = pytest.mark.slow

COMMITTED = ROOT / "docs/openapi.yaml"
# How the file is made again.
MAKE = "python manage.py spectacular --settings tests.api_host.ours --fail-on-warn --validate --file docs/openapi.yaml"


def spectacular(settings, file):
    """Let drf-spectacular's own command write the schema; a warning fails."""
    words = ["spectacular", "--settings", settings, "--fail-on-warn", "--validate", "--file", str(file)]
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:leads", "manage.py", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stdout + done.stderr
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_the_committed_schema_is_the_one_of_the_code(tmp_path):
    """docs/openapi.yaml is what a program was made from: a change of it is a change of the changelog."""
    spectacular("tests.api_host.ours", tmp_path / "schema.yaml")
    assert (tmp_path / "schema.yaml").read_text(encoding="utf-8") == COMMITTED.read_text(encoding="utf-8"), MAKE


def test_beside_an_api_of_the_host_nothing_warns(tmp_path):
    """Its serializers and choices have names like ours; its operations stay as they are."""
    schema = spectacular("tests.api_host.settings", tmp_path / "schema.yaml")
    assert {"Run", "EnrowRun"} <= set(schema["components"]["schemas"])
    committed = yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))
    assert {path: schema["paths"][path] for path in committed["paths"]} == committed["paths"]


def test_every_operation_says_what_it_takes_and_answers():
    """Each of the addresses, with a name, a sentence, a body where one is read, and its errors."""
    schema = yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))
    told = {(method.upper(), path): one for path, methods in schema["paths"].items() for method, one in methods.items()}
    assert len(told) == len(WAYS)
    assert len({one["operationId"] for one in told.values()}) == len(told)
    for (method, path), one in told.items():
        assert one["description"], path
        assert {} not in one["security"], path
        assert {"400", "401", "403", "404", "429"} <= set(one["responses"]), path
        (promised,) = set(one["responses"]) & {"200", "202"}
        assert "$ref" in one["responses"][promised]["content"]["application/json"]["schema"], path
        assert ("requestBody" in one) == (method == "POST" and {"413", "415"} <= set(one["responses"])), path


WITHOUT = """
import sys
sys.modules["drf_spectacular"] = None
import django
django.setup()
from django.urls import reverse
from leads.api import openapi
print(openapi.SCHEMA, reverse("leads_api:runs"))
"""


def test_without_the_extra_the_api_is_there():
    """It only describes itself to nobody."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["None", "/api/leads/runs/"], done.stderr


@pytest.fixture
def reference(settings):
    """The host of these tests, in this process."""
    settings.ROOT_URLCONF = "tests.api_host.urls"
    # Its app, which this process has not, brings a template.
    (templates,) = settings.TEMPLATES
    settings.TEMPLATES = [templates | {"DIRS": [Path(drf_spectacular.__file__).parent / "templates"]}]


@pytest.mark.django_db
def test_the_reference_shows_our_operations_alone(reference, client):
    """One path() brings the page and the schema that it reads."""
    page = client.get("/api/leads/reference/")
    assert reverse("leads_reference:schema") in page.content.decode()
    schema = yaml.safe_load(client.get("/api/leads/reference/schema/").content)
    assert set(schema["paths"]) == set(yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))["paths"])


@pytest.fixture
def generated(tmp_path, monkeypatch):
    """The client that openapi-python-client makes of the committed schema."""
    folder = tmp_path / "enrow_api"
    words = ["generate", "--path", str(COMMITTED), "--meta", "none", "--output-path", str(folder), "--fail-on-warning"]
    subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *words],
        check=True, capture_output=True, text=True, timeout=100, cwd=tmp_path,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("enrow_api")
    for name in [name for name in sys.modules if name.partition(".")[0] == "enrow_api"]:
        del sys.modules[name]


@pytest.mark.django_db(transaction=True)
def test_a_generated_client_asks_for_a_run_and_watches_it(generated, site, live_server, make_leads):
    """Over HTTP, with the types that the schema promises: estimate, run, progress, searches, credits."""
    api = lambda name: importlib.import_module(f"enrow_api.api.enrow.{name}")  # noqa: E731 - short in a test
    models = importlib.import_module("enrow_api.models")
    make_leads(3)
    user("ann", *ALL)
    basic = base64.b64encode(b"ann:secret").decode()
    with generated.AuthenticatedClient(live_server.url, token=basic, prefix="Basic") as client:
        ask = {"model": "leads.lead", "find": ["email"], "all_": True}
        foreseen = api("enrow_estimate").sync(client=client, body=models.EnrowEstimateRequest(**ask))
        assert (foreseen.worst_case, foreseen.counts[0].searched) == ("3.00", 3)
        body = models.EnrowRunRequest(**ask, max_credits=10)
        run = api("enrow_runs_create").sync(client=client, body=body, idempotency_key="order-1")
        again = api("enrow_runs_create").sync_detailed(client=client, body=body, idempotency_key="order-1")
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.parsed.id == run.id
        finish(site)
        progress = api("enrow_runs_progress").sync(run.id, client=client)
        assert (progress.is_over, progress.found, progress.spent) == (True, 3, "3.00")
        searches = api("enrow_runs_searches").sync(run.id, client=client, limit=200)
        assert [search.outcome for search in searches.results] == ["found"] * 3
        assert api("enrow_jobs_list").sync(client=client, run=run.id).results[0].found == 3
        assert api("enrow_credits_get").sync(client=client).today.spent == "3.00"
