"""One spelling for a text that a person typed, whatever keyboard, page or spreadsheet it came from."""

from __future__ import annotations

import re
import unicodedata

# Every format character of Unicode (category Cf), and the others that Unicode calls "default ignorable": nobody sees
# them. A test goes through all of Unicode.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Control characters, among them NUL, which PostgreSQL cannot store, and lone surrogates, which UTF-8 cannot carry.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Turkish has an i with a dot and one without, and capitals of both. Others type them as one.
_DOTTED = re.compile("i\u0307|\u0131")
# Python's normal forms take quadratic time where accents stand in a row; no input is as long as this.
_LONGEST = 2000


def spelled(text: str) -> str:
    """Return the text as one line of single spaces, composed (NFC), without any character that nobody sees."""
    if not text.isascii():
        # Twice: what is composed may be a character that is none of those, but never the other way round.
        text = composed(_INVISIBLE.sub("", text))
    return " ".join((text if text.isprintable() else _UNPRINTABLE.sub(" ", text)).split())


def composed(text: str) -> str:
    """Return the text in Unicode's form NFC; one of more than 2,000 characters stays as it is."""
    return unicodedata.normalize("NFC", text) if len(text) <= _LONGEST else text


def folded(*parts: str) -> str:
    """Return the parts as one text to compare with: blind to case, to how accents are written, and to the unseen."""
    text = "\x1f".join(parts)
    if text.isascii() or len(text) > _LONGEST:
        return text.casefold()
    # Unicode's canonical caseless match (D145): case is folded between two normal forms.
    bare = unicodedata.normalize("NFD", _INVISIBLE.sub("", text)).casefold()
    return unicodedata.normalize("NFC", _DOTTED.sub("i", unicodedata.normalize("NFD", bare)))
