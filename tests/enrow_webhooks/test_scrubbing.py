"""Addresses and phone numbers in a text from outside: none stays, and what is none stays."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from enrow_webhooks.client.scrub import scrub

# What is personal, spelled plainly; it takes quadratic time.
PERSONAL = re.compile(r"[^\s'\"<>(]+@[^\s'\"<>)]+|\+\d(?:[ ().-]{0,2}\d){5,}")
DIGITS = [chr(code) for code in range(sys.maxunicode) if chr(code).isdecimal()]
SIGNS = "@@@+ ()'\"<>.-,:\n"


def unlike(pattern: str) -> str:
    """Return the text with each ``a`` and ``1`` turned into a letter or digit that stands in it only once."""
    letters, digits = map(chr, range(0x4E00, 0x9FFF)), iter(DIGITS)
    return "".join(next(letters) if sign == "a" else next(digits) if sign == "1" else sign for sign in pattern)


def letters(text: str) -> set[str]:
    return {sign for sign in text if sign.isalnum()}


texts = st.text(st.sampled_from("aa111" + SIGNS), max_size=60).map(unlike)


@given(texts)
@example(unlike("+1 111 111 11aaa@a.aa"))
@example(unlike("+1 11 1 1 1aaa@a"))
@example(unlike("+1111111a@a"))
@example(unlike("a@a(a)a@a"))
@example(unlike("a@a)aa@a)a@a"))
@example(unlike("aa(a@a@)@(a"))
def test_no_letter_of_a_person_stays(text):
    """Whatever the plain spelling hides is hidden, although each word is read only once."""
    hidden = letters(text) - letters(PERSONAL.sub("", text))
    assert not hidden & letters(scrub(text))


@given(st.one_of(texts.map(lambda text: text.replace("@", "")), texts.map(lambda text: text.replace("+", "~"))))
def test_no_more_is_hidden_than_that(text):
    """Where no phone can touch an address, the result is that of the plain spelling, to the letter."""
    assert scrub(text) == PERSONAL.sub("[hidden]", text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<ann@acme.com>, 'bob@acme.com' (cem@acme.com)", "<[hidden]>, '[hidden]' ([hidden])"),
        ("call +33 1 99 00 56 78, +1 (570) 555-1234 or +331990056", "call [hidden], [hidden] or [hidden]"),
        ("mailto:ann@acme.com?x=1 and tel:+33199005678;", "[hidden] and tel:[hidden];"),
        ("+33199005678@sms.acme.com and ann+33199005678@acme.com", "[hidden] and [hidden]"),
        ("@ a@ @a n° 5 of 12 at 3+4, a.b@", "@ a@ @a n° 5 of 12 at 3+4, a.b@"),
        ("", ""),
    ],
)
def test_the_rest_of_a_sentence_stays(text, left):
    """A person still reads what happened."""
    assert scrub(text) == left
