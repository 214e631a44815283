"""A file in the form that people have comes in; what cannot be read is one row, named with its line."""

from __future__ import annotations

import pytest

from leads.csvfiles import decoding
from leads.csvfiles.columns import HeaderError
from tests.leads.csvfiles.reading import opened, read, refused


def test_a_stray_quote_swallows_no_rows():
    """The quote is left open in its own line; the rows below come in, each with its own cells."""
    found = read('crm_id,company_name,firstname\n1,"Acme,Ann\n2,Beta,Bob\n3,"Gamma",Cy\n4,Delta,Dee\n')
    assert found.pop(2) == "a quote is left open in cell 2; close it, or take it away."
    assert found == {3: ["2", "Beta", "Bob"], 4: ["3", "Gamma", "Cy"], 5: ["4", "Delta", "Dee"]}


def test_an_open_quote_in_the_last_column_swallows_no_rows():
    """Not one company's name holds other rows."""
    found = read('crm_id,firstname,company_name\n1,Ann,"Acme\n2,Bob,Beta\n3,Cy,Gamma\n4,Dee,Delta\n')
    assert found.pop(2) == "a quote is left open: the file ends inside the quoted cell 3."
    assert found == {3: ["2", "Bob", "Beta"], 4: ["3", "Cy", "Gamma"], 5: ["4", "Dee", "Delta"]}


def test_half_a_file_says_that_it_is_cut():
    """The last row is refused: its last cell is half of what it was."""
    text = 'crm_id,firstname,lastname,company_name\n1,Ann,Smith,Acme\n2,Bob,Jones,"Acm'
    assert refused(text) == {3: "a quote is left open: the file ends inside the quoted cell 4."}


def test_a_last_row_that_is_too_short_and_has_no_line_end_is_cut():
    """Without quotes the missing cells say it; a file that ends its last line is whole."""
    text = "crm_id,firstname,lastname\n1,Ann,Smith\n2,Bo"
    assert refused(text)[3].startswith("the file ends in this row, after 2 of 3 cells and without a line end")
    assert read(f"{text}\n")[3] == ["2", "Bo", ""]
    assert read("crm_id,firstname,lastname\n1,Ann\n2,Bo")[3] == ["2", "Bo", ""]


def test_missing_cells_at_the_end_are_blank():
    """Excel leaves the delimiters at the end of a row out, sixteen rows below the last filled one."""
    rows = "".join(f"{number},Ann,x{number}.example.com{',' * (number < 17)}\n" for number in range(1, 41))
    found = read(f"crm_id,firstname,company_domain,email\n{rows}")
    assert found == {n + 1: [str(n), "Ann", f"x{n}.example.com", ""] for n in range(1, 41)}


def test_surplus_cells_that_are_blank_cost_nothing():
    """Sheets that were once wider have them; a filled one refuses the row."""
    found = read("crm_id,firstname,lastname\n1,Ann,Smith,,,\n2,Bob,Jones, \n3,Cy,Brown\n4,Dee,Black,x\n")
    assert found.pop(5) == "it has 4 cells, the header has 3; is a cell with a comma not in quotes?"
    assert found == {2: ["1", "Ann", "Smith"], 3: ["2", "Bob", "Jones"], 4: ["3", "Cy", "Brown"]}


def test_a_sep_line_names_the_delimiter():
    """It is no header, also where files were joined."""
    text = "sep=;\r\ncrm_id;firstname;email\r\na1;Zoë;\r\n"
    table = opened(text * 2)
    assert list(table) == [(3, ["a1", "Zoë", ""]), (6, ["a1", "Zoë", ""])]
    assert table.told == ["The header came again once and was passed over; were files joined?"]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        (
            "crm_id;Name (first, middle, last, suffix);email\n1;Ann;a@b.c\n",
            ["crm_id", "Name (first, middle, last, suffix)", "email"],
        ),
        (
            '"crm_id";"Name, first, middle, last";"E-mail"\n"1";"Ann";"a@b.c"\n',
            ["crm_id", "Name, first, middle, last", "E-mail"],
        ),
        ("crm_id|name|email\n1|Ann|a@b.c\n", ["crm_id", "name", "email"]),
        ("crm_id\tname, full\temail\n1\tAnn\ta@b.c\n", ["crm_id", "name, full", "email"]),
        ("sep=;\ncrm_id,name,email\n1,Ann,a@b.c\n", ["crm_id", "name", "email"]),
    ],
)
def test_the_delimiter_is_the_one_that_makes_known_titles(text, header):
    """Commas in titles, quoted or not, are no delimiter; a ``sep=`` line that lies is none either."""
    table = opened(text)
    assert table.header == header
    assert [cells for _, cells in table] == [["1", "Ann", "a@b.c"]]


def test_notes_above_the_header_are_passed_over_and_told():
    """As LinkedIn writes them; the lines below keep their numbers."""
    note = '"When exporting your connection data, you may notice that\nsome addresses, like e-mail, are missing."'
    table = opened(f"Notes:\n{note}\n\nFirst Name,Last Name,URL,Email\nAnn,Smith,https://x.example.com,\n")
    assert table.header == ["First Name", "Last Name", "URL", "Email"]
    assert list(table) == [(6, ["Ann", "Smith", "https://x.example.com", ""])]
    assert table.told == ["2 rows above the header were passed over."]


def test_texts_that_keep_their_zeros_are_taken_out_of_their_wrapping():
    """="001" is how a text is kept from becoming a number."""
    assert read('crm_id,firstname,phone\n="001",Ann,"=""+15705550100"""\n') == {2: ["001", "Ann", "+15705550100"]}


def test_headers_of_files_that_were_joined_are_no_leads():
    """Each came with its own mark; they are counted, once the rows are read."""
    table = opened(b"\xef\xbb\xbfcrm_id,firstname\r\n1,Ann\r\n\xef\xbb\xbfcrm_id,firstname\r\n2,Bob\r\n" * 2)
    assert [cells for _, cells in table] == [["1", "Ann"], ["2", "Bob"]] * 2
    assert table.told == ["The header came again 3 times and was passed over; were files joined?"]


@pytest.mark.parametrize("other", ["firstname,crm_id", "firstname;crm_id;phone", "First name,Last name,Company,E-mail"])
def test_rows_below_another_header_are_refused(other):
    """Their cells would land in other columns; the own header lets rows in again."""
    found = read(f"crm_id,firstname,email\n1,Ann,\n{other}\nBob,2,x\n\ncrm_id,firstname,email\n3,Cy,\n")
    assert found.pop(3).startswith("another table begins here")
    assert found == {2: ["1", "Ann", ""], 4: "it stands below the other header in line 3.", 7: ["3", "Cy", ""]}


@pytest.mark.parametrize("other", ["lastname|phone|name", "firstname\tcrm_id\tphone", "crm_id|firstname|email"])
def test_a_header_with_another_delimiter_that_is_glued_to_a_row_is_seen(other):
    """Two files were joined, and the first one's last line had no end; also where the columns are the same."""
    found = read(f"crm_id,firstname,email\n1,Ann,a@b.c\n2,Bob,x;{other}\nBob, Lee\n\ncrm_id,firstname,email\n3,Cy,\n")
    assert found.pop(3).startswith("another table begins in its last cell")
    assert found == {2: ["1", "Ann", "a@b.c"], 4: "it stands below the other header in line 3.", 7: ["3", "Cy", ""]}


@pytest.mark.parametrize("last", ["a;b", "name;x", "website|phone number"])
def test_a_last_cell_with_other_delimiters_is_no_header(last):
    """One title in it is not enough."""
    assert read(f"crm_id,firstname,email\n1,Ann,{last}\n2,Bob,x\n") == {2: ["1", "Ann", last], 3: ["2", "Bob", "x"]}


def test_a_short_last_row_below_a_refused_one_is_refused_without_a_line_end():
    """It may be the end of a cell of that row."""
    text = 'crm_id,firstname\n1,A"nn\n2'
    assert set(refused(text)) == {2, 3}
    assert read(f"{text}\n")[3] == ["2", ""]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"sep=;\n"])
def test_an_empty_file_is_told(content):
    """A file without a filled cell has no header."""
    with pytest.raises(HeaderError, match="The file is empty"):
        opened(content)


@pytest.mark.parametrize("header", ["email,name", "url 1,name,email", "name,email"])
def test_the_header_again_among_rows_that_are_all_as_long_is_no_row(header):
    """Also where a digit stands in its first title, as in "Phone 1 - Value"."""
    width = header.count(",")
    rows = "".join(f"{number},{'Ann' + ',x' * (width - 1)}\n" for number in range(3))
    table = opened(f"{header}\n{rows}{header}\n{rows}")
    assert len(list(table)) == 6
    assert table.told == ["The header came again once and was passed over; were files joined?"]


def test_the_header_of_another_table_behind_a_row_is_seen_where_all_rows_are_as_long():
    """The rows below have as many cells as the header by chance."""
    found = read("crm_id,name,company\n1,Ann,Acmecrm_id;name;company\n2;Bob;x,y,z\n3;Joe;x,y,z\n")
    assert len(found) == 3
    assert all(isinstance(row, str) for row in found.values())


@pytest.mark.parametrize("block", [64, 100_000])
def test_what_stands_below_another_header_is_refused_in_all_blocks(monkeypatch, block):
    """The first lines are read for the header; those below come in other blocks."""
    monkeypatch.setattr(decoding, "BLOCK", block)
    rows = "".join(f"{number},Ann\n" for number in range(400))
    found = list(read(f"crm_id,name\n1,Eve\nemail,phone\n{rows}").values())
    assert found[0] == ["1", "Eve"]
    assert len(found) == 402
    assert all(isinstance(row, str) for row in found[1:])


def test_only_the_last_row_is_suspected_to_be_cut():
    """A short row above it may end in a quote that could open a cell of the last one."""
    found = read("crm_id,name,company\n" + "1,Ann,x\n" * 400 + '2,"Bob, Lee"\n3,Joe,y')
    assert found[402] == ["2", "Bob, Lee", ""]
    assert found[403] == ["3", "Joe", "y"]
