"""What people uploaded does not stay."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from leads.models import FileImport, FileNote, FilePart
from leads.upkeep.sweep import sweep
from leads.uploads import leftovers, working
from tests.leads.uploads.files import confirm, fresh, upload

pytestmark = pytest.mark.django_db
TWICE = "crm_id,name\n1,Ann\n1,Bob\n"


def in_(**time):
    return timezone.now() + dt.timedelta(**time)


def test_a_file_that_nobody_confirms_goes_after_a_day():
    """With its first rows and what would be refused; before, nothing goes."""
    file = upload(TWICE)
    working.work_next()
    leftovers.delete_old(now=in_(hours=23))
    assert (fresh(file).state, FilePart.objects.count(), FileNote.objects.count()) == ("ready", 1, 1)

    leftovers.delete_old(now=in_(hours=25))
    assert (fresh(file).state, fresh(file).preview, FilePart.objects.count()) == ("cancelled", {}, 0)
    leftovers.delete_old(now=in_(hours=50))
    assert not FileNote.objects.exists()


def test_what_was_refused_goes_a_day_after_the_import_and_the_numbers_later():
    """Who imported how many is remembered for a while."""
    file = upload(TWICE)
    working.work_next()
    confirm(file)
    working.work_next()
    leftovers.delete_old(now=in_(hours=23))
    assert FileNote.objects.count() == 1
    leftovers.delete_old(now=in_(hours=25))
    assert not FileNote.objects.exists()
    assert (fresh(file).counts["bad"], fresh(file).preview) == (1, {})
    leftovers.delete_old(now=in_(days=91))
    assert not FileImport.objects.exists()


def test_a_file_that_a_worker_is_at_is_left_to_it():
    """Also a large one, at night."""
    file = upload(TWICE)
    FileImport.objects.update(created_at=in_(days=-2))
    FileImport.objects.claim(file.pk, lease=dt.timedelta(minutes=1))
    leftovers.delete_old()
    assert (fresh(file).state, FilePart.objects.count()) == ("checking", 1)


def test_the_sweep_imports_and_deletes():
    """Without a broker, and where the message was lost."""
    old, new = upload(TWICE), upload(TWICE)
    FileImport.objects.filter(pk=old.pk).update(created_at=in_(days=-2), next_work_at=in_(hours=-1))
    sweep()
    assert (fresh(old).state, fresh(new).state) == ("cancelled", "ready")


def test_many_are_forgotten_at_once():
    """As many words as five hundred people have: what is told with one of them goes, and nothing else."""
    file = upload(TWICE)
    working.work_next()
    words = {f"word-{number}" for number in range(3500)} | {"Bo"}
    leftovers.forget(words)
    assert "Bob" in FileNote.objects.get().cells
    leftovers.forget(words | {"BOB"})
    assert not FileNote.objects.exists()
    assert fresh(file).preview["first_rows"]
    leftovers.forget({"ann"})
    assert fresh(file).preview["first_rows"] == []
