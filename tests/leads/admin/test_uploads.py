"""The page of an import: what would become of a file, confirming, watching, and the refused rows, for nobody else."""

from __future__ import annotations

import csv
import io
import uuid

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.models import FileImport, FileNote, FilePart, Lead
from leads.uploads import working
from tests.leads.admin.test_files import send
from tests.leads.admin_pages import HOSTILE, list_page, login, row_page, said, text

pytestmark = pytest.mark.django_db

FILE = b"crm_id,name,e-mail,Nickname\n1,Ann,a@x.com,An\n1,Bob,b@x.com,Bo\n2,Cem,=cmd(),Ce\n"


@pytest.fixture
def ann():
    """Who may add leads, and has no other permission."""
    return login("add_lead")


def address(file, name):
    return reverse(f"admin:leads_fileimport_{name}", args=[file.pk])


def uploaded(client, content=FILE, **fields) -> FileImport:
    """Upload a file, and let a worker check it."""
    send(client, content, **fields)
    working.work_next()
    return FileImport.objects.latest("created_at")


def decide(client, file, decision, **fields):
    """Press a button of the page as it is shown."""
    shown = FileImport.objects.get(pk=file.pk)
    form = client.get(row_page(file)).context
    data = {"decide": decision, "seen": shown.claims}
    if form and form.get("form"):
        data |= {field.html_name: field.value() or "" for field, _ in form["form"].columns}
    return client.post(address(file, "decide"), data | fields)


def fresh(file):
    return FileImport.objects.get(pk=file.pk)


def refused(client, file):
    body = b"".join(client.get(address(file, "refused")).streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(body, newline="")))[1:]


def test_a_file_is_uploaded_looked_at_confirmed_and_imported(ann):
    """The whole way, with what is refused."""
    send(ann, FILE)
    file = FileImport.objects.get()
    assert "data-open" in text(ann.get(row_page(file)))

    working.work_next()
    shown = text(ann.get(row_page(file)))
    assert "3 rows were looked at. Nothing is imported yet." in shown
    assert "Line 3: crm_id &#x27;1&#x27; stands in line 2 already." in shown
    assert "<td>Ann</td>" in shown
    assert "data-open" not in shown
    assert not Lead.objects.exists()

    assert decide(ann, file, "import")["Location"] == row_page(file)
    assert "data-open" in text(ann.get(address(file, "progress")))
    working.work_next()
    shown = text(ann.get(address(file, "progress")))
    assert "3 of 3 rows are done." in shown
    assert "data-open" not in shown
    assert sorted(Lead.objects.values_list("crm_id", flat=True)) == ["1", "2"]
    told = ["3", "refused", "Line 3: crm_id '1' stands in line 2 already.", "1", "Bob", "b@x.com", "Bo"]
    assert refused(ann, file)[0] == told
    assert not FilePart.objects.exists()
    assert [entry.change_message for entry in LogEntry.objects.all()] == ["Import confirmed."]


def test_what_a_column_is_can_be_changed_and_is_checked_again(ann):
    """By the words of import_leads --map; the preview follows."""
    file = uploaded(ann)
    titles = fresh(file).preview["titles"]
    decide(ann, file, "check", **{f"column_{titles.index('Nickname')}": "firstname", "column_2": ""})
    assert fresh(file).state == "checking"
    working.work_next()
    assert fresh(file).chosen == ["crm_id=crm_id", "name=fullname", "e-mail=", "Nickname=firstname"]
    assert fresh(file).preview["first_rows"][0] == {"crm_id": "1", "fullname": "Ann", "firstname": "An"}
    decide(ann, file, "import")
    working.work_next()
    assert Lead.objects.values_list("firstname", "email").get(crm_id="1") == ("An", "")


def test_columns_that_were_changed_are_shown_before_they_are_imported(ann):
    """Import is pressed with another choice than that which was checked."""
    file = uploaded(ann)
    answer = ann.get(decide(ann, file, "import", column_3="firstname")["Location"])
    assert "nothing is imported yet" in said(answer)
    assert fresh(file).state == "checking"


def test_refused_rows_are_corrected_and_uploaded_again(ann):
    """What was added to them is no column of a lead."""
    file = uploaded(ann)
    decide(ann, file, "import")
    working.work_next()
    sent = b"".join(ann.get(address(file, "refused")).streaming_content)
    again = uploaded(ann, sent.replace(b",1,Bob", b",3,Bob"))
    assert fresh(again).preview["columns"] == file.preview["columns"]
    decide(ann, again, "import")
    working.work_next()
    assert Lead.objects.values_list("fullname", "email").get(crm_id="3") == ("Bob", "b@x.com")


@pytest.mark.parametrize("field", ["id", "updated_at", "password", "nonsense"])
def test_a_column_becomes_no_field_that_is_not_offered(ann, field):
    """Posted by hand."""
    file = uploaded(ann)
    decide(ann, file, "check", column_3=field)
    assert (fresh(file).state, fresh(file).chosen) == ("ready", [])


def test_of_two_tabs_only_what_was_shown_is_confirmed(ann):
    """The columns were changed in the other one."""
    file = uploaded(ann)
    seen = fresh(file).claims
    decide(ann, file, "check", column_3="firstname")
    working.work_next()
    answer = ann.get(decide(ann, file, "import", seen=seen)["Location"])
    assert "This changed meanwhile" in said(answer)
    assert fresh(file).state == "ready"


def test_a_file_without_a_known_column_cannot_be_imported(ann):
    """Import is off; a person says what the columns are."""
    file = uploaded(ann, b"Wer;Was\nAnn;x\n")
    shown = text(ann.get(row_page(file)))
    assert 'value="import" form="enrow-decide" class="button default" disabled' in shown
    assert "No column is a field of a lead" in shown
    decide(ann, file, "import")
    assert fresh(file).state == "ready"
    decide(ann, file, "check", column_0="fullname")
    working.work_next()
    assert fresh(file).counts["created"] == 1


@pytest.mark.parametrize("content", [b"PK\x03\x04 no archive", b"%PDF-1.7", b"\x00\xff\x00\xff"])
def test_what_is_no_table_ends_with_a_sentence(ann, content):
    """Neither a crash nor a page that asks for ever."""
    file = uploaded(ann, content)
    shown = text(ann.get(row_page(file)))
    assert fresh(file).note.split("(")[0].split("'")[0] in shown
    assert "data-open" not in shown


def test_a_file_is_cancelled_in_any_state(ann):
    """Its bytes go at once, and what was only checked is not told as imported."""
    file = uploaded(ann)
    decide(ann, file, "cancel")
    assert (fresh(file).state, fresh(file).note, fresh(file).counts) == ("cancelled", "Cancelled by ann.", {})
    assert not FilePart.objects.exists()
    assert "Nothing was imported." in text(ann.get(row_page(file)))
    assert "This changed meanwhile" in said(ann.get(decide(ann, file, "cancel")["Location"]))


def test_a_file_is_nobody_elses(ann):
    """Not the page, not its progress, not the refused rows, not a decision; also not for who may do everything."""
    file = uploaded(ann)
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"))
    for url in (row_page(file), address(file, "progress"), address(file, "refused")):
        assert boss.get(url).status_code == 404, url
    data = {"decide": "import", "seen": file.claims}
    assert boss.post(address(file, "decide"), data).status_code == 404
    assert str(file.pk) not in text(boss.get(list_page(FileImport)))
    assert Client().get(row_page(file)).status_code == 302
    assert fresh(file).state == "ready"


@pytest.mark.parametrize("key", [uuid.uuid4(), "1", "nonsense"])
def test_a_forged_id_is_no_file(ann, key):
    """404, and no error."""
    assert ann.get(f"{list_page(FileImport)}{key}/change/").status_code == 404


def test_who_lost_the_permission_imports_nothing_more(ann):
    """Asked again with each click."""
    file = uploaded(ann)
    User.objects.get(username="ann").user_permissions.set(Permission.objects.filter(codename="view_lead"))
    for name in ("progress", "refused"):
        assert ann.get(address(file, name)).status_code == 403
    assert ann.post(address(file, "decide"), {"decide": "import", "seen": file.claims}).status_code == 403
    assert ann.get(list_page(FileImport)).status_code == 403


def test_a_file_that_updates_is_confirmed_by_who_may_update():
    """The permission went while the file waited."""
    client = login("add_lead", "change_lead", "view_lead")
    file = uploaded(client, update="on")
    assert fresh(file).update
    user = User.objects.get(username="ann")
    user.user_permissions.remove(Permission.objects.get(codename="change_lead"))
    assert decide(client, file, "import").status_code == 403
    assert fresh(file).state == "ready"


def test_a_decision_is_posted_and_is_one_of_three(ann):
    """No link imports anything."""
    file = uploaded(ann)
    assert ann.get(address(file, "decide"), {"decide": "import"}).status_code == 403
    assert ann.post(address(file, "decide"), {"decide": "delete"}).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="ann"))
    assert strict.post(address(file, "decide"), {"decide": "import", "seen": file.claims}).status_code == 403


def test_what_stands_in_a_file_is_no_html_and_no_formula(ann):
    """On the page, and in the list of refused rows."""
    row = HOSTILE.encode().replace(b'"', b"'")
    file = uploaded(ann, b"name,e-mail," + row + b"\n" + row + b",x,1\n\0" + row + b",x,1\n")
    FileNote.objects.create(file=file, line=1, is_refused=True, sentence="=1+1")
    assert "<script>alert" not in text(ann.get(row_page(file)))
    assert "'=1+1" in [reason for _, _, reason, *_ in refused(ann, file)]


def test_a_dead_worker_is_told_in_words_for_who_looks(ann):
    """Within seconds."""
    send(ann, FILE)
    file = FileImport.objects.get()
    assert "waiting for a worker" not in text(ann.get(row_page(file)))
    FileImport.objects.update(next_work_at=timezone.now() - timezone.timedelta(seconds=10))
    assert "It has been waiting for a worker since" in text(ann.get(row_page(file)))


def test_the_list_moves_and_has_no_query_per_row(ann):
    """Open rows are looked at again."""
    send(ann, FILE)
    ann.get(list_page(FileImport))
    with CaptureQueriesContext(connection) as one:
        assert "data-open" in text(ann.get(list_page(FileImport)))
    for _ in range(3):
        send(ann, FILE)
    with CaptureQueriesContext(connection) as four:
        ann.get(list_page(FileImport))
    assert len(one) == len(four)


def test_the_page_asks_no_query_per_refused_row(ann):
    """Only the first are named there."""
    file = uploaded(ann)
    with CaptureQueriesContext(connection) as few:
        ann.get(address(file, "progress"))
    FileNote.objects.bulk_create(FileNote(file=file, line=n, is_refused=True, sentence=f"n{n}") for n in range(50))
    with CaptureQueriesContext(connection) as many:
        assert "Only the first are shown." in text(ann.get(address(file, "progress")))
    assert len(few) == len(many)
