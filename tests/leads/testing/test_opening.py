"""A fake Enrow within the process: no thread, no sleep, no network; the same facts and chaos as over HTTP."""

from __future__ import annotations

import threading
import time

import pytest

from enrow_webhooks.client.http import EnrowClient
from enrow_webhooks.conf import enrow_settings
from leads.enrichment import enrich
from leads.models import LeadEnrichment, SearchJob
from leads.testing import opening
from leads.testing.guarding import RealEnrowError
from leads.testing.transport import Refused
from tests.crm.models import Contact

GOOD = "ann@acme.com"


@pytest.fixture
def known(enrow, contact):
    enrow.knows("Ann Lee", "acme.com", email=GOOD)
    return enrow


def test_no_thread_and_no_sleep(enrow, contact, contacts, monkeypatch):
    """Also where chaos is about time: whatever waits, only the sandbox's own clock moves."""

    def refuse(*args, **kwargs):
        raise AssertionError("this sleeps, or starts a thread")

    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(0) if not seconds else refuse())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(threading.Condition, "wait", refuse)
    enrow.knows("Ann Lee", "acme.com", email=GOOD)
    enrow.sandbox.configure(
        chaos="slow,late=0.5,slow-get,dripping-get,get-unavailable=0.5,throttle=0.3,duplicate", delay=3600, seed=4
    )
    enrich(contacts, find={"email"})
    enrow.run_all()
    assert contacts.get().work_email == GOOD


@pytest.mark.parametrize(
    "chaos",
    [
        "duplicate", "drop", "late", "reorder", "early", "slow", "lost-answer", "gateway", "unavailable=0.5",
        "throttle=0.5", "foreign-fields", "nested-phone", "get-unavailable=0.5", "get-gateway=0.5", "get-lost=0.5",
        "unknown-for-a-while", "slow-get", "dripping-get",
    ],
)  # fmt: skip
def test_every_chaos_works_within_the_process(known, contacts, chaos):
    """Whatever goes wrong, the result is written once, and paid once."""
    Contact.objects.create(given_name="Eve", family_name="Stone", employer=contacts.get().employer)
    known.sandbox.configure(chaos=chaos, seed=1)
    enrich(contacts, find={"email"})
    known.run_all()
    known.is_well()
    known.run_all()
    assert contacts.first().work_email == GOOD
    assert (len(known.bought), known.spent) == (2, 1)


def test_a_huge_answer_is_read_as_over_http(known, contacts):
    """Its megabytes are really there."""
    known.sandbox.configure(chaos="huge-answer", huge_megabytes=2, webhooks=[])
    with EnrowClient("key", base_url=enrow_settings.base_url) as client:
        assert client.account().credits == 1000
        response = client._session.get(enrow_settings.base_url + "/account/info", headers={"x-api-key": "key"})
    assert len(response.content) > 2 * 2**20


@pytest.mark.enrow(facts="find_price=3", credits=7)
def test_facts_and_settings_are_asked_for_by_the_marker(known, contacts):
    """The same words as everywhere."""
    assert known.balance == 7
    enrich(contacts, find={"email"})
    known.run_all()
    assert known.spent == 3


@pytest.mark.enrow(credits=1, chaos="drop")
class TestMarkers:
    """Of a class and a test."""

    @pytest.mark.enrow(credits=2)
    def test_the_nearest_marker_wins(self, enrow):
        """What it does not say, the other one says."""
        assert enrow.balance == 2
        assert set(enrow.sandbox.settings.chaos) == {"drop"}


def test_without_webhooks_results_are_fetched(known, contacts, settings):
    """A project that polls works in the same way."""
    settings.ENROW = {**settings.ENROW, "WEBHOOK_ORIGIN": ""}
    enrich(contacts, find={"email"})
    known.run_all()
    assert contacts.get().work_email == GOOD
    assert SearchJob.objects.get().result_via == "poll"


@pytest.mark.urls("tests.empty_urls")
def test_a_project_without_the_url_gets_no_events(settings):
    """Its results are fetched, because nothing of it could take an event."""
    assert opening.settings_for()["WEBHOOK_ORIGIN"] == ""


def test_code_that_waits_for_its_run_does_not_wait(known, contacts, monkeypatch):
    """Nobody else would deliver the event meanwhile; what is slow is given up when its time is over."""
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it sleeps") if seconds else None)
    assert enrich(contacts, find={"email"}).wait(timeout=60)
    assert contacts.get().work_email == GOOD

    known.is_slow()
    assert not enrich(contacts, find={"phone"}).wait(timeout=-1)


def test_what_would_meet_others_is_replaced_and_nothing_else(settings):
    """The project's prices and limits count in its tests; its key, its broker and its budget do not."""
    settings.ENROW = {
        "API_KEY": "real", "BASE_URL": "https://gateway.acme.com", "DAILY_CREDIT_LIMIT": 5, "TASK_BACKEND": "celery",
        "POST_BUDGET_STORAGE": "redis://prod", "WEBHOOK_SECRETS": ["own"],
    }  # fmt: skip
    now = opening.settings_for()
    assert (now["DAILY_CREDIT_LIMIT"], now["WEBHOOK_SECRETS"]) == (5, ["own"])
    assert now["API_KEY"] == "sandbox"
    assert now["BASE_URL"] == "https://enrow.test"
    assert (now["TASK_BACKEND"], now["POST_BUDGET_STORAGE"]) == ("none", "memory://")


def test_many_posts_wait_for_no_budget(known, contacts, settings):
    """A project's ten POSTs per second would make its tests sleep."""
    Contact.objects.bulk_create(Contact(given_name=f"P{n}", work_email=f"p{n}@acme.com") for n in range(30))
    settings.ENROW = {**settings.ENROW, "BATCH_SIZE": 1}
    enrich(contacts, verify=True)
    known.run_all()
    assert LeadEnrichment.objects.exclude(email_status="").count() == 30


@pytest.mark.urls("tests.leads.testing.deaf_urls")
def test_a_project_that_refuses_events_is_told(known, contacts):
    """Polling would hide it: here the test fails, and says what the project answered."""
    enrich(contacts, find={"email"})
    with pytest.raises(Refused, match="answered 403 to an event"):
        known.run_all()


@pytest.mark.urls("tests.leads.testing.deaf_urls")
def test_the_error_of_the_project_is_the_cause(known, contacts, monkeypatch):
    """A view or a middleware that fails is shown with its own traceback."""
    monkeypatch.setattr("tests.leads.testing.deaf_urls.ANSWER", None)
    enrich(contacts, find={"email"})
    with pytest.raises(Refused, match="answered 500") as caught:
        known.run_all()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_test_with_enrow_cannot_meet_the_real_one(db, settings):
    """Whoever asks, and however: not even code that takes its address from elsewhere."""
    settings.ENROW = opening.settings_for()
    with pytest.raises(AssertionError, match=r"api\.enrow\.io"), opening.in_process():  # noqa: SIM117 - one within the other
        with EnrowClient("real-key") as client, pytest.raises(RealEnrowError):
            client.account()
