"""Words for nothing are nothing; words that are a name stay."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.blanks import PLACEHOLDERS, filled, name_filled, some_blank

NOTHING = [
    "",
    " ",
    "n/a",
    "N/A",
    " #N/A ",
    "-",
    "–",
    "NULL",
    "null",
    "none",
    "Unknown",
    "0",
    "?",
    "\u200bn/a",
    "None@None.com",
]


@pytest.mark.parametrize("text", NOTHING)
def test_a_placeholder_is_blank(text):
    """However it is typed, and whichever program wrote it."""
    assert filled(text) == ""


@pytest.mark.parametrize("text", ["acme.com", "ann@acme.com", "no@acme.com", "Nonesuch", "10", "Unknown Worlds", "-1"])
def test_what_says_something_stays(text):
    """A company may begin like a placeholder."""
    assert filled(text) == text


@pytest.mark.parametrize(("text", "name"), [("n/a", ""), ("-", ""), ("Null", "Null"), ("Na", "Na"), ("NA", "NA")])
def test_a_name_that_is_a_word_for_nothing_stays(text, name):
    """Jennifer Null and Yuna Na exist, and NA is Namibia."""
    assert name_filled(text) == name


def test_many_are_looked_at_at_once():
    """A column with a placeholder in it is told from one without."""
    assert some_blank(["acme.com", "N/A"])
    assert not some_blank(["acme.com", "", "firm.com"])


@pytest.mark.parametrize("text", sorted(PLACEHOLDERS))
def test_every_placeholder_is_found(text):
    """It stands in the table as it is compared: in lower case, in its one spelling."""
    assert filled(text) == filled(text.upper()) == ""
