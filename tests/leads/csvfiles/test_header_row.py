"""The header is found by its titles, wherever it stands in the first rows."""

from __future__ import annotations

import pytest

from leads.csvfiles.columns import HeaderError
from leads.csvfiles.header_row import HeaderRow, best, is_header
from tests.leads.csvfiles.reading import opened


def header(place, known, filled):
    return HeaderRow(cells=["x"] * filled, known=known, notes=place, below=place + 1)


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([(0, 1), (5, 7)], 1),  # notes
        ([(1, 1), (5, 7)], 1),  # a note that is a title by chance
        ([(2, 3), (5, 7)], 0),  # a small file to which another one was joined
        ([(2, 9), (8, 9)], 1),  # "Filtered by: name, e-mail …"
        ([(3, 40), (2, 2)], 0),  # many columns, few of them known
        ([(1, 1), (1, 1)], 0),
        ([(0, 3), (0, 5)], 0),  # nothing is known
    ],
)
def test_the_header_is_the_first_row_that_names_columns(rows, place):
    """Half of its titles are known, or none of the first rows has more."""
    assert best([header(place, *row) for place, row in enumerate(rows)]).notes == place


def test_a_header_anywhere_needs_two_titles():
    """A person called Name is none."""
    assert is_header(["name", "email", "", "x", "y"], 2)
    assert not is_header(["name"], 1)
    assert not is_header(["name", "email", "x", "y", "z"], 2)


def test_a_header_is_looked_for_in_the_first_rows_only():
    """What is below thirty rows is no header of the file."""
    assert opened("x\n" * 29 + "crm_id,name\n1,Ann\n").header == ["crm_id", "name"]
    assert opened("x\n" * 30 + "crm_id,name\n1,Ann\n").header == ["x"]


def test_a_header_of_several_lines_is_read():
    """Titles have line breaks in spreadsheets."""
    table = opened('crm_id,"name","mood\n(1 to 5)"\n1,Ann,5\n')
    assert table.header == ["crm_id", "name", "mood\n(1 to 5)"]
    assert list(table) == [(3, ["1", "Ann", "5"])]


def test_a_header_that_is_not_utf_8_is_told():
    """Its titles cannot be known, so the file is refused as a whole."""
    with pytest.raises(HeaderError, match="not UTF-8"):
        opened(b"crm_id,name,\xe9tat\n1,Ann,x\n")
