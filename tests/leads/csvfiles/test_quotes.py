"""One row is whole, open or lost, line by line."""

from __future__ import annotations

import pytest

from leads.csvfiles.quotes import Row, State, escaped_length, grammar, unwrapped


def fed(*lines, delimiter=","):
    row = Row(grammar(delimiter), "\n")
    states = [row.feed(line) for line in lines]
    return states[-1], row.cells


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("", [""]),
        (",", ["", ""]),
        ("a,b\r", ["a", "b"]),
        ('"a,b",c', ["a,b", "c"]),
        ('"say ""hi""",""', ['say "hi"', ""]),
        ('"a" , "b"\t,c', ["a", "b", "c"]),
        ('\ufeff"a",b', ["a", "b"]),
        ('="001",b', ["001", "b"]),
        ('"a\rb",c\r', ["a\rb", "c"]),
    ],
)
def test_a_row_of_one_line(line, cells):
    """Blanks around quotes, a mark of UTF-8 and a carriage return at the end are no part of a cell."""
    assert fed(line) == (State.WHOLE, cells)


@pytest.mark.parametrize("line", ['a"b,c', '"a"b,c', 'a"', '"a" "b"', '="a"b', '="a,b"'])
def test_a_quote_where_none_can_stand(line):
    """The row is lost."""
    assert fed(line)[0] is State.STRAY


def test_a_line_end_of_another_system_is_known():
    """The cells behind it are read, so that an open quote among them is seen."""
    row = Row(grammar(","), "\n")
    assert row.feed('a\rb,"c') is State.OPEN
    assert row.feed('d",e\r') is State.WHOLE
    assert (row.cells, row.is_broken) == (["a\rb", "c\nd", "e"], True)


def test_a_cell_of_several_lines():
    """It is open until its quote closes; the next one may open in the same line."""
    assert fed('a,"b', 'c""d')[0] is State.OPEN
    assert fed('a,"b\r', 'c""d', '","e', '"') == (State.WHOLE, ["a", 'b\r\nc"d\n', "e\n"])
    assert fed('a,"b', '"c')[0] is State.STRAY


def test_other_delimiters():
    """A tab is no blank where it delimits."""
    assert fed('"a"\t"b,c"\t', delimiter="\t") == (State.WHOLE, ["a", "b,c", ""])
    assert fed('a|"b|c"', delimiter="|") == (State.WHOLE, ["a", "b|c"])


@pytest.mark.parametrize(
    ("cell", "text"),
    [('="001"', "001"), (' ="a""b" ', 'a"b'), ('="a"&"b"', '="a"&"b"'), ("=1+1", "=1+1"), ('="', '="')],
)
def test_only_a_text_is_taken_out_of_its_wrapping(cell, text):
    """A formula stays one, for the guard."""
    assert unwrapped(cell) == text


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("a\\,b,c\nd", (1, 2)),
        ("a\\\nb,c\nd", (2, 2)),
        ('"a\\"b\nc",d\r\ne', (2, 2)),
        ('"a\\"b', (0, 0)),
        ('a"b', (0, 0)),
    ],
)
def test_rows_whose_quotes_are_escaped_are_measured(text, length):
    """Lines and cells of the first one, under the reading of a backslash."""
    assert escaped_length(text, grammar(",")) == length
