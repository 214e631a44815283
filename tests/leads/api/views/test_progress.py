"""How far a run is: two queries, an ETag, and when to ask again."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIRequestFactory, force_authenticate

from leads.api.views.progress import ProgressView
from leads.models import EnrichmentRun, SearchJob
from tests.conftest import finish
from tests.leads.api.client import ALL, program, told, user

pytestmark = pytest.mark.django_db
BODY = {"model": "leads.lead", "find": ["email"], "max_credits": "10", "all": True}


@pytest.fixture
def ann(db):
    return program(*ALL)


@pytest.fixture
def run(ann, make_leads, sandbox):
    make_leads(2)
    return told(ann.post("runs/", BODY), 202)["id"]


def test_nothing_new_is_told_without_a_body(ann, run, sandbox):
    """304, until something changed; then what changed, with another ETag."""
    first = ann.get(f"runs/{run}/progress/")
    assert (told(first)["state"], first["Retry-After"]) == ("planning", "2")
    same = ann.get(f"runs/{run}/progress/", **{"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content, same["ETag"], same["Retry-After"]) == (304, b"", first["ETag"], "2")
    finish(sandbox)
    changed = ann.get(f"runs/{run}/progress/", **{"If-None-Match": first["ETag"]})
    assert told(changed)["found"] == 2
    assert changed["ETag"] != first["ETag"]
    assert not changed.has_header("Retry-After")
    assert "private" in changed["Cache-Control"]


def test_waiting_longer_is_nothing_new(ann, run):
    """The seconds in the words for a person count on."""
    told_etags = set()
    for seconds in (10, 20):
        EnrichmentRun.objects.update(next_plan_at=timezone.now() - dt.timedelta(seconds=seconds))
        answer = ann.get(f"runs/{run}/progress/")
        assert told(answer)["waits_for"].endswith(f"{seconds} s")
        assert told(answer)["waits_on"] == "worker"
        told_etags.add(answer["ETag"])
    assert len(told_etags) == 1


def test_a_later_try_is_nothing_new_until_its_reason_is_another(ann, run):
    """The seconds in the middle of the words count down; what went wrong is told at once."""
    later, etags = timezone.now() + dt.timedelta(minutes=10), []
    EnrichmentRun.objects.update(state="running", planned_at=timezone.now())
    for seconds, reason in ((0, "No answer."), (60, "No answer."), (60, "Too many requests.")):
        SearchJob.objects.all().delete()
        SearchJob.objects.create(
            pk=run, run=run, kind="find_email", requested=1, last_error=reason,
            next_check_at=later - dt.timedelta(seconds=seconds),
        )  # fmt: skip
        answer = ann.get(f"runs/{run}/progress/")
        assert told(answer)["waits_for"].endswith(f" s: {reason}")
        etags.append(answer["ETag"])
    assert etags[0] == etags[1] != etags[2]


def test_what_waits_for_a_person_is_asked_for_seldom(ann, run):
    """Paused, and held."""
    told(ann.post(f"runs/{run}/pause/"))
    assert ann.get(f"runs/{run}/progress/")["Retry-After"] == "30"


def test_it_costs_two_queries(run, sandbox):
    """Beside those of the host's authentication and permissions, whose answers Django keeps for a user."""
    finish(sandbox)
    asking = user("ann2", *ALL)
    EnrichmentRun.objects.update(requested_by="ann2")
    asking.has_perm("leads.spend_credits")
    request = APIRequestFactory().get("/")
    force_authenticate(request, asking)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = ProgressView.as_view()(request, pk=run)
    assert response.status_code == 200
    assert len(queries) == 2, queries.captured_queries


def test_nobody_else_is_told(run):
    """Not who is not logged in, nor who asked for nothing."""
    request = APIRequestFactory().get("/")
    request.user = AnonymousUser()
    assert ProgressView.as_view()(request, pk=run).status_code in {401, 403}
    told(program(*ALL, name="bob").get(f"runs/{run}/progress/"), 404)
