"""One spelling for a text, whatever keyboard or page it came from."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrow_webhooks.client.text import composed, folded, is_letters, spelled

INVISIBLE = [*"\u034f\u115f\u1160\u180e\u200b\u2060\u3164\ufe0f\uffa0\U000e0061"]
FORMATS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"]
# What people are called, in scripts with and without capitals, accents and joined forms.
LETTERS = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Mn")) | st.sampled_from("aeiıİIßςσΣǰé"), max_size=12)
TEXTS = st.text() | st.lists(st.sampled_from([*INVISIBLE, *"aé ñ\u0301\t\n\x00\ud800\u2028,"])).map("".join)


def test_no_format_character_of_unicode_is_left():
    """Every character of the category Cf goes, and no letter beside it."""
    assert len(FORMATS) > 150
    assert {spelled(f"Ren{sign}é") for sign in [*FORMATS, *INVISIBLE]} == {"René"}


def test_what_ends_a_line_parts_two_words():
    """Tabs, line ends, NUL and half characters are spaces, and spaces are single."""
    assert spelled(" Ann\x00\n\ud800 Лена\u2028\u00a0Ýr\t") == "Ann Лена Ýr"


@given(text=TEXTS)
def test_spelling_twice_is_spelling_once(text):
    """Its fingerprint never changes; UTF-8 and a database can carry it."""
    once = spelled(text)
    assert spelled(once) == once
    assert "\x00" not in once
    once.encode()


@given(text=LETTERS)
def test_a_composed_and_a_decomposed_text_are_one(text):
    """The form in which a program writes accents makes no difference."""
    forms = {spelled(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}
    assert len(forms) == 1


@given(text=LETTERS)
def test_capitals_fold_to_the_same(text):
    """A name in capitals is that name, in every script."""
    text = spelled(text)
    assert folded(text) == folded(spelled(text.upper())) == folded(spelled(text.lower()))


@pytest.mark.parametrize(("one", "same"), [("Yıldız", "YILDIZ"), ("İbrahim", "IBRAHIM"), ("Σίσυφος", "ΣΊΣΥΦΟΣ")])
def test_names_whose_capitals_are_special(one, same):
    """Turkish has two letters i, Greek two of s, and people type what their keyboard has."""
    assert folded(one) == folded(same)


def test_an_accent_is_another_letter():
    """René and Rene may be two persons of one company."""
    assert folded("René") != folded("Rene")


def test_parts_stay_apart():
    """What is moved from one part to the next makes another text."""
    assert folded("ab", "c") != folded("a", "bc")


@given(text=TEXTS)
def test_letters_are_letters_that_are_seen(text):
    """The short way never calls a text with something unseen, or a sign, a text of letters."""
    if is_letters(text):
        assert spelled(text) == composed(" ".join(text.split()))
        assert not [letter for letter in text if letter in INVISIBLE or not (letter == " " or letter.isalpha())]


def test_a_text_longer_than_any_input_is_not_composed():
    """Unicode's normal forms would take quadratic time."""
    assert composed("e\u0301" * 1000) == "é" * 1000
    assert composed("e\u0301" * 1001) == "e\u0301" * 1001
