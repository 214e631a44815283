"""Words in a text of somebody else's."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.words import holds, whole


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("ann lee left", True),
        ("left: lee.", True),
        ("leeds", False),
        ("annlee", False),
        ("a@lee.com", True),
        ("", False),
    ],
)
def test_a_word_is_found_as_a_whole(text, is_there):
    """Between blanks and signs, not within another word."""
    assert holds(text, {"lee", "nobody"}) is is_there


def test_signs_in_a_word_mean_themselves():
    """An id is no pattern."""
    assert holds("id a.b+c, done", ["a.b+c"])
    assert not holds("id axb+c, done", ["a.b+c"])


def test_a_word_is_found_in_any_case():
    """Whoever looks for small letters alone folds the text before."""
    assert whole("Lee").sub("[hidden]", "LEE, lee and Leeds") == "[hidden], [hidden] and Leeds"
