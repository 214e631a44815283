"""The header Idempotency-Key, also of twenty equal requests at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connections
from django.test import Client

from leads import idempotency
from leads.models import EnrichmentRun, IdempotencyKey, Lead
from tests.leads.api.client import ALL, Program, program, told, user

pytestmark = pytest.mark.django_db
BODY = {"model": "leads.lead", "find": ["email"], "max_credits": "10", "all": True}
KEY = {"Idempotency-Key": "order-1"}


@pytest.fixture
def ann(make_leads):
    make_leads(2)
    return program(*ALL)


def test_the_same_request_gets_the_first_answer(ann):
    """Status, headers and body; also when its leads are gone since. The answer says that it is a repeat."""
    first = ann.post("runs/", BODY, **KEY)
    Lead.objects.all().delete()
    EnrichmentRun.objects.update(state="running", planned=2)
    again = ann.post("runs/", BODY, **KEY)
    assert told(again, 202) == told(first, 202)
    assert (again["Location"], again["Retry-After"]) == (first["Location"], first["Retry-After"])
    assert (first.has_header("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (False, "true")
    assert EnrichmentRun.objects.count() == 1


def test_another_request_with_the_key_is_422(ann):
    """Another body, or another address."""
    told(ann.post("runs/", BODY, **KEY), 202)
    told(ann.post("runs/", BODY | {"max_credits": "11"}, **KEY), 422)
    told(ann.post("runs/?again=1", BODY, **KEY), 422)
    assert EnrichmentRun.objects.count() == 1


def test_the_key_of_one_user_is_nothing_to_another(ann):
    """Two programs count their orders from one."""
    first = told(ann.post("runs/", BODY, **KEY), 202)
    second = told(program(*ALL, name="bob").post("runs/", BODY, **KEY), 202)
    assert first["id"] != second["id"]


def test_a_request_that_fails_keeps_no_key(ann):
    """The program fixes its body and sends it with the same key."""
    told(ann.post("runs/", BODY | {"all": False, "crm_ids": ["nobody"]}, **KEY), 400)
    assert not IdempotencyKey.objects.exists()
    told(ann.post("runs/", BODY, **KEY), 202)


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 256, "é", "a\x00"])
def test_what_is_no_key_is_told_so(ann, key):
    """Nothing is asked for then."""
    told(ann.post("runs/", BODY, **{"Idempotency-Key": key}), 400)
    assert not EnrichmentRun.objects.exists()


def test_while_the_first_is_under_way_it_is_409(ann, monkeypatch):
    """With the time after which to ask again."""

    def under_way(*args):
        raise idempotency.UnderWay

    monkeypatch.setattr(idempotency, "once", under_way)
    answer = ann.post("runs/", BODY, **KEY)
    told(answer, 409)
    assert answer["Retry-After"] == "2"


@pytest.mark.django_db(transaction=True)
def test_twenty_equal_requests_at_once_make_one_run(make_leads):
    """Each is answered by the same run, or told to come again; on PostgreSQL and on SQLite."""
    make_leads(3)
    ann = user("ann", *ALL)
    ready, answers = threading.Barrier(20), []
    programs = [Program(ann) for _ in range(20)]

    def ask(one):
        ready.wait(30)
        answers.append(one.post("runs/", BODY, **KEY))
        connections.close_all()

    threads = [threading.Thread(target=ask, args=[one]) for one in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run = str(EnrichmentRun.objects.get().pk)
    statuses = {answer.status_code for answer in answers}
    assert len(answers) == 20
    assert 202 in statuses <= {202, 409}
    assert {told(answer, 202)["id"] for answer in answers if answer.status_code == 202} == {run}
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_process_that_dies_leaves_neither_run_nor_key(make_leads, monkeypatch):
    """The key is written in the transaction of the run: what breaks in between takes both away."""
    make_leads(1)
    client = Client(raise_request_exception=False)
    client.force_login(user("ann", *ALL))
    monkeypatch.setattr("leads.api.views.runs.SOON", object())
    one = Program()
    one.client = client
    assert one.post("runs/", BODY, **KEY).status_code == 500
    assert not EnrichmentRun.objects.exists()
    assert not IdempotencyKey.objects.exists()
