"""Whatever programs write, and whatever happens to a file: a row comes in cell by cell, or is refused."""

from __future__ import annotations

import csv
import io
import random
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from leads.csvfiles.columns import HeaderError
from leads.csvfiles.quotes import unwrapped
from tests.leads.csvfiles.reading import TITLES, opened
from tests.leads.csvfiles.test_xlsx import workbook

NAMES = ["crm_id", "name", "email", "company", "phone"]
# What stands in the way of a reader, and what does not.
LETTERS = "ab1 ,;\t|\"'\n\r=é\ufeff"
CELLS = st.one_of(st.text(LETTERS, max_size=8), st.text(max_size=8).filter(lambda text: text.isprintable()))


def tables(cells):
    """Return tables of two columns and more; one column cannot be told from lines."""
    return st.integers(2, len(NAMES)).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), max_size=8)
    )


def written(rows, **how):
    """Return the table as Python's csv module writes it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, **how)
    try:
        writer.writerows([NAMES[: len(rows[0])], *rows])
    except csv.Error:
        assume(False)  # it has no way to write this table
    # Before Python 3.13 it did not quote line ends of other systems, and could not read them back.
    out.seek(0)
    assume(list(csv.reader(out, **how))[1:] == rows)
    return out.getvalue().encode()


def check(rows, content):
    """Let each row that came in be the next of the rows, and each that did not be refused."""
    kept = [row for row in ([unwrapped(cell).strip() for cell in row] for row in rows) if any(row)]
    found = [row if isinstance(row, str) else [cell.strip() for cell in row] for _, row in opened(content)]
    come = iter(kept)
    for row in found:
        assert isinstance(row, str) or any(row == one for one in come), (row, rows)
    if sum(isinstance(row, list) for row in found) < len(kept):
        assert any(isinstance(row, str) for row in found)


DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|"),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        "lineterminator": st.sampled_from(["\n", "\r\n", "\r"]),
    }
)


@given(tables(CELLS), DIALECTS)
def test_what_python_writes_comes_in_cell_by_cell(rows, how):
    """All delimiters, ways to quote and ends of lines."""
    assume(rows)
    check(rows, written(rows, **how))


@given(
    tables(CELLS.filter(lambda text: "\\" not in text)),
    DIALECTS,
    st.sampled_from([{"quoting": csv.QUOTE_NONE}, {"doublequote": False}]),
)
def test_where_a_backslash_escapes_no_cell_becomes_another(rows, how, escaping):
    """That is another language than ours: most such rows are refused, and none is read wrongly."""
    assume(rows)
    check(rows, written(rows, **how | escaping, escapechar="\\"))


@given(tables(CELLS.map(lambda text: ILLEGAL_CHARACTERS_RE.sub("", text).replace("\r", ""))))
def test_what_openpyxl_writes_comes_in_cell_by_cell(rows):
    """A text that begins like a formula has no value, and is refused with its row."""
    assume(rows)
    names = NAMES[: len(rows[0])]
    check(rows, workbook(("People", [names, *rows])))


class Seed:
    """A file in which each cell names its row, by a word that stands in no other row, and its column."""

    def __init__(self, number):
        self.chance = random.Random(number)
        pick = self.chance.choice
        self.width = self.chance.randint(2, 5)
        self.names = self.chance.sample(sorted({*TITLES} - {"url", "country"}), self.width)
        self.words = ["".join(self.chance.choices("bcdfghjklm", k=8)) for _ in range(self.chance.randint(3, 40))]
        self.how = {"delimiter": pick(",;\t|"), "lineterminator": pick(["\n", "\r\n"]), "quoting": pick([0, 0, 1])}
        self.encoding = pick(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
        self.rows = [[self.cell(word, name) for name in self.names] for word in self.words]

    def cell(self, word, name):
        """Return a text with the word and the column, in a form that people write."""
        text = f"{word}:{name}:"
        forms = [text] * 6 + [f'{text} "x" {text}', f"{text}\n{text}", f"{text}, {text}; x", f"Zoë {text}", f"\n{text}"]
        return self.chance.choice(forms)

    def content(self):
        """Return the bytes of the file, now and then as a workbook."""
        if self.chance.random() < 0.1:
            return workbook(("People", [self.names, *self.rows]))
        out = io.StringIO(newline="")
        csv.writer(out, **self.how).writerows([self.names, *self.rows])
        return out.getvalue().encode(self.encoding)


SEEDS = [Seed(number) for number in range(200)]
FILES = [seed.content() for seed in SEEDS]
WORDS = {word for seed in SEEDS for word in seed.words}


def look(content, *, columns=False):
    """Read what happened to a file: no row holds two rows and, if that is asked, no cell stands in another column."""
    try:
        table = opened(content)
    except HeaderError:
        return 0
    come = 0
    for _, row in table:
        if isinstance(row, str):
            continue
        come += 1
        assert is_one_row(table.header if columns else [], row), (table.header, row)
    return come


def is_one_row(header, row):
    """Tell whether a row holds words of one row only, and the cells of the header's columns; [] for any."""
    words = {word for word in re.findall("[bcdfghjklm]{8}", " ".join(row)) if word in WORDS}
    titles = zip(header, row, strict=True) if header else ()
    return len(words) < 2 and all({title} >= set(re.findall(r":(\w[\w -]+):", cell)) for title, cell in titles)


def test_the_seeds_come_in_whole():
    """So a test below fails for what happened to a file, not for the file."""
    assert [look(content, columns=True) for content in FILES] == [len(seed.rows) for seed in SEEDS]


@pytest.mark.parametrize("flips", [1, 2, 5])
def test_bit_flips_mix_no_rows(flips):
    """Whatever byte changes: a quote, a delimiter, the end of a line, half a character, the archive of a workbook."""
    chance, come = random.Random(flips), 0
    for content in map(bytearray, FILES):
        for _ in range(flips):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        come += look(bytes(content))
    assert come > 1000


def test_changed_quotes_delimiters_and_line_ends_mix_no_rows():
    """As bit flips, but where it hurts."""
    chance, come = random.Random(0), 0
    for content in map(bytearray, FILES * 3):
        places = [place for place, byte in enumerate(content) if byte in b'",;\t|\r\n'] or [0]
        content[chance.choice(places)] = chance.choice(b'",;\t|\r\nx')
        come += look(bytes(content))
    assert come > 3000


def test_cuts_mix_no_rows():
    """A file that ends anywhere."""
    chance = random.Random(0)
    come = sum(look(content[: chance.randrange(len(content))], columns=True) for content in FILES * 3)
    assert come > 3000


def test_joined_files_mix_no_rows_and_no_columns():
    """Of other columns, delimiters or encodings; also without an end of the last line."""
    chance, come = random.Random(0), 0
    for place, other in enumerate(chance.sample(range(200), 200)):
        first, second = FILES[place], FILES[other]
        if chance.random() < 0.5:
            first = first.rstrip(b"\r\n") if SEEDS[place].encoding != "utf-16" else first
        come += look(first + second + FILES[place], columns=True)
    assert come > 2000


def test_a_piece_that_is_missing_mixes_only_the_rows_in_which_it_stood():
    """What is left of two rows may be as long as one; nobody can see that. It goes no further."""
    chance, come = random.Random(0), 0
    for seed, content in zip(SEEDS * 3, FILES * 3, strict=True):
        if content.startswith(b"PK"):
            continue
        size, begin = (2, 2) if seed.encoding == "utf-16" else (1, 0)
        end = content.index("\n".encode("utf-16-le")[:size], begin) + size
        cut = sorted(size * chance.randrange(end // size, len(content) // size) for _ in range(2))
        table = opened(content[: cut[0]] + content[cut[1] :])
        rows = [row for _, row in table if isinstance(row, list)]
        assert sum(not is_one_row(table.header, row) for row in rows) < 2, rows
        come += len(rows)
    assert come > 5000
