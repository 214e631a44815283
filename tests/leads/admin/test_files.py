"""Files come in and go out at the list of a mapped model, for those who may."""

from __future__ import annotations

import csv
import io

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.admin import columns, files
from leads.csvfiles import exporting
from leads.models import FileImport, FilePart, Lead
from tests.crm.lead_mapping import ContactMapping
from tests.crm.models import Agent, Contact
from tests.leads.admin_pages import list_page, login, said, text

pytestmark = pytest.mark.django_db


def page(name, model=Lead):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_enrow_{name}")


def send(client, content=b"crm_id\n1\n", *, model=Lead, name="leads.csv", **fields):
    return client.post(page("import", model), {"file": SimpleUploadedFile(name, content), **fields})


def exported(client, model=Lead, **query):
    answer = client.get(page("export", model), query)
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body, newline="")))


def test_an_upload_is_kept_in_rows_and_its_page_follows():
    """Nothing is read of it in the request."""
    client = login("add_lead", "view_lead")
    answer = send(client, b"anything", name="../of\x00 ann.csv")
    file = FileImport.objects.get()
    assert answer["Location"] == reverse("admin:leads_fileimport_change", args=[file.pk])
    assert (file.model, file.state, file.size, file.update) == ("leads.lead", "checking", 8, False)
    assert (file.user, file.requested_by) == (str(User.objects.get().pk), "ann")
    assert bytes(FilePart.objects.get().data) == b"anything"
    assert "/" not in file.name


def test_who_may_not_add_leads_uploads_none():
    """Neither page nor file nor button."""
    client = login("view_lead", "change_lead", "view_found_values")
    assert client.get(page("import")).status_code == 403
    assert send(client).status_code == 403
    assert page("import") not in text(client.get(list_page(Lead)))
    assert not FileImport.objects.exists()
    assert Client().get(page("import")).status_code == 302


def test_only_who_may_change_leads_updates_them():
    """The box is not there for others, and posting it by hand changes nothing."""
    client = login("add_lead", "view_lead")
    assert 'name="update"' not in text(client.get(page("import")))
    send(client, update="on")
    assert not FileImport.objects.get().update
    client.force_login(User.objects.create_superuser("boss"))
    send(client, update="on")
    assert FileImport.objects.filter(update=True).count() == 1


def test_who_sees_only_some_leads_updates_none(monkeypatch):
    """An import writes onto whoever it finds, also onto leads that the mapping hides from this user."""
    monkeypatch.setattr(ContactMapping, "visible_to", lambda self, user, leads: leads.filter(given_name="Ann"))
    client = login("add_contact", "view_contact", "change_contact")
    assert 'name="update"' not in text(client.get(page("import", Contact)))
    assert send(client, model=Contact).status_code == 302


def test_the_page_of_a_child_of_a_mapped_model_takes_no_files(admin_client):
    """They would become rows of the parent."""
    assert admin_client.get(page("import", Agent)).status_code == 403


@pytest.mark.parametrize(
    ("content", "most", "told"),
    [(b"", 10, "The submitted file is empty."), (b"crm_id\n123456", 10, "The file is larger than")],
)
def test_a_file_that_cannot_be_kept_is_refused_at_once(admin_client, monkeypatch, content, most, told):
    """Nothing of it is stored."""
    monkeypatch.setattr(columns, "MOST_BYTES", most)
    assert told in text(send(admin_client, content))
    assert not FileImport.objects.exists()


def test_nobody_fills_the_database_with_files(admin_client, monkeypatch):
    """Some may wait; of more, the user is told."""
    monkeypatch.setattr(files, "_MOST_OPEN", 1)
    send(admin_client)
    answer = admin_client.get(send(admin_client)["Location"])
    assert "Too many files of yours wait" in said(answer)
    assert FileImport.objects.count() == 1
    FileImport.objects.update(state="finished")
    send(admin_client)
    assert FileImport.objects.count() == 2


def test_an_export_is_what_the_filters_leave(admin_client, make_leads):
    """Found by the button of the list as it is shown; no spreadsheet runs a cell of it."""
    make_leads(3)
    Lead.objects.filter(crm_id="lead-1").update(company_name="=1+1", email_status="valid")
    shown = text(admin_client.get(list_page(Lead, email_status__exact="valid", p="1")))
    assert f'href="{page("export")}?email_status__exact=valid"' in shown
    rows = exported(admin_client, email_status__exact="valid")
    assert [(row["crm_id"], row["company_name"]) for row in rows] == [("lead-1", "'=1+1")]
    assert len(exported(admin_client)) == 3
    assert [entry.change_message for entry in LogEntry.objects.all()] == ["Exported.", "Exported."]


@pytest.mark.parametrize("permissions", [["view_lead"], ["view_found_values"], ["add_lead", "view_found_values"]])
def test_an_export_asks_for_the_leads_and_for_what_was_found(permissions):
    """Who may only look at one lead after the other takes no list away."""
    client = login(*permissions)
    assert client.get(page("export")).status_code == 403
    if "view_lead" in permissions:
        assert page("export") not in text(client.get(list_page(Lead)))


def test_an_export_has_nobody_whom_the_mapping_hides(monkeypatch):
    """Whatever the list shows."""
    Contact.objects.bulk_create(Contact(given_name=name) for name in ("Ann", "Bob"))
    monkeypatch.setattr(ContactMapping, "visible_to", lambda self, user, leads: leads.filter(given_name="Ann"))
    client = login("view_contact", "view_found_values")
    assert [row["firstname"] for row in exported(client, Contact)] == ["Ann"]


def test_an_export_of_the_page_of_a_child_names_the_rows_of_the_parent(admin_client):
    """Its keys are others."""
    Contact.objects.create(given_name="Zoe")
    agent = Agent.objects.create(given_name="Ann")
    assert [row["crm_id"] for row in exported(admin_client, Agent)] == [f"contact-{agent.contact_id}"]


def test_an_export_is_read_page_by_page(admin_client, make_leads, monkeypatch):
    """The answer begins before the last lead is read, and a page costs one query."""
    monkeypatch.setattr(exporting, "_PAGE", 2)
    make_leads(5)
    answer = admin_client.get(page("export"))
    with CaptureQueriesContext(connection) as queries:
        pages = list(answer.streaming_content)
    assert len(pages) == 2 + 3
    assert len(queries) <= 4


def test_a_filter_that_is_none_leads_back_to_the_list(admin_client):
    """As the list itself does."""
    answer = admin_client.get(page("export"), {"nonsense__x": "1"})
    assert answer["Location"] == f"{list_page(Lead)}?e=1"
