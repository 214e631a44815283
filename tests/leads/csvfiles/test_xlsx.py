"""A workbook comes in as it is shown; what is none, or a bomb, is one sentence."""

from __future__ import annotations

import datetime as dt
import importlib
import io
import re
import tracemalloc
import zipfile

import pytest
from openpyxl import Workbook

from leads.csvfiles import xlsx
from leads.csvfiles.columns import HeaderError
from leads.csvfiles.xlsx import text_of
from tests.leads.csvfiles.reading import opened

HEADER = ["crm_id", "name", "email"]


def workbook(*sheets):
    """Return the bytes of a workbook; a sheet is a name and its rows."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(content, name, change):
    """Return the archive with one of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part == name else old.read(part))
    return out.getvalue()


def archive(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
USUAL = workbook(("People", [HEADER, [1, "Ann", None], [2, "Bob", "b@x.com"]]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (17.0, "17"),
        (15705550100, "15705550100"),
        (1.5705550100e10, "15705550100"),
        (123456789012345678, "123456789012345678"),
        (1.2345678901234568e17, "1.23456789012346E+17"),
        (0.1 + 0.2, "0.3"),
        (-2.5, "-2.5"),
        (True, "True"),
        (dt.datetime.fromisoformat("2026-11-12"), "2026-11-12"),
        (dt.datetime.fromisoformat("2026-11-12T09:30"), "2026-11-12 09:30:00"),
        (dt.time(9, 30), "09:30:00"),
        ("=001", "=001"),
        ("a_x000D_\nb", "a\r\nb"),
        (None, ""),
    ],
)
def test_a_value_is_written_as_a_spreadsheet_shows_it(value, text):
    """Whole numbers without a point; one that a spreadsheet has rounded is seen to be so."""
    assert text_of(value) == text


def test_cells_come_in_by_row_and_column():
    """Numbers, dates, blank cells, line breaks, a gap of rows; the rows have the sheet's numbers."""
    rows = [
        HEADER,
        ["001", "Ann", None],
        [],
        [17.0, "two\nlines", dt.datetime.fromisoformat("2026-01-02")],
        [None, None, None],
    ]
    table = opened(workbook(("People", rows)))
    assert (table.header, table.unit) == (HEADER, "Row")
    assert list(table) == [(2, ["001", "Ann", ""]), (4, ["17", "two\nlines", "2026-01-02"])]
    assert table.told == []


def test_a_pipe_is_read_too():
    """An archive is read from its end, so it is kept in a temporary file."""

    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    table = xlsx.sheets(Pipe(USUAL), b"")
    assert [cells for _, cells in table[0].rows] == [HEADER, ["1", "Ann"], ["2", "Bob", "b@x.com"]]


def test_the_first_sheet_that_names_columns_is_read():
    """Read-me sheets, blank ones and notes above the header are passed over and told."""
    content = workbook(("Blank", []), ("Read me", [["How to use this"]]), ("P", [["Notes"], HEADER, [1, "Ann"]]))
    table = opened(content)
    assert list(table) == [(3, ["1", "Ann", ""])]
    assert table.told == ["Sheet 'P' was read, 2 others were not.", "1 rows above the header were passed over."]


def test_a_formula_without_a_value_refuses_its_row():
    """Programs that do not calculate leave the value out; a blank cell would be a guess."""
    found = dict(opened(workbook(("People", [HEADER, [1, "=A2&A2", "x"], [2, "Bob", ""]]))))
    assert found.pop(2).startswith("the formula in column 2 has no value")
    assert found == {3: ["2", "Bob", ""]}


def test_the_value_of_a_formula_is_the_one_that_was_stored():
    """Also a blank text, which is a value."""
    content = workbook(("People", [HEADER, [1, "=A2&A2", "=A2"]]))
    for cell, value in ((b"B2", b"<v>11</v>"), (b"C2", b"<v></v>")):
        found = cell + b'" t="str"><f>A2'
        content = changed(content, SHEET, lambda xml, c=cell, f=found: xml.replace(c + b'"><f>A2', f))
        content = changed(content, SHEET, lambda xml, f=found, v=value: _with_value(xml, f, v))
    assert list(opened(content)) == [(2, ["1", "11", ""])]


def _with_value(xml, found, value):
    before, mark, behind = xml.partition(found)
    assert mark
    return before + mark + behind.replace(b"<v />", value, 1).replace(b"<v></v>", value, 1).replace(b"<v/>", value, 1)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (archive("xl/workbook.bin", "xl/x"), "a binary workbook"),
        (archive("mimetype", "content.xml"), "OpenDocument"),
        (archive("Index/Document.iwa"), "Apple Numbers"),
        (archive("people.csv"), "a zip archive without a workbook"),
        (archive(), "a zip archive without a workbook"),
        (archive("xl/workbook.xml"), "The workbook cannot be read"),
        (USUAL[: len(USUAL) // 2], "The workbook cannot be read"),
        (workbook(("People", [])), "The workbook is empty"),
    ],
)
def test_what_is_no_workbook_is_one_sentence(content, sentence):
    """It says what the file is, and what to do."""
    with pytest.raises(HeaderError) as error:
        opened(content)
    assert sentence in str(error.value)


def test_a_missing_extra_is_told(monkeypatch):
    """With the line to type."""

    def gone(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", gone)
    with pytest.raises(HeaderError, match=r"pip install 'django-enrow\[xlsx\]'"):
        opened(USUAL)


@pytest.mark.parametrize("limits", [{"_MOST_OF_OTHERS": 10}, {"_MOST_OF_OTHERS": 10_000, "_MOST_TIMES": 20}])
def test_what_would_unpack_to_gigabytes_is_not_unpacked(monkeypatch, limits):
    """The sizes stand in the archive, and no more than them is unpacked."""
    content = changed(USUAL, SHEET, lambda xml: xml.replace(b"</sheetData>", b"</sheetData>" + b" " * 100_000))
    assert opened(content)
    for name, limit in limits.items():
        monkeypatch.setattr(xlsx, name, limit)
    with pytest.raises(HeaderError, match="too large when unpacked"):
        opened(content)


def test_a_row_that_is_too_large_ends_the_file(monkeypatch):
    """What stood above it was read; one sentence says where it ended."""
    monkeypatch.setattr(xlsx, "_MOST_OF_ROW", 1 << 17)
    bomb = b'<row r="4">' + b"<c/>" * 100_000 + b"</row></sheetData>"
    found = dict(opened(changed(USUAL, SHEET, lambda xml: xml.replace(b"</sheetData>", bomb))))
    assert found[2] == ["1", "Ann", ""]
    assert max(found) == 4
    assert found[4].startswith("the workbook is damaged or too large from here on")


@pytest.mark.parametrize("has_size", [True, False])
def test_memory_does_not_grow_with_the_sheet(has_size):
    """Also where a sheet does not say its size, as streaming writers leave it."""

    def peak(count):
        content = workbook(("People", [HEADER, *([number, "Ann", "a@x.com"] for number in range(count))]))
        if not has_size:
            content = changed(content, SHEET, lambda xml: re.sub(rb"<dimension[^>]*>", b"", xml))
        tracemalloc.start()
        try:
            assert sum(1 for _ in opened(content)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(4000) < peak(1000) * 1.5


def test_a_bomb_of_entities_is_refused():
    """With defusedxml, which the extra brings, the library expands none."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><worksheet'
    content = changed(USUAL, SHEET, lambda xml: xml.replace(b"<worksheet", bomb, 1))
    with pytest.raises(HeaderError):
        opened(content)


def test_a_cell_far_to_the_right_costs_its_row_only():
    """A sheet has 16,384 columns; a thousand are read."""
    far = b'<c r="XFD3"><v>7</v></c></row></sheetData>'
    content = changed(USUAL, SHEET, lambda xml: xml.replace(b"</row></sheetData>", far))
    assert dict(opened(content)) == {2: ["1", "Ann", ""], 3: "it has 1025 cells, the header has 3."}
