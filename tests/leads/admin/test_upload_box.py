"""What the page of an import says in each state."""

from __future__ import annotations

import pytest

from leads.admin import upload_box
from leads.csvfiles.fields import mapping_of_lead
from leads.models import FileImport, FileNote
from tests.leads.uploads.files import upload

pytestmark = pytest.mark.django_db
COUNTS = {"created": 2, "bad": 1, "updated": 0}


def box(**values):
    file = FileImport(size=10, **values)
    return upload_box.box(file, mapping_of_lead(), form=None, url="/p/", refused_url="/r/", list_url="/leads/")


@pytest.mark.parametrize(
    ("values", "sentence", "bar"),
    [
        ({"state": "checking", "read": 5, "rows": 3}, "3 rows were looked at. Nothing is imported", (5, 10)),
        ({"state": "ready", "rows_in_file": 3, "rows": 3}, "3 rows were looked at. Nothing is imported", (3, 3)),
        ({"state": "importing", "rows_in_file": 3, "rows": 1}, "1 of 3 rows are done.", (1, 3)),
        ({"state": "finished", "rows_in_file": 3, "rows": 3}, "3 of 3 rows are done.", (3, 3)),
        ({"state": "failed"}, "Nothing was imported.", (0, 10)),
        ({"state": "cancelled", "rows_in_file": 3, "rows": 2}, "2 rows were done before it ended.", (2, 3)),
    ],
)
def test_each_state_says_how_far_it_is(values, sentence, bar):
    """The bar moves while bytes are read, and then by rows."""
    shown = box(**values)
    assert sentence in shown
    assert f'<progress max="{bar[1]}" value="{bar[0]}"' in shown
    assert ("data-open" in shown) == (values["state"] in FileImport.WORKING)
    assert ('href="/leads/"' in shown) == (values["state"] == "finished")


def test_what_is_only_checked_is_said_to_come():
    """And what is imported, to be there; a count of nothing is not shown."""
    assert "Will be new leads" in box(state="ready", counts=COUNTS)
    shown = box(state="finished", counts=COUNTS)
    assert "Will be" not in shown
    assert "<td>2</td>" in shown
    assert "Updated" not in shown


def test_all_notes_are_sent_page_by_page(monkeypatch):
    """Those that came in, too; nothing begins a formula."""
    monkeypatch.setattr(upload_box, "_PAGE", 2)
    file = upload("crm_id\n1\n")
    FileNote.objects.bulk_create(
        FileNote(file=file, line=line, is_refused=line != 2, sentence="=x") for line in range(1, 4)
    )
    sent = "".join(upload_box.note_lines(file)).splitlines()
    assert sent[1:] == ["1,refused,'=x", '2,"imported, with a remark",\'=x', "3,refused,'=x"]
