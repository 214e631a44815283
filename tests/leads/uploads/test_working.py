"""Uploaded files are checked and imported by workers, each row once, whoever dies over them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError
from django.utils import timezone

from leads.csvfiles import importing
from leads.models import FileImport, FileNote, FilePart, Lead
from leads.uploads import parts, working
from tests.crm.models import Contact
from tests.leads.csvfiles.test_xlsx import workbook
from tests.leads.uploads.files import Killed, confirm, fresh, upload

pytestmark = pytest.mark.django_db

# No crm_id and nothing that tells who it is: imported twice, each row would be there twice.
NAMELESS = "fullname\nAnn\nBob\nCem\nDee\nEve\n"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    """Two rows in a batch."""
    monkeypatch.setattr(importing, "BATCH", 2)


def kill_in(monkeypatch, number):
    """Let the worker die while it writes its batch of this number."""
    write, written = importing._write, []

    def die(target, mode, batch):
        done = write(target, mode, batch)
        written.append(batch)
        if len(written) == number:
            raise Killed
        return done

    monkeypatch.setattr(importing, "_write", die)
    return lambda: monkeypatch.setattr(importing, "_write", write)


def time_passes():
    """Let every lease run out."""
    FileImport.objects.update(next_work_at=timezone.now() - dt.timedelta(seconds=1))


def test_a_file_is_checked_first_and_nothing_is_written():
    """Columns, the first rows as they will be, and each row that will be refused with its reason."""
    file = upload("crm_id,name,e-mail,mood\n1,Ann,a@x.com,good\n1,Bob,b@x.com,bad\n2,Cem,c@x.com,\n")

    assert working.work_next()

    file = fresh(file)
    assert (file.state, file.rows, file.rows_in_file) == ("ready", 3, 3)
    assert (file.counts["created"], file.counts["bad"]) == (2, 1)
    assert file.preview["titles"] == ["crm_id", "name", "e-mail", "mood"]
    assert file.preview["columns"]["email"] == ["e-mail"]
    assert file.preview["first_rows"][0] == {"crm_id": "1", "fullname": "Ann", "email": "a@x.com"}
    assert FileNote.objects.get().sentence == "Line 3: crm_id '1' stands in line 2 already."
    assert not Lead.objects.exists()
    assert not working.work_next()


def test_a_confirmed_file_is_imported_and_its_bytes_go():
    """The numbers and the refused rows stay for a day; the file and its first rows do not."""
    file = upload("crm_id,name\n1,Ann\n1,Bob\n2,Cem\n")
    working.work_next()
    confirm(file)

    assert working.work_next()

    file = fresh(file)
    assert (file.state, file.rows, file.counts["created"], file.counts["bad"]) == ("finished", 3, 2, 1)
    assert FileNote.objects.filter(is_refused=True).count() == 1
    assert sorted(Lead.objects.values_list("fullname", flat=True)) == ["Ann", "Cem"]
    assert (file.preview, FilePart.objects.count()) == ({"titles": ["crm_id", "name"]}, 0)


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_worker_that_is_killed_leaves_whole_batches_and_the_next_goes_on(monkeypatch, batch):
    """Nobody is there twice, nobody is missing, and what was refused is told once."""
    file = upload("fullname\nAnn\nB\0b\nCem\nD\0e\nEve\n")
    working.work_next()
    confirm(file)
    revive = kill_in(monkeypatch, batch)
    with pytest.raises(Killed):
        working.work_next()
    assert Lead.objects.count() == batch - 1, "one row of each batch is refused"
    revive()
    assert not working.work_next(), "the lease of the dead worker still runs"

    time_passes()
    assert working.work_next()

    file = fresh(file)
    assert sorted(Lead.objects.values_list("fullname", flat=True)) == ["Ann", "Cem", "Eve"]
    assert (file.state, file.rows, file.counts["created"], file.counts["bad"]) == ("finished", 5, 3, 2)
    assert list(FileNote.objects.order_by("line").values_list("line", flat=True)) == [3, 5]


def test_who_stood_above_the_place_is_still_known_below_it(monkeypatch):
    """A crm_id that comes again is refused also by the worker that did not write the first one."""
    file = upload("crm_id,name\n1,Ann\n2,Bob\n1,Cem\n3,Dee\n")
    working.work_next()
    confirm(file)
    revive = kill_in(monkeypatch, 2)
    with pytest.raises(Killed):
        working.work_next()
    revive()
    time_passes()
    working.work_next()

    assert FileNote.objects.get().sentence == "Line 4: crm_id '1' stands in line 2 already."
    assert fresh(file).counts["kept"] == 0


def test_a_worker_that_lost_its_file_writes_nothing_more(monkeypatch):
    """A person cancels, or the lease ran out and another worker took it: the batch is rolled back."""
    file = upload(NAMELESS)
    working.work_next()
    confirm(file)
    write = importing._write

    def lose(target, mode, batch):
        if Lead.objects.count() == 2:
            # Noticed at the next batch: this one holds the row's lock already.
            FileImport.objects.filter(pk=file.pk).update(state="cancelled")
        return write(target, mode, batch)

    monkeypatch.setattr(importing, "_write", lose)
    working.work_next()

    assert Lead.objects.count() == 4
    assert fresh(file).state == "cancelled"


def test_a_file_over_which_every_worker_dies_is_given_up(monkeypatch):
    """It does not take down one worker after the other for ever."""
    file = upload(NAMELESS)
    for _ in range(5):
        revive = kill_in(monkeypatch, 1)
        with pytest.raises(Killed):
            working.work_next()
        revive()
        time_passes()

    assert working.work_next()

    assert (fresh(file).state, fresh(file).note) == ("failed", "No worker gets through this file.")
    assert not FilePart.objects.exists()


def test_a_failure_is_told_and_tried_again(monkeypatch):
    """A database that is away for a moment costs no file."""
    file = upload(NAMELESS)
    monkeypatch.setattr(importing, "_write", lambda *_: {}[0])
    assert working.work_next()
    assert fresh(file).note.startswith("It failed, and is tried again: KeyError")
    monkeypatch.undo()
    time_passes()
    working.work_next()
    assert (fresh(file).state, fresh(file).note) == ("ready", "")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04 no archive", "The workbook cannot be read"),
        (b"%PDF-1.7", "The file is a PDF"),
        (b"\x00\x01\x02\x03", "The file is not UTF-8 text"),
    ],
)
def test_what_is_no_table_is_told_in_a_sentence(content, told):
    """A corrupt file ends here; nothing of it is kept."""
    file = upload(content)
    working.work_next()
    assert fresh(file).state == "failed"
    assert fresh(file).note.startswith(told)
    assert not FilePart.objects.exists()


def test_columns_that_nobody_understands_wait_for_a_person():
    """The titles are there to choose from."""
    file = upload("Nom d'usage;Adresse\nAnn;a@x.com\n")
    working.work_next()
    assert (fresh(file).state, fresh(file).preview["columns"]) == ("ready", {})
    assert "No column is a field of a lead" in fresh(file).note
    FileImport.objects.decide(fresh(file), "checking", chosen=["Nom d'usage=fullname", "Adresse=email"])
    working.work_next()
    assert fresh(file).counts["created"] == 1
    assert fresh(file).note == ""


def test_leads_of_any_mapped_model_come_in():
    """By the same code as the command: who is new and lacks what the table needs is refused."""
    file = upload("first name,last name,e-mail\nAnn,Lee,a@x.com\n,Low,b@x.com\n", model="crm.contact")
    working.work_next()
    confirm(file)
    working.work_next()
    assert Contact.objects.get().work_email == "a@x.com"
    assert "a new contact needs firstname" in FileNote.objects.get().sentence


def test_a_workbook_is_read_from_its_parts(monkeypatch):
    """An archive is read from its end: the parts are sought in."""
    monkeypatch.setattr(parts, "PART", 1000)
    file = upload(workbook(("People", [["crm_id", "name"], ["1", "Ann"], ["2", "Bob"]])))
    working.work_next()
    assert FilePart.objects.count() > 1
    confirm(file)
    working.work_next()
    assert sorted(Lead.objects.values_list("fullname", flat=True)) == ["Ann", "Bob"]


def test_of_a_batch_that_the_table_refuses_all_other_rows_come_in(monkeypatch):
    """Its halves are written in the same transaction, and the row that stands alone is named, once."""
    monkeypatch.setattr(importing, "BATCH", 5)
    file = upload(NAMELESS)
    working.work_next()
    confirm(file)
    write = importing._write

    def refuse(target, mode, batch):
        done = write(target, mode, batch)
        if "Dee" in batch.cells["fullname"]:
            raise IntegrityError("no Dee here\nDETAIL: hidden")
        return done

    monkeypatch.setattr(importing, "_write", refuse)
    working.work_next()

    assert sorted(Lead.objects.values_list("fullname", flat=True)) == ["Ann", "Bob", "Cem", "Eve"]
    assert (fresh(file).counts["created"], fresh(file).counts["bad"]) == (4, 1)
    assert FileNote.objects.get().sentence == "Line 5: the database refuses it (IntegrityError)."


def test_a_refused_row_is_kept_as_it_stands():
    """Also one with what no database holds; a row that comes in is not."""
    upload(b"crm_id,name\n1,Ann\n2,B\0b\n3,C\xffm\n")
    working.work_next()
    assert list(FileNote.objects.order_by("line").values_list("cells", flat=True)) == [
        r'["2", "B\u0000b"]',
        '["3", "C?m"]',
    ]
