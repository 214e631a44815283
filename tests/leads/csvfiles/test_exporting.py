"""A file goes out as it can come back."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from leads.csvfiles import exporting
from leads.csvfiles.exporting import export_leads
from leads.csvfiles.guards import guarded, unguarded
from leads.csvfiles.importing import import_leads
from leads.models import Lead
from tests.commands import run
from tests.leads.csvfiles.tables import STRANGE, table

pytestmark = pytest.mark.django_db

_BOOKKEEPING = {"id", "created_at", "updated_at"}


def facts():
    """Return every lead without what the database keeps for itself."""
    rows = Lead.objects.order_by("crm_id").values()
    return [{key: value for key, value in row.items() if key not in _BOOKKEEPING} for row in rows]


def test_an_export_shows_how_far_it_is(csv_file):
    """The watcher hears the number of leads after each page, the last one with all of them."""
    import_leads(table(4500))
    heard = []

    assert export_leads(io.StringIO(), watch=heard.append).total == 4500
    assert heard == [2000, 4000, 4500]


def test_a_file_comes_back_as_it_went_out(csv_file, tmp_path):
    """import(export(x)) == x for every field, formulas and line breaks among them; twice, and with --update too."""
    now = timezone.now()
    Lead.objects.bulk_create(
        Lead(
            crm_id=f"id-{number}",
            fullname=text,
            company_name=text,
            # A phone that can be dialled has one form, see test_forms.py.
            phone="" if text == "'+33199001234" else text[:32],
            phone_country="FR",
            email="a@x.com",
            email_status="valid",
            email_checked_at=now,
        )
        for number, text in enumerate(STRANGE)
    )
    before = facts()
    path = tmp_path / "out.csv"

    assert run("export_leads", path).out.startswith(f"Wrote {len(STRANGE)} leads to {path}.\n")
    assert run("import_leads", path, update=True).code == 0
    assert facts() == before
    Lead.objects.all().delete()
    assert run("import_leads", path).code == 0
    assert facts() == before


# Texts of what spreadsheets run, of what separates cells, and of what stands in front of both.
TRICKY = st.text(alphabet="=+-@＝'\" ,;\t\r\nab1", max_size=12)


@given(TRICKY)
def test_what_is_guarded_runs_nowhere_and_comes_back(text):
    """Whichever sign separates the cells where the file is opened; one that is guarded twice comes back twice."""
    once = guarded(text)
    assert unguarded(once) == text
    assert unguarded(unguarded(guarded(once))) == text
    if once != text or not re.fullmatch(r"\+\d+", text):
        for piece in re.split(r"[,;\t\r\n]", once):
            assert piece.lstrip(' "')[:1] not in set("=+-@＝") or piece == ""


@pytest.mark.parametrize("separator", [",", ";", "\t", "\n"])
def test_a_formula_behind_a_separator_is_guarded(separator):
    """Excel splits at the sign of the country it runs in."""
    assert guarded(f"a{separator}=1+1") == f"a{separator}'=1+1"
    assert guarded(f'a{separator}"=1+1"') == f'a{separator}\'"=1+1"'
    assert guarded(f"a{separator}b=1") == f"a{separator}b=1"


@given(st.lists(st.tuples(TRICKY, TRICKY), min_size=1, max_size=5))
def test_any_texts_come_back_from_csv(rows):
    """What the module csv writes of guarded cells, it reads as the same texts, without the guards."""
    file = io.StringIO()
    csv.writer(file).writerows([list(map(guarded, row)) for row in rows])
    file.seek(0)
    assert [tuple(map(unguarded, row)) for row in csv.reader(file)] == rows


def test_the_command_says_how_many_cells_are_guarded(tmp_path):
    """And that reading the file takes the apostrophes away."""
    Lead.objects.create(crm_id="1", fullname="=1", company_name="a;=1", phone="+33199001234")
    outcome = run("export_leads", tmp_path / "out.csv")
    assert "\n2 cells look like formulas and got an apostrophe" in outcome.out
    assert "import_leads takes it away again.\n" in outcome.out
    assert "'=1,,a;'=1," not in outcome.out
    assert ",'=1,a;'=1,," in (tmp_path / "out.csv").read_text()


def test_where_filters_an_export(tmp_path):
    """With the conditions of enrich_leads, and a sentence for a wrong one."""
    Lead.objects.create(crm_id="1", company_domain="a.com")
    Lead.objects.create(crm_id="2", company_domain="b.org")
    path = tmp_path / "out.csv"
    assert run("export_leads", path, where=["company_domain__endswith=.com"]).out == f"Wrote 1 leads to {path}.\n"
    wrong = run("export_leads", path, where=["domain=x"])
    assert (wrong.code, "no field 'domain'" in wrong.err) == (2, True)


def test_a_workbook_holds_the_same_texts(tmp_path):
    """No formula, no number, no date; control characters, which it cannot hold, are left out."""
    openpyxl = pytest.importorskip("openpyxl")
    now = timezone.now()
    for number, text in enumerate([*STRANGE, "00123", "#DIV/0!", "1\x0b2"]):
        Lead.objects.create(crm_id=f"id-{number:02}", fullname=text, email_checked_at=now)
    path = tmp_path / "out.XLSX"

    assert run("export_leads", path).out.startswith(f"Wrote {len(STRANGE) + 3} leads to {path}.\n")

    book = openpyxl.load_workbook(path, read_only=True)
    header, *rows = book.active.iter_rows(values_only=True)
    book.close()
    assert header[:4] == ("crm_id", "firstname", "lastname", "fullname")
    texts = [text.replace("\r\n", "\n").replace("\x0b", "") for text in [*STRANGE, "00123", "#DIV/0!", "1\x0b2"]]
    assert [unguarded(row[3]).replace("\r\n", "\n").replace("_x000D_", "") for row in rows] == texts
    assert {type(cell) for row in rows for cell in row} == {str, type(None)}
    cells = [cell for row in openpyxl.load_workbook(path).active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}


def test_a_workbook_needs_its_extra(tmp_path, monkeypatch):
    """One sentence with what to install."""
    monkeypatch.setattr(exporting, "Workbook", None)
    outcome = run("export_leads", tmp_path / "out.xlsx")
    assert (outcome.code, "django-enrow[xlsx]" in outcome.err) == (2, True)


def test_a_sheet_that_is_too_small_is_told_before(tmp_path, monkeypatch):
    """A sheet ends at a row; the file is not begun."""
    monkeypatch.setattr("leads.management.commands.export_leads.MOST_ROWS", 1)
    Lead.objects.bulk_create(Lead(crm_id=str(number)) for number in range(2))
    outcome = run("export_leads", tmp_path / "out.xlsx")
    assert (outcome.code, "2 leads do not fit into one sheet" in outcome.err) == (2, True)
    assert not (tmp_path / "out.xlsx").exists()
