"""A database that refuses, and quotes the row: admin, commands, imports, log, error mail and reprs say none of it."""

from __future__ import annotations

import importlib
import inspect
import io
import logging
import logging.config
import pkgutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, IntegrityError, connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path, reverse

import enrow_webhooks
import leads
from enrow_webhooks.logs import quotes_rows
from enrow_webhooks.management.base import EnrowCommand
from leads.mapping import registry
from leads.models import Lead
from tests.commands import run

pytestmark = pytest.mark.django_db(transaction=True)

ROW = "Failing row contains (zora@quill.com, Zora Quill)"
TRACES = ("zora", "Zora", "quill", "Quill")


def assert_quiet(text: str) -> None:
    assert not [trace for trace in TRACES if trace in text], text


@pytest.fixture
def refusing(db):
    """The project's database takes no lead, and says which."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE leads_lead ADD CONSTRAINT no_such_name CHECK (lastname <> 'Quill')")
        else:
            for event in ("INSERT", "UPDATE"):
                cursor.execute(
                    f"CREATE TRIGGER no_{event} BEFORE {event} ON leads_lead WHEN NEW.lastname = 'Quill' BEGIN "
                    f"SELECT RAISE(ABORT, '{ROW}'); END"
                )
    yield
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE leads_lead DROP CONSTRAINT no_such_name")
        else:
            for event in ("INSERT", "UPDATE"):
                cursor.execute(f"DROP TRIGGER no_{event}")


# Where it happens.


@pytest.mark.parametrize("debug", [False, True])
def test_a_page_of_the_admin_says_kind_and_place(refusing, admin_client, settings, caplog, debug):
    """No debug page, no error mail, and nothing of what was typed; the rest of the site goes on."""
    settings.DEBUG = debug
    admin_client.raise_request_exception = False
    typed = {"crm_id": "17", "firstname": "Zora", "lastname": "Quill", "email": "zora@quill.com"}
    answer = admin_client.post(reverse("admin:leads_lead_add"), typed)
    assert (answer.status_code, b"IntegrityError" in answer.content) == (500, True), answer.content
    assert_quiet(answer.content.decode() + caplog.text)
    assert "IntegrityError" in caplog.text
    assert not Lead.objects.exists()


@pytest.mark.parametrize("options", [[], ["--save"]])
def test_an_import_says_kind_and_constraint(refusing, tmp_path, options):
    """The row is named by its line; the others come in."""
    file = tmp_path / "people.csv"
    file.write_text("crm_id,firstname,lastname\n1,Zora,Quill\n2,Ann,Lee\n")
    outcome = run("import_leads", str(file), *options)
    assert "Line 2: the database refuses it (IntegrityError" in outcome.err
    assert ("no_such_name" in outcome.err) == (connection.vendor == "postgresql")
    assert_quiet(outcome.out + outcome.err)
    assert Lead.objects.get().crm_id == "2"


class Failing(EnrowCommand):
    """A command whose database fails."""

    def handle(self, *args, **options):
        raise options["error"]


def test_a_command_says_kind_and_place_and_an_outage_in_full():
    """A trigger's words are anybody's; that a server is away is said."""
    for error, said in (
        (IntegrityError(ROW), "IntegrityError"),
        (DatabaseError(ROW), "DatabaseError"),
    ):
        with pytest.raises(CommandError, match=said) as caught:
            Failing().execute(error=error, force_color=False, no_color=False, skip_checks=True)
        assert caught.value.__suppress_context__
        assert_quiet(str(caught.value))


def test_a_table_that_is_missing_is_named_by_a_command():
    """As before the first migrate."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads_lead RENAME TO away")
    try:
        with pytest.raises(CommandError, match="The database did not do it: "):
            call_command("export_leads", "-", stdout=io.StringIO())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO leads_lead")


# What others log and mail.


def fail(request):
    """Be a view of the project."""
    raise IntegrityError(ROW)


def fail_elsewhere(request):
    raise ValueError("of the project itself")


urlpatterns = [path("fail/", fail), path("elsewhere/", fail_elsewhere), path("ok/", lambda request: HttpResponse())]


@pytest.fixture
def mailing(settings):
    """The demo's logging, and somebody who gets its mails."""
    settings.ROOT_URLCONF, settings.ADMINS = __name__, [("Eve", "eve@example.com")]
    before = {
        name: (list(one.handlers), one.level)
        for name in ("", "django", "django.server")
        if (one := logging.getLogger(name))
    }
    logging.config.dictConfig(settings.LOGGING)
    yield Client(raise_request_exception=False)
    for name, (handlers, level) in before.items():
        logging.getLogger(name).handlers = handlers
        logging.getLogger(name).setLevel(level)


# What Django 5.2 wants here, 6.1 says will go.
@pytest.mark.filterwarnings("ignore:Django 2028 will not have a default mailer")
@pytest.mark.filterwarnings("ignore:Using .name, address. pairs in the ADMINS setting")
def test_an_error_mail_quotes_no_row_and_nothing_that_was_typed(mailing, capsys):
    """Django's mail has the traceback, the variables and the request; of a failing database it has kind and place."""
    assert mailing.post("/fail/", {"name": "Zora Quill"}).status_code == 500
    (told,) = mail.outbox
    whole = told.subject + told.body + str(told.alternatives) + capsys.readouterr().err
    assert_quiet(whole)
    assert "IntegrityError at journeys/test_quiet_errors.py" in whole
    assert mailing.post("/elsewhere/").status_code == 500
    assert "of the project itself" in mail.outbox[1].body


def test_what_led_to_an_error_and_our_own_code_count():
    """A project may wrap what a database said; and our frames hold leads."""
    with pytest.raises(ValueError, match="wrapped") as wrapped:
        raise ValueError("wrapped") from IntegrityError(ROW)
    assert quotes_rows(wrapped.value)
    with pytest.raises(CommandError) as caught:
        run_command_of_ours()
    assert quotes_rows(caught.value)
    assert not quotes_rows(ValueError("never raised"))


def run_command_of_ours() -> None:
    call_command("forget_lead", "nobody")


# Reprs.

# What has words, but none of people: settings, counts, names of columns and files, sentences of the doctor.
SHOWN = {
    *("Account", "Allowance", "Balance", "Bar", "Bill", "Column", "Counts", "Dates", "Decision", "EnrichmentRule"),
    *("Exported",),
    *("FileColumn", "Filter", "Finding", "Forecast", "Foreseen", "Grammar", "Header", "JobSums", "KindFacts", "Launch"),
    *("Line", "Merged", "Metrics", "Mode", "Order", "Parameter", "Place", "Preview", "Program", "Progress"),
    *("Reconciliation", "Replayed", "Rows", "Run", "Sender", "Stored", "Swept", "Target", "Traces", "Turn", "Viewer"),
    *("WrittenAgain", "_Known", "_Path", "_Taken"),
}
# Ids and states.
SAFE = {
    "pk",
    "job",
    "job_id",
    "outcome",
    "reason",
    "fingerprint",
    "model",
    "status",
    "verdict",
    "type",
    "ids",
    "cost",
    "row",
}
SAFE |= {"field", "reference", "hits", "index", "is_verbatim"}


def carriers() -> Iterator[tuple[type, list[str]]]:
    """Yield each class of values, with its fields."""
    for package in (leads, enrow_webhooks):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not {"sandbox", "testing", "migrations", "prometheus", "django_tasks"} & set(module.name.split(".")):
                for one in vars(importlib.import_module(module.name)).values():
                    if inspect.isclass(one) and one.__module__ == module.name:
                        if is_dataclass(one):
                            yield one, [field.name for field in fields(one)]
                        elif hasattr(one, "_fields"):
                            yield one, list(one._fields)


def filled(one: type, names: list[str]) -> object:
    values = {name: f"Zora-{name}" for name in names} | {
        name: value for name, value in (("model", Lead), ("mapping", registry.of(Lead))) if name in names
    }
    if hasattr(one, "_make"):
        return one(**values)
    value = object.__new__(one)
    for name in names:
        object.__setattr__(value, name, values[name])
    return value


def test_no_repr_shows_a_person():
    """Trackers and debug pages collect the variables of every frame; a new class hides its fields, or is named here."""
    shown = {
        one.__name__: told
        for one, names in carriers()
        if one.__name__ not in SHOWN
        and (told := [name for name in names if name not in SAFE and f"Zora-{name}" in repr(filled(one, names))])
    }
    assert not shown
    assert len(list(carriers())) > 80
