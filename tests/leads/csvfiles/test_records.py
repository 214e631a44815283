"""Rows come by the block, and one by one where a block has a quote out of order."""

from __future__ import annotations

import csv
import io

import pytest

from leads.csvfiles import decoding
from leads.csvfiles.careful import Careful
from tests.leads.csvfiles.reading import read


def written(rows, **how):
    out = io.StringIO()
    csv.writer(out, **how).writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
def test_blocks_end_anywhere(monkeypatch, block):
    """Inside a cell of several lines, a quote, a line end or a character: the rows are the same."""
    rows = [[f"{n}", f"Zoë {n}" if n % 3 else f'a "b"\r\n{n}', "x,y" if n % 5 else "", "z"] for n in range(100)]
    text = written([["crm_id", "name", "company", "x"], *rows])
    monkeypatch.setattr(decoding, "BLOCK", block)
    assert list(read(text).values()) == rows


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_rows_without_trouble_are_read_by_the_block(monkeypatch, quoting):
    """Doubled quotes are no trouble; the careful way is for cells of several lines and for faults."""
    monkeypatch.setattr(Careful, "at", Careful.at)
    rows = [["1", 'say "hi"', "x,y"], ["2", "Bob", ""]]
    text = written([["crm_id", "name", "company"], *rows], quoting=quoting)
    asked = []
    at = Careful.at
    monkeypatch.setattr(
        Careful, "at", lambda self, lines, place, first=0: asked.append(first) or at(self, lines, place, 1)
    )
    assert list(read(text).values()) == rows
    # The header is looked for; no row below it is.
    assert not any(asked)


@pytest.mark.parametrize("block", [1, 20, 50, 100_000])
def test_a_quote_that_may_open_a_cell_of_the_next_row_is_seen_where_a_block_ends(monkeypatch, block):
    """The line below tells; it may be the first of the next block. The first lines were read for the header already."""
    monkeypatch.setattr(decoding, "BLOCK", block)
    rows = '1,Ann,"x""2,"\nBob",y\n3,Cy,"z, ""Z"""\n4,Dee,"y, z"\n5,Joe,"z"\n'
    found = read("crm_id,name,company\n" + "0,Eve,x\n" * 399 + rows)
    assert found.pop(401) == "it ends in a quote, and line 402 closes one that is not open; put the quotes right."
    assert isinstance(found.pop(402), str)
    assert found.pop(403) == ["3", "Cy", 'z, "Z"']
    assert found.pop(404) == ["4", "Dee", "y, z"]
    assert found.pop(405) == ["5", "Joe", "z"]
    assert set(map(tuple, found.values())) == {("0", "Eve", "x")}
