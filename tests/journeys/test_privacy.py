"""No secret and no person in logs, errors, reprs, messages and debug pages: failures are provoked everywhere."""

from __future__ import annotations

import io
import json
import logging

import pytest
from celery import current_app
from django.db import DatabaseError, connection
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, include, path
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from enrow_webhooks.client.scrub import describe, scrub
from enrow_webhooks.client.values import Answer, FindEmail, FindPhone, Kind, Result, SearchStatus, Verdict, VerifyEmail
from enrow_webhooks.inbox import processing, storing
from enrow_webhooks.inbox.addresses import callback_url, sign
from enrow_webhooks.logs import RedactWebhookTokens
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.signals import event_received
from enrow_webhooks.tasks import process_events
from leads.enrichment import enrich
from leads.kinds import Candidate
from leads.mapping import Change, registry
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.outbox.batches import Wanted
from leads.outbox.planning import Page
from leads.outbox.purchases import Shared
from leads.results import waiting
from leads.results.matching import Sent, Settled
from leads.signals import values_written
from leads.tasks import submit_jobs, sweep_jobs
from leads.upkeep.run_forever import patrol
from leads.upkeep.sweep import sweep
from tests.commands import run
from tests.conftest import due_now, work
from tests.enrow_webhooks.support import Stranger, http

pytestmark = pytest.mark.django_db(transaction=True)

JOB = "5f0d3a43-6f5c-4f5c-9a64-0d7d1a8f5a11"
SECRET = "planted-shared-secret-of-good-length"
KEY = "planted-api-key-0001"
EMAIL, PHONE, NAME, CRM_ID = "planted.ann@firm0.com", "+33199005678", "Plantedann Somebody", "planted-crm-7"
PLANTED = [SECRET, KEY, EMAIL, PHONE, "Plantedann", CRM_ID]
BODY = json.dumps(
    {
        "event": "single_search_finished",
        "id": "e-1",
        "note": f"{NAME} {PHONE}",
        "result": {"email": EMAIL, "qualification": "valid", "custom": {"crm_id": CRM_ID}},
    }
)

# A project whose URL takes no token: Django's complaint quotes the signed reference.
urlpatterns = [path("hooks/", include(([path("<int:token>/", print, name="webhook")], "enrow_webhooks")))]


@pytest.fixture(autouse=True)
def settings_with_secrets(enrow, settings):
    enrow(API_KEY=KEY, WEBHOOK_SECRETS=[SECRET], WEBHOOK_ORIGIN="https://crm.example.com")
    return settings


@pytest.fixture
def said(caplog, monkeypatch):
    """Everything that any logger says, at DEBUG, with tracebacks; it is checked when the test is over.

    Without the demo project's filter, which would hide what the package's own lines must not have in the first place.
    """
    for handler in logging.getLogger().handlers:
        monkeypatch.setattr(handler, "filters", [])
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "celery", "django", "django.request", "django.db.backends", "enrow_webhooks"):
        caplog.set_level(logging.INFO if name == "django.db.backends" else logging.DEBUG, logger=name)
    yield caplog
    # By now caplog.text is that of the teardown.
    formatter = logging.Formatter("%(name)s %(message)s %(args)s")
    assert_clean("\n".join(map(formatter.format, caplog.get_records("call"))))


def assert_clean(text: str) -> None:
    found = [secret for secret in [*PLANTED, sign(JOB), sign(JOB).partition(".")[2]] if secret in text]
    assert not found, text


def deliver(body=BODY, token=None, **more):
    return Client(**more).post(f"/webhooks/enrow/{token or sign(JOB)}/", body, "application/json")


def raised(error: Exception) -> Exception:
    """The same error, as it is after it was raised and caught."""
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def errors() -> str:
    """Every ``last_error`` that an admin page or the doctor may show."""
    return json.dumps([list(model.objects.values_list("last_error")) for model in (SearchJob, WebhookEvent)])


@pytest.fixture
def planted_lead(db):
    return Lead.objects.create(
        crm_id=CRM_ID,
        firstname="Plantedann",
        lastname="Somebody",
        company_domain="firm0.com",
        linkedin_url="https://www.linkedin.com/in/plantedann-somebody/",
    )


@pytest.fixture
def lead_that_refuses(planted_lead):
    """The host's database refuses the value, and quotes the whole row in its error as PostgreSQL does."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE leads_lead ADD CONSTRAINT no_mail CHECK (email = '')")
        else:
            cursor.execute(
                "CREATE TRIGGER no_mail BEFORE UPDATE ON leads_lead WHEN NEW.email <> '' BEGIN "
                f"SELECT RAISE(ABORT, 'DETAIL: Failing row contains ({EMAIL}, {NAME})'); END"
            )
    yield planted_lead
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE leads_lead DROP CONSTRAINT no_mail")
        else:
            cursor.execute("DROP TRIGGER no_mail")


# The view.


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("body", "token", "status"),
    [
        (BODY, None, 200),
        ("{", None, 400),
        (BODY * 20_000, None, 413),
        (BODY, "wrong-" + SECRET, 404),
        (BODY, SECRET + "/more", 404),
        (BODY, SECRET, 200),
    ],
)
def test_no_answer_of_the_view_logs_its_path_or_body(said, settings, debug, body, token, status):
    """Django logs the path of every 4xx; the path of an event ends in the secret."""
    settings.DEBUG = debug
    answer = deliver(body, token)
    assert answer.status_code == status
    assert_clean(answer.content.decode().replace("wrong-" + SECRET, ""))


@pytest.mark.parametrize("debug", [False, True])
def test_a_failure_nobody_thought_of_shows_no_debug_page(said, settings, debug, monkeypatch):
    """Not even with DEBUG: its page would show the secret, the body and the variables."""
    settings.DEBUG = debug

    def fail(body, *, reference):
        raise RuntimeError(f"{body!r} {reference}")

    monkeypatch.setattr(storing, "store", fail)
    answer = deliver()
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/json")
    assert_clean(answer.content.decode())
    assert "RuntimeError at journeys/test_privacy.py" in said.text


def test_djangos_page_and_report_hide_key_and_secrets_of_the_settings(rf):
    """The settings are on every debug page of the project: the key and the secrets inside ENROW are starred."""
    request = rf.get("/admin/")
    error = raised(RuntimeError("somewhere else"))
    reporter = ExceptionReporter(request, type(error), error, error.__traceback__)
    assert_clean(reporter.get_traceback_html() + reporter.get_traceback_text())
    assert SafeExceptionReporterFilter().get_safe_settings()["ENROW"]["BASE_URL"]


@pytest.mark.parametrize("function", [storing.store])
def test_the_report_of_an_error_hides_the_body(rf, function, settings):
    """Error mails and trackers that follow Django's marks see no variable of the function that has the body."""
    settings.DEBUG = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE enrow_webhooks_webhookevent RENAME TO away")
    try:
        with pytest.raises(DatabaseError) as caught:
            function(BODY.encode(), reference=JOB)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO enrow_webhooks_webhookevent")
    error = caught.value
    frames = ExceptionReporter(rf.get("/"), type(error), error, error.__traceback__).get_traceback_frames()
    variables = [str(frame["vars"]) for frame in frames if frame["function"] == function.__name__]
    assert variables
    assert_clean("".join(variables))


# Processing.


def test_a_receiver_of_the_host_that_quotes_the_event_is_not_quoted(sandbox, said):
    """The row says what failed and where; the log has the way there; neither has the message."""

    def careless(sender, event, **kwargs):
        raise ValueError(f"{event.result.value} {NAME} {PHONE} {sign(JOB)}")

    deliver()
    event_received.connect(careless)
    try:
        processing.drain()
    finally:
        event_received.disconnect(careless)
    assert WebhookEvent.objects.get().last_error.startswith("ValueError at journeys/test_privacy.py:")
    assert "careless" in said.text


def test_a_row_that_the_database_refuses_is_not_quoted(site, said, lead_that_refuses):
    """By event, by polling, by the sweep, by a Celery task: logs and last_error name the constraint, never the row."""
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    work(site)
    job.refresh_from_db()
    # Alone in its job, it is marked where the error speaks of its values, and kept where anything else may be wrong.
    assert (job.state, job.written_at is None) == ("finished", job.refused == 0)
    for act in (processing.drain, sweep, waiting.write_waiting, process_events, sweep_jobs, submit_jobs):
        WebhookEvent.objects.update(next_attempt_at=job.created_at)
        act()
    assert "IntegrityError" in errors()
    assert_clean(errors().replace(CRM_ID, ""))  # it names the lead to fix
    outcome = run("enrow_sweep")
    told = outcome.out + outcome.err + run("enrow_doctor", "--json").out
    assert_clean(told.replace(CRM_ID, ""))
    if connection.vendor == "postgresql":
        assert "constraint no_mail" in errors()


def test_polling_into_a_database_that_refuses_keeps_other_jobs_and_quotes_nothing(sandbox, said, lead_that_refuses):
    """The sweep goes on with the other jobs, and Celery has no exception to log."""
    enrich(Lead.objects.all(), find={"email"})
    work(sandbox)
    due_now()
    assert sweep().jobs == 1
    assert "could not be written" in said.text or "their table refused 1 of 1 leads" in said.text
    assert_clean(errors().replace(CRM_ID, ""))  # it names the lead to fix


def test_a_task_that_fails_is_logged_without_arguments(said):
    """Messages carry nothing, so there is nothing that a worker could log or a broker could keep."""
    for task in (process_events, submit_jobs, sweep_jobs):
        message = task.s()
        assert (message.args, message.kwargs) == ((), {})
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE enrow_webhooks_webhookevent RENAME TO away")
    try:
        with pytest.raises(DatabaseError):
            process_events.apply(throw=True)
        process_events.apply()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO enrow_webhooks_webhookevent")
    assert current_app.conf.task_ignore_result


def test_a_failing_receiver_of_values_written_is_not_quoted(site, said, planted_lead):
    """Django would log the exception of the host's receiver, with whatever it quotes."""

    def careless(sender, job_id, **kwargs):
        raise ValueError(LeadSearch.objects.get(job_id=job_id).value + NAME + EMAIL)

    enrich(Lead.objects.all(), find={"email"})
    values_written.connect(careless)
    try:
        work(site)
    finally:
        values_written.disconnect(careless)
    assert "A receiver of values_written failed: ValueError at" in said.text


def test_a_sweep_whose_database_is_away_quotes_nothing(said):
    """The patrol logs each failed pass."""

    class Stop:
        passes = 0

        def is_set(self):
            self.passes += 1
            return self.passes > 1

        def wait(self, seconds):
            pass

    def fail():
        raise DatabaseError(f"DETAIL: Failing row contains ({EMAIL})")

    assert patrol(every=0, stop=Stop(), tell=print, one_pass=fail) == 1
    assert "The sweep could not reach the database" in said.text


# Towards Enrow.


@pytest.mark.parametrize("status", [400, 401, 402, 404, 422, 429, 500, 502])
@pytest.mark.parametrize("find", [{"email"}, {"phone"}])
def test_what_enrow_quotes_of_a_request_is_hidden(enrow, said, planted_lead, status, find):
    """An error text that echoes an address or a number reaches neither the job nor the log."""
    answer = json.dumps({"message": f"cannot search {EMAIL} {PHONE}"}).encode()
    with Stranger(http(status, answer, "Content-Type: application/json")) as stranger:
        enrow(BASE_URL=stranger.url)
        job = enrich(Lead.objects.all(), find=find).jobs().get()
        submission.submit(job.pk)
        assert stranger.requests
    assert_clean(errors())


def test_a_callback_url_that_cannot_be_built_is_not_quoted(said, settings, planted_lead):
    """Django's error quotes the arguments of the URL, among them the signed reference."""
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    settings.ROOT_URLCONF = __name__
    with pytest.raises(NoReverseMatch, match=r"with arguments"):
        submission.submit(job.pk)
    assert "NoReverseMatch" in errors()
    assert sign(str(job.pk)) not in errors()


def test_reprs_show_no_person():
    """Trackers collect the variables of every frame, by their repr."""
    values = [
        FindEmail(fullname=NAME, company_domain="firm0.com"),
        VerifyEmail(email=EMAIL),
        FindPhone(linkedin_url="https://x/plantedann", firstname="Plantedann", lastname="x"),
        Result(verdict=Verdict.FOUND, value=EMAIL, echo=VerifyEmail(email=EMAIL)),
        Answer(status=SearchStatus.COMPLETED, results=(Result(verdict=Verdict.FOUND, value=PHONE),)),
        processing.read(WebhookEvent(payload=BODY, reference="")),
        Candidate(1, CRM_ID, "Plantedann", "Somebody", NAME, "", "", "", "", EMAIL, "", PHONE),
        Sent(1, CRM_ID, None, EMAIL),
        Settled(1, "found", EMAIL, "FR"),
        Page(mapping=registry.of(Lead), rows=[(EMAIL,)], busy={}, left_out={EMAIL}),
        Change(model=Lead, key=CRM_ID, crm_id=CRM_ID, field="email", old=EMAIL, new=EMAIL),
        Wanted(CRM_ID, None, EMAIL, ""),
        Shared(CRM_ID, None, "found"),
        WebhookEvent(event="x", enrow_id="1", payload=BODY),
        LeadSearch(kind=Kind.FIND_EMAIL, value=EMAIL),
    ]
    for value in values:
        text = f"{value!r} {value}"
        assert not [secret for secret in (EMAIL, PHONE, "Plantedann", "plantedann") if secret in text], text


# The filter for the lines of others.


@pytest.fixture
def line():
    """A console as config/settings.py sets it up; returns what a record becomes there."""

    def write(message, *args, **extra):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.addFilter(RedactWebhookTokens())
        logger = logging.getLogger("a-web-server")
        logger.propagate = False
        logger.addHandler(handler)
        logger.error(message, *args, **extra)
        logger.removeHandler(handler)
        return stream.getvalue()

    return write


@pytest.mark.parametrize("prefix", ["/webhooks/enrow/", "/sub/webhooks/enrow/", "/hooks/"])
def test_the_filter_hides_tokens_of_access_logs(line, prefix):
    """A server's access line, as text or with arguments, wherever the URLs are mounted."""
    for token in (SECRET, sign(JOB)):
        for text in (line('"POST %s%s/ HTTP/1.1" %s 17', prefix, token, 200), line(f"POST {prefix}{token}/ 200")):
            assert_clean(text)
            assert "200" in text
            assert prefix in text


def test_the_filter_hides_what_stands_in_tracebacks_and_headers(line):
    """Tracebacks quote URLs and keys; other lines stay as they are."""
    assert_clean(line("It failed.", exc_info=raised(RuntimeError(f"POST {callback_url(JOB)} with {KEY}"))))
    assert_clean(line("x-api-key: %s", KEY))
    assert line("nothing %d%% special", 5) == "nothing 5% special\n"


def test_the_filter_keeps_the_request_out_of_error_mails():
    """Django's mail renders path and body of the request that a record carries."""
    for url, kept in ((f"/webhooks/enrow/{SECRET}/", False), ("/admin/", True)):
        record = logging.LogRecord("django.request", logging.ERROR, "", 0, "Internal Server Error: %s", (url,), None)
        record.request = RequestFactory().post(url)
        assert RedactWebhookTokens().filter(record)
        assert hasattr(record, "request") is kept
        assert_clean(record.getMessage())


# The words for a failure.


def test_describe_names_kind_and_place():
    """A person finds the place to fix without the values."""
    assert describe(raised(KeyError(EMAIL))).startswith("KeyError at journeys/test_privacy.py:")
    assert describe(KeyError(EMAIL)) == "KeyError"
    assert scrub(f"mail {EMAIL}, call {PHONE} or +33 1 99 00 56 78.") == "mail [hidden] call [hidden] or [hidden]."


def test_a_setting_that_is_missing_is_named(enrow):
    """What a person must fix is said in full, also where an event needs it."""
    deliver(json.dumps({"event": "bulk_search_finished", "id": "b-1"}), SECRET)
    enrow(API_KEY="")
    processing.drain()
    assert 'ENROW["API_KEY"] is blank' in WebhookEvent.objects.get().last_error
