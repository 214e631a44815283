"""Words in a text of somebody else's."""

from __future__ import annotations

import re
from collections.abc import Iterable


def holds(text: str, words: Iterable[str]) -> bool:
    """Tell whether a text has one of the words, none of them within another word; all are in small letters."""
    return any(word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for word in words)
