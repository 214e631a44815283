"""Requests that nobody thought of, made of the schema: no 5xx, no write without permission, nothing of another's.

Some hundred in every run of the tests; thousands with ``API_CASES=1000``, which is for each operation and user.
"""

from __future__ import annotations

import base64
import os
from collections import Counter

import hypothesis
import pytest
import schemathesis
import yaml
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode

from leads.mapping import registry
from leads.models import EnrichmentRun, IdempotencyKey, Lead, LeadEnrichment, LeadSearch, SearchJob
from tests.conftest import finish
from tests.leads.api.client import Program, told, user
from tests.leads.api.test_openapi import COMMITTED
from tests.leads.api.test_teams import TEAM

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(3600)]

IS_LONG = "API_CASES" in os.environ
CASES = int(os.environ.get("API_CASES", "5"))
SCHEMA = schemathesis.openapi.from_dict(yaml.safe_load(COMMITTED.read_text(encoding="utf-8")))
OPERATIONS = [one.ok() for one in SCHEMA.get_all_operations()]
# The first is where Hypothesis begins.
OFTEN = st.sampled_from([True, True, False])
# Requests that were sent, by user and status: a test that reaches nothing proves nothing.
SENT = Counter()
CHECKED = CHECKS.get_by_names(["not_a_server_error", "status_code_conformance", "response_schema_conformance"])
READER = [name for name in TEAM if name.startswith("view")]
PEOPLE = {"stranger": None, "nobody": [], "reader": READER, "spender": list(TEAM)}
# What a run costs and says of leads; nothing of it may stand in an answer to the other team.
SECRETS = ("bob-0", "bob-1", "bob.", "Anybody")


@pytest.fixture
def app():
    """The site as a server calls it, in this process; the connection stays open, as for Django's own test client."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield get_wsgi_application()
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def world(make_leads, sandbox, monkeypatch):
    """Two teams with leads, runs and jobs in every state; who asks is of Ann's."""
    monkeypatch.setattr(
        type(registry.of(Lead)),
        "visible_to",
        lambda self, asking, leads: leads.filter(country_code="de" if asking.get_username() == "bob" else "fr"),
    )
    make_leads(3, prefix="ann", country_code="fr")
    make_leads(3, prefix="bob", country_code="de", lastname="Anybody")
    body = {"model": "leads.lead", "find": ["email"], "max_credits": "50", "all": True}
    ids = {}
    for name in ("spender", "bob"):
        asking = user(name, *TEAM)
        ids[name] = [told(Program(asking).post("runs/", body), 202)["id"]]
        finish(sandbox)
        run = ids[name][0]
        for state in ("held", "unconfirmed", "failed", "queued"):
            job = SearchJob.objects.create(
                run=run, kind="find_email", state=state, requested_by=name, requested=1, last_error=f"{name} said no"
            )
            LeadSearch.objects.create(
                job=job, model="leads.lead", crm_id=f"{'ann' if name == 'spender' else name}-{state}",
                kind="find_email", outcome="error", value=f"{name}.{state}@firm.com",
            )  # fmt: skip
        ids[name] += map(str, SearchJob.objects.filter(run=run).values_list("pk", flat=True))
    return ids


def rows():
    """Return all that a request could change."""
    models = (Lead, LeadSearch, SearchJob, EnrichmentRun, IdempotencyKey, LeadEnrichment)
    return [list(model.objects.order_by("pk").values_list()) for model in models]


def nearer(case, draw, ids):
    """Put what is there in place of some of what was made up: else nearly all requests end at their first word."""
    known = [*ids["spender"], *ids["bob"]]
    for name, words in (("id", known), ("model", ["leads.lead"]), ("crm_id", ["ann-0", "bob-0", "nobody"])):
        if name in (case.path_parameters or {}) and draw(OFTEN):
            case.path_parameters[name] = draw(st.sampled_from(words))
    if isinstance(case.body, dict) and "model" in case.body and draw(OFTEN):
        which = st.sampled_from(
            [{"crm_ids": ["ann-0"]}, {"crm_ids": ["bob-0"]}, {"all": True}, {"filter": {"crm_id": "bob-0"}}]
        )
        kept = {name: value for name, value in case.body.items() if name not in {"crm_ids", "all", "filter"}}
        case.body = kept | {"model": "leads.lead", "find": ["email"], "max_credits": "9"} | draw(which)


def ask(operation, person, world, app):
    """Send so many requests of one operation as one user; each is answered as the schema promises."""
    basic = base64.b64encode(f"{person}:secret".encode()).decode()
    headers = {} if person == "stranger" else {"Authorization": f"Basic {basic}"}

    # The long run tries others each time.
    @hypothesis.settings(
        max_examples=CASES, database=None, derandomize=not IS_LONG, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(st.data())
    def each(data):
        mode = data.draw(st.sampled_from(list(GenerationMode)))
        try:
            case = data.draw(operation.as_strategy(generation_mode=mode))
        except Unsatisfiable:
            # What takes no parameters has no wrong request.
            hypothesis.reject()
        nearer(case, data.draw, world)
        response = case.call(headers=headers, app=app)
        case.validate_response(response, checks=CHECKED)
        SENT[person, response.status_code] += 1
        said, asked_for = response.text, f"{case.body} {case.query} {case.path_parameters}"
        if person in {"stranger", "nobody"}:
            assert response.status_code >= 400 or said == '{"results":[]}'
        assert [word for word in (*SECRETS, *world["bob"]) if word in said and word not in asked_for] == []

    each()


@pytest.mark.parametrize("person", PEOPLE)
def test_any_request_is_answered_as_promised(world, person, app):
    """By its status, in its form; to who may not write nothing changes, and nobody sees or changes the other team."""
    if PEOPLE[person] is not None and person != "spender":
        user(person, *PEOPLE[person])
    before = rows()
    for operation in OPERATIONS:
        ask(operation, person, world, app)
    after = rows()
    if person != "spender":
        assert after == before
    of_bob = [[row for row in table if "bob" in str(row)] for table in (before[0], after[0])]
    assert of_bob[0] == of_bob[1]
    assert not LeadSearch.objects.filter(job__requested_by="spender", crm_id__startswith="bob").exists()
    assert set(EnrichmentRun.objects.values_list("requested_by", flat=True)) == {"spender", "bob"}
    print(person, {status: number for (who, status), number in sorted(SENT.items()) if who == person})
    reached = {status for (who, status) in SENT if who == person}
    assert (
        reached
        >= {"spender": {200, 202, 400, 404}, "reader": {200, 403, 404}, "stranger": {403}, "nobody": {403}}[person]
    )
