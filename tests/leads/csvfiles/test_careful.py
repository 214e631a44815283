"""No row swallows its neighbours, and no cell is half of one."""

from __future__ import annotations

import pytest

from tests.leads.csvfiles.reading import read, refused

HEADER = "crm_id,name,company\n"
# How each row comes in; a blank one stands for a sentence.
RIGHT = {
    "of several lines": ('1,"Ann\nLee",x\n2,Bob,y\n', {2: ["1", "Ann\nLee", "x"], 4: ["2", "Bob", "y"]}),
    "two of several lines": ('1,"Ann\nLee","x\ny"\n', {2: ["1", "Ann\nLee", "x\ny"]}),
    "in the first column": ('"1\n1",Ann,x\n', {2: ["1\n1", "Ann", "x"]}),
    "ends with a line end": ('1,"Ann\n",x\n2,Bob,y\n', {2: ["1", "Ann\n", "x"], 4: ["2", "Bob", "y"]}),
    "an address in the last column": (
        '1,Ann,"12 Main St\nParis, TX, USA"\n',
        {2: ["1", "Ann", "12 Main St\nParis, TX, USA"]},
    ),
    "cells are missing behind it": ('1,"Ann\nLee"\n2,Bob,y\n', {2: ["1", "Ann\nLee", ""], 4: ["2", "Bob", "y"]}),
    "blank cells behind it": ('1,"Ann\nLee",x,,\n', {2: ["1", "Ann\nLee", "x"]}),
    "quotes in it": ('1,"Ann ""A""\n""B"" Lee",x\n', {2: ["1", 'Ann "A"\n"B" Lee', "x"]}),
    "blank lines in it": ('1,"Ann\n\n,\nLee",x\n', {2: ["1", "Ann\n\n,\nLee", "x"]}),
}
WRONG = {
    "closed by the next quoted cell": ('1,"Ann,x\n2,Bob,y\n3,"Cy",z\n', {2}, {3, 4}),
    "closed by a blank quoted cell": ('1,"Ann,x\n2,"",y\n3,Cy,z\n', {2}, {3, 4}),
    "closed by a cell that begins with a line end": ('1,"Ann,x\n2,"\nBob",y\n', {2}, {3}),
    "closed by such a cell, and as long as the header": ('1,Ann,"x\n2,Bob,"\ny"\n', {2, 4}, set()),
    "in each row": ('1,"Ann,x\n2,"Bob,y\n3,"Cy,z\n4,Dee,x\n', {2, 3, 4}, {5}),
    "a stray quote in a cell": ('1,A"nn,x\n2,Bob,y\n', {2}, {3}),
    "a stray quote behind a cell": ('1,"Ann"n,x\n2,Bob,y\n', {2}, {3}),
    "a quote that closes what is not open": ('1,Ann",x\n2,Bob,y\n', {2}, {3}),
    "rows of their own could be in it": ('1,"Ann,x\n2,Bob,y\n3,Cy",z\n4,Dee,x\n', {2}, {5}),
    "two rows could be in it": ('1,"Ann,x\n2,Bob",y\n3,Cy,z\n', {2}, {4}),
    "its end was lost": ('1,"12 Main St\nsuite 5\nParis,x\n2,Bob,y\n', {2}, {5}),
    "its begin was lost": ('1,12 Main St\nsuite 5\nParis",x\n2,Bob,y\n', {2}, {5}),
    "its end was lost in the last column": ('1,Ann,"12 Main St\nParis\n2,Bob,y\n', {2}, {4}),
    "the file ends in its second line": ('1,Ann,x\n2,"12 Main St\nPar', {3}, {2}),
    "a backslash before the quote": ('1,"A\\"nn\n9,Joe,z\n",x\n2,Bob,y\n', {2}, {5}),
    "a backslash before the line end": ("1,A\\\nnn,x\n2,Bob,y\n", {2}, {4}),
    "a backslash before the delimiter, and a blank cell": ("1,A\\,nn,\n2,Bob,y\n", {2}, {3}),
    "both readings of a backslash have the same cells": ('"1\\",";";"\\"\n2,Bob,y\n', {2}, {3}),
    "a backslash before a carriage return of a cell": ("1,Ann,A\\\r\r\n2,Bob,y\r\n", {2}, {3}),
    "the line end became a quote": ('1,Ann,"x""2,"\nBob",y\n3,Cy,z\n', {2, 3}, {4}),
    "the line end became a quote before two lines": ('1,Ann,"x""2,"\n\nBob",y\n3,Cy,z\n', {2, 4}, {5}),
    "a quote before such a row, and one behind it": ('1,Ann,"x""2,Bob,y"\nCy",z\n', {2, 3}, set()),
    "two quotes of neighbours became letters": ('1,Ann,"x\n2,x\n"\nBob",y\n', {2, 5}, set()),
    "a line that begins with a quote and a delimiter": ('1,Ann,"x, y"\n",a\nb\n",Bob,y\n', {2, 3}, set()),
    "a cell of several lines holds the missing cells": ('1,"Ann\nLee,x\n2,Bob y"\n', {2, 4}, set()),
    "the file ends in a second cell of several lines": ('1,"Ann\nLee","x\nyy\n', {2}, set()),
    "the file ends below a stray quote": ('1,A"nn\nLee\n', {2}, set()),
    "a lone carriage return": ("1,A\rnn,x\n2,Bob,y\n", {2}, {3}),
}


@pytest.mark.parametrize(("text", "rows"), RIGHT.values(), ids=RIGHT)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_cell_of_several_lines_that_is_right_comes_in(text, rows, end):
    """Whatever ends the lines."""
    found = read((HEADER + text).replace("\n", end))
    assert found == {line: [cell.replace("\n", end) for cell in cells] for line, cells in rows.items()}


@pytest.mark.parametrize(("text", "bad", "good"), WRONG.values(), ids=WRONG)
def test_a_quote_out_of_place_costs_its_own_row(text, bad, good):
    """The rows below come in as if nothing had been; what may belong to the row is refused with it."""
    found = read(HEADER + text)
    rows = {",".join(cells).replace(",\n", ",") for cells in found.values() if isinstance(cells, list)}
    assert set(refused(HEADER + text)) == bad
    assert set(found) - bad == good
    assert rows <= set(text.replace(',"\n', ",").replace('"', "").splitlines())


def test_a_cell_has_so_many_lines_at_most():
    """A quote that is left open at the top of a large file is not looked for in all of it."""
    assert read(HEADER + '1,"' + "a\n" * 190 + '",x\n')[2] == ["1", "a\n" * 190, "x"]
    found = read(HEADER + '1,"Ann,x\n' + "2,Bob,y\n" * 300 + '3,",",z\n')
    assert found[2] == "a quote is left open in cell 2; close it, or take it away."
    assert len(found) == 302


def test_a_row_of_one_column_cannot_be_told_from_a_line():
    """So its cells have one line each."""
    found = refused('company\n"a\nb"\nc\n')
    assert set(found) == {2}
    assert found[2].startswith("a quote opens in cell 1 and closes in line 3, but what stands between could be")
