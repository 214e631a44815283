"""Bytes become text; what is no text is one clear sentence that says what to do."""

from __future__ import annotations

import io

import pytest

from leads.csvfiles import decoding
from leads.csvfiles.columns import HeaderError
from leads.csvfiles.decoding import Blocks, head_of, line_end
from tests.leads.csvfiles.reading import opened, read

TEXT = "crm_id,name,email\n1,Zoë 山田,\n2,Bob,x\n"
ROWS = {2: ["1", "Zoë 山田", ""], 3: ["2", "Bob", "x"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_marked_utf_16_are_read(encoding):
    """With a mark or, for UTF-8, without one."""
    assert read(TEXT.encode(encoding)) == ROWS
    assert read(b"\xfe\xff" + TEXT.encode("utf-16-be")) == ROWS


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (TEXT.encode("utf-16-le"), "not UTF-8 text"),
        (TEXT.encode("utf-32"), "not UTF-8 text"),
        ("crm_id,prénom\n1,Ann\n".encode("latin-1"), "not UTF-8 text; save it as 'CSV UTF-8'"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "an old Excel workbook"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><table><tr><td>crm_id", "a web page or XML"),
        (b"<?xml version='1.0'?><Workbook/>", "a web page or XML"),
        (b"%PDF-1.7\n1 0 obj", "a PDF"),
        (b"\x1f\x8b\x08\x00crm_id", "compressed (gzip); unpack it"),
        (bytes(range(256)), "not UTF-8 text"),
    ],
)
def test_another_format_is_one_sentence(content, sentence):
    """It says what the file is, and what to do."""
    with pytest.raises(HeaderError) as error:
        opened(content)
    assert sentence in str(error.value)


def test_a_byte_that_is_no_utf_8_stays_recognisable():
    """It costs its own cell: a check of the cell finds a lone surrogate."""
    assert read(b"crm_id,name\n1,B\xe9b\n2,Bob\n") == {2: ["1", "B\udce9b"], 3: ["2", "Bob"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_that_is_cut_inside_a_character_stays_recognisable(encoding):
    """The last cell does not pass for a whole one."""
    assert "\ud800" <= read("crm_id,name\n1,Zoë".encode(encoding)[:-1])[2][1][-1] <= "\udfff"


def test_a_pipe_may_give_few_bytes_at_a_time():
    """The head is read until it is full, or the file ends."""

    class Dripping(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7))

    assert head_of(Dripping(bytes(1000))) == bytes(1000)
    assert len(head_of(Dripping(bytes(decoding.BLOCK + 100)))) == decoding.BLOCK


@pytest.mark.parametrize(("text", "end"), [("a\r\nb\r\n", "\n"), ("a\nb\rc\n", "\n"), ("a\rb\r", "\r"), ("a", "\n")])
def test_the_end_of_lines_is_what_most_lines_have(text, end):
    """A lone CR in a file with other ends is no end of a line."""
    assert line_end(text) == end


def test_a_line_that_is_too_long_is_not_kept(monkeypatch):
    """Only so much of it that it is refused; the line behind it is read."""
    monkeypatch.setattr(decoding, "MOST", 10)
    blocks = list(Blocks(["abc\n", *["x" * 8] * 1000, "\nd", "e\nf"]))
    assert blocks[0] == "abc"
    assert 10 < len(blocks[1]) < 30
    assert blocks[2:] == ["de", "f"]


def test_a_last_line_without_an_end_is_known():
    """It may be cut."""
    blocks = Blocks(["a\nb"])
    assert [(block, blocks.unended) for block in blocks] == [("a", False), ("b", True)]
