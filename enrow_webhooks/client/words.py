"""Words in a text from outside, found as a whole. The expressions are made of the words, whatever signs these have."""

from __future__ import annotations

import re
from collections.abc import Iterable


def whole(word: str) -> re.Pattern[str]:
    """Return what finds a word in any case, not within another word."""
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)


def holds(text: str, words: Iterable[str]) -> bool:
    """Tell whether a text has one of the words as a whole; all are in small letters."""
    return any(word in text and whole(word).search(text) for word in words)
